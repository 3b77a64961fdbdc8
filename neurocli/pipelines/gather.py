"""The gathering stages: train over the cohort fold by fold, collect, evaluate, export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ..data.entities import Entities
from ..evaluation.certificate import transductive
from . import versions
from .device import of_training
from .keys import Recipe, digest_of, recipes, use_recipe
from .units import STAGES, Task, Unit, make_unit, single

if TYPE_CHECKING:
    from .config import Pipeline


class Member(NamedTuple):
    """A recording of the cohort: `key` is that of its last payload, `signal` that of its preprocessed signal."""

    id: str
    entities: Entities
    key: str
    signal: str


NULL_BLOCK = 50  # permutations a unit: some seconds of a classical model


@dataclass(frozen=True)
class Cohort:
    """What is known of the people before anything runs.

    Parameters
    ----------
    participants : dict
        ``01`` -> row of ``participants.tsv``; only rows of the cohort enter a key.
    asked : tuple of str
        Recordings that were asked for, whether or not they succeeded.
    """

    participants: dict[str, dict[str, str | None]] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    allow_leak: str | None = None


def gathering_tasks(
    pipeline: Pipeline, members: Sequence[Member], until: str, cohort: Cohort
) -> tuple[tuple[Task, ...], ...]:
    """Return the phases after the recordings; one task a unit."""
    if not pipeline.train:
        return _described(pipeline, members, cohort) if until == "export" and pipeline.export else ()
    fits = train_units(pipeline, members, cohort)
    phases: list[tuple[Task, ...]] = [tuple(map(single, fits)), (single(_collect(fits)),)]
    if STAGES.index(until) >= STAGES.index("evaluate") and pipeline.evaluate:
        scores = _evaluate(pipeline, fits, members, cohort)
        phases[-1] += (single(scores),)
        if until == "export":
            phases.append(tuple(single(unit) for unit in _exports(pipeline, scores, fits, members, cohort)))
    return tuple(phase for phase in phases if phase)


def _described(pipeline: Pipeline, members: Sequence[Member], cohort: Cohort) -> tuple[tuple[Task, ...], ...]:
    """Return the exports of a pipeline that trains nothing: a report of its recordings, say."""
    exports = tuple(single(unit) for unit in _exports(pipeline, None, (), members, cohort))
    return (exports,) if exports else ()


def train_units(pipeline: Pipeline, members: Sequence[Member], cohort: Cohort) -> list[Unit]:
    """Return one unit per fold and role, and the one on all samples."""
    train = pipeline.train
    assert train is not None
    base = _train_base(pipeline, members, cohort)
    rows = _rows(members, cohort)
    units = []
    for seed in train.seeds or [pipeline.seed]:
        folds = train.split.folds([member.entities for member in members], rows, seed)
        for fold in (fold.to_dict() for fold in folds):
            for role, extra in _roles(pipeline):
                units.append(_fit(base, fold, role, seed, members, extra, many=len(train.seeds) > 1))
        timed = {"latency": True} if train.latency else {}
        units.append(_fit(base, {"name": "all"}, "all", seed, members, timed, many=len(train.seeds) > 1))
    return units


def _roles(pipeline: Pipeline) -> list[tuple[str, dict[str, Any]]]:
    roles: list[tuple[str, dict[str, Any]]] = [(role, {}) for role in ("model", "majority", "linear", "drift")]
    beside = pipeline.train.protocols() if pipeline.train else {}
    roles += [(role, {role: settings}) for role, settings in beside.items()]
    n = pipeline.train.null.permutations if pipeline.train else 0
    blocks = [(first, min(first + NULL_BLOCK, n)) for first in range(0, n, NULL_BLOCK)]
    return roles + [("null", {"permutations": list(block)}) for block in blocks]


def _train_base(pipeline: Pipeline, members: Sequence[Member], cohort: Cohort) -> Recipe:
    train = pipeline.train
    assert train is not None
    assert pipeline.target is not None
    return {
        "stage": "train",
        "fitting": versions.FITTING,
        "cohort": digest_of([[member.id, member.key] for member in members]),
        "participants": digest_of(_rows(members, cohort)),
        "target": pipeline.target.document(),
        "split": train.split.model_dump(mode="json"),
        "model": recipes(train.model, pipeline.seed),
        "balance": train.balance,
        "search": train.search and train.search.model_dump(mode="json"),
        "allow_leak": cohort.allow_leak,
        **of_training(train.model, pipeline.device),
    }


def _rows(members: Sequence[Member], cohort: Cohort) -> dict[str, dict[str, str | None]]:
    subjects = {m.entities["subject"] for m in members if "subject" in m.entities}
    return {subject: row for subject, row in sorted(cohort.participants.items()) if subject in subjects}


def _fit(
    base: Recipe,
    fold: dict[str, Any],
    role: str,
    seed: int,
    members: Sequence[Member],
    extra: dict[str, Any],
    *,
    many: bool,
) -> Unit:
    recipe = {**base, "fold": fold, "role": role, "seed": seed, **extra}
    if role in ("majority", "linear"):  # the rivals know nothing of the model
        for name in ("model", "search", "backend"):
            recipe.pop(name, None)
    block = f"-{extra['permutations'][0]}" if role == "null" else ""
    ending = f"@{seed}" if many else ""
    id_ = f"train/{fold['name']}/{role}{block}{ending}"
    return make_unit(id_, recipe, [member.key for member in members])


def _collect(fits: Sequence[Unit]) -> Unit:
    chosen = [unit.key for unit in fits if unit.recipe["role"] == "model"]
    return make_unit("train/predictions", {"stage": "train", "role": "collect", "fits": digest_of(chosen)}, chosen)


def _evaluate(pipeline: Pipeline, fits: Sequence[Unit], members: Sequence[Member], cohort: Cohort) -> Unit:
    assert pipeline.evaluate is not None
    assert pipeline.train is not None
    recipe = {
        "stage": "evaluate",
        "judging": versions.JUDGING,
        "fits": digest_of([unit.key for unit in fits]),
        **pipeline.evaluate.document(),
        **_foretold(pipeline),
        "split": pipeline.train.split.model_dump(mode="json"),
        "asked": list(cohort.asked),
        "scored": [member.id for member in members],
        "transductive": transductive([use.settings for use in pipeline.preprocess]),
        "seed": pipeline.seed,
    }
    return make_unit("evaluate/scores", recipe, [unit.key for unit in fits if unit.recipe["role"] != "all"])


def _foretold(pipeline: Pipeline) -> Recipe:
    """Return the settings of a forecast, with what it foretells."""
    target, evaluate = pipeline.target, pipeline.evaluate
    if not (target and target.ahead and evaluate and evaluate.forecast):
        return {}
    ahead = target.ahead.model_dump(mode="json", exclude={"recovery"})
    return {"forecast": {**evaluate.forecast.model_dump(mode="json"), **ahead}}


def _exports(
    pipeline: Pipeline, scores: Unit | None, fits: Sequence[Unit], members: Sequence[Member], cohort: Cohort
) -> list[Unit]:
    base = {
        "stage": "export",
        "scores": scores.key if scores else None,
        "fits": digest_of([unit.key for unit in fits]),
        "cohort": digest_of([[member.id, member.key] for member in members]),
        "pipeline": describe(pipeline),
        "asked": list(cohort.asked),
    }
    head = [scores.key] if scores else []
    upstream = [*head, *(unit.key for unit in fits), *(m.key for m in members), *(m.signal for m in members)]
    spec = {"n_fits": len(fits), "scored": bool(scores)}
    made = ((use.name, {**base, "exporter": use_recipe(use, pipeline.seed)}) for use in pipeline.export)
    return [make_unit(f"export/{name}", recipe, upstream, **spec) for name, recipe in made]


def describe(pipeline: Pipeline) -> dict[str, Any]:
    """Return all of a pipeline as JSON, for the report and the bundle."""
    train, target = pipeline.train, pipeline.target
    return {
        "name": pipeline.name,
        "title": pipeline.title,
        "citation": pipeline.citation,
        "seed": pipeline.seed,
        "input": pipeline.input.model_dump(mode="json"),
        "target": target.document() if target else None,
        "preprocess": recipes(pipeline.preprocess, pipeline.seed),
        "featurize": recipes(pipeline.featurize, pipeline.seed),
        "train": train
        and {
            "split": train.split.model_dump(mode="json"),
            "model": recipes(train.model, pipeline.seed),
            "balance": train.balance,
            "null": train.null.model_dump(mode="json"),
            **train.protocols(),
        },
        "evaluate": pipeline.evaluate and pipeline.evaluate.document(),
    }
