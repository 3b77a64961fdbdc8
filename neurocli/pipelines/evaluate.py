"""The unit of `evaluate`: from the payloads of all fits to the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..data.fitted import Fitted
from ..data.payload import Payload
from ..evaluation.judge import judge
from ..evaluation.split import Split
from .train import Inputs


def judge_unit(recipe: Mapping[str, Any], upstream: Sequence[str], inputs: Inputs) -> dict[str, Any]:
    """Return the scores as a JSON document.

    Parameters
    ----------
    recipe : dict
        ``metrics``, ``split``, ``asked`` and ``seed``; ``missing_folds`` where some failed, ``transductive`` where
        steps of preprocessing are, ``seizures`` where events are to be scored.
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
    if not recipe.get("seizures"):
        return document
    from ..evaluation.seizures.side_by_side import side_by_side

    settings = {name: recipe["seizures"][name] for name in ("threshold", "k", "n", "sensitivity")}
    held = [fit for fit in fits if fit.role == "model" and len(fit.y_true)]
    return document | {"seizures": side_by_side(held, **settings)}
