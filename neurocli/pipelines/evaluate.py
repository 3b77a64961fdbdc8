"""The unit of `evaluate`: from the payloads of all fits to the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..data.fitted import Fitted
from ..data.payload import Payload
from ..evaluation.judge import judge, plain
from ..evaluation.split import Split
from .train import Inputs


def judge_unit(recipe: Mapping[str, Any], upstream: Sequence[str], inputs: Inputs) -> dict[str, Any]:
    """Return the scores as a JSON document.

    Parameters
    ----------
    recipe : dict
        ``metrics``, ``split``, ``asked`` and ``seed``; ``missing_folds`` where some failed, ``transductive`` where
        steps of preprocessing are, ``seizures`` and ``forecast`` where events are to be scored, ``clusters`` for the
        test of decoding over time.
    upstream : sequence of str
        Keys of the fits.
    inputs : Inputs
        Gives their payloads.
    """
    payloads: list[Payload] = [inputs.payload(key) for key in upstream]
    fits = [fit for fit in payloads if isinstance(fit, Fitted)]
    document = judge(
        fits,
        recipe["metrics"],
        asked=recipe.get("asked", ()),
        seed=int(recipe["seed"]),
        generalises_to=Split.model_validate(recipe["split"]).generalises_to,
        missing_folds=recipe.get("missing_folds", ()),
        transductive=recipe.get("transductive", ()),
    )
    return document | _beside(recipe, fits)


def _beside(recipe: Mapping[str, Any], fits: Sequence[Fitted]) -> dict[str, Any]:
    """Return what stands beside the scores: protocols that were trained, and scorers that were asked for."""
    found: dict[str, Any] = {}
    for role, judged in PROTOCOLS.items():
        own = [fit for fit in fits if fit.role == role and len(fit.y_true)]
        if own:
            found[role] = judged(recipe, own)
    held = [fit for fit in fits if fit.role == "model" and len(fit.y_true)]
    for name, scored in (("seizures", _seizures), ("forecast", _forecast)):
        if recipe.get(name):
            found[name] = scored(recipe, held)
    return dict(plain(found))


def _over_time(recipe: Mapping[str, Any], fits: Sequence[Fitted]) -> dict[str, Any]:
    from ..evaluation.protocols.over_time import over_time

    return over_time(fits, **(recipe.get("clusters") or {}), seed=int(recipe["seed"]))


def _few_shot(recipe: Mapping[str, Any], fits: Sequence[Fitted]) -> dict[str, Any]:
    from ..evaluation.protocols.curves import few_shot

    return few_shot(fits, recipe["metrics"], seed=int(recipe["seed"]))


def _ablation(recipe: Mapping[str, Any], fits: Sequence[Fitted]) -> dict[str, Any]:
    from ..evaluation.protocols.curves import ablation

    return ablation(fits, recipe["metrics"])


PROTOCOLS = {"over_time": _over_time, "few_shot": _few_shot, "ablation": _ablation}


def _seizures(recipe: Mapping[str, Any], held: Sequence[Fitted]) -> dict[str, Any]:
    from ..evaluation.seizures.side_by_side import side_by_side

    return side_by_side(held, **{name: recipe["seizures"][name] for name in ("threshold", "k", "n", "sensitivity")})


def _forecast(recipe: Mapping[str, Any], held: Sequence[Fitted]) -> dict[str, Any]:
    from ..evaluation.seizures.foretold import foretold

    return foretold(held, seed=int(recipe["seed"]), **recipe["forecast"])
