"""One unit of `train`: one fold in one role, from the payloads of the cohort to held-out predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from ..data.fitted import Fitted
from ..data.payload import Payload
from ..data.samples import take
from ..errors import InputError
from ..evaluation import certificate
from ..evaluation.drift import HALVES, drift_task
from ..evaluation.fold import Fold
from ..evaluation.null import Exchange, exchangeable, n_possible, permuted
from ..models._balance import balanced
from ..models._baselines import baseline
from ..models._chain import Chain, build_chain
from ..models._patterns import patterns
from ..models._report import latency, training_facts
from . import protocol_fits
from .cohort import Cohort, gather, participant_columns
from .fitting import (
    Recipe,
    Task,
    as_fitted,
    chosen,
    decision,
    fitted_chain,
    model_uses,
    rng_of,
    seed_of_fit,
    spread_over,
    what_it_saw,
)  # fmt: skip
from .settings import Target
from .target import resolve


class Inputs(Protocol):
    """Where payloads come from."""

    @property
    def context(self) -> Any:
        """What is known besides: `participants`, pairs of subject and row."""

    def payload(self, key: str) -> Payload:
        """Return what is kept under a key."""


def fit_unit(recipe: Recipe, members: Sequence[Mapping[str, Any]], inputs: Inputs) -> Fitted:
    """Fit one fold in one role.

    Parameters
    ----------
    recipe : dict
        ``role`` (``model``, ``majority``, ``linear``, ``drift``, ``null``, ``all``, ``over_time``, ``few_shot`` or
        ``ablation``), ``fold``, ``target``, ``model``, ``balance``, ``seed``, of a null ``permutations: [first, end]``,
        and of the last three their settings under the name of the role.
    members : sequence of dict
        ``key`` of each recording's payload.
    inputs : Inputs
        Gives the payloads and the participants.

    Raises
    ------
    InputError
        ``E-LEAK``, ``E-INPUT-CLASSES``, and whatever the target, the cohort and the model raise.
    """
    task = _task(recipe, _cohort([member["key"] for member in members], inputs), dict(inputs.context.participants))
    return ROLES[recipe["role"]](recipe, task)


_LAST: dict[tuple[str, ...], Cohort] = {}  # keys name contents, so a worker's next unit may use the same cohort


def _cohort(keys: Sequence[str], inputs: Inputs) -> Cohort:
    if tuple(keys) not in _LAST:
        _LAST.clear()
        _LAST[tuple(keys)] = gather([inputs.payload(key) for key in keys])
    return _LAST[tuple(keys)]


def _task(recipe: Recipe, cohort: Cohort, participants: Mapping[str, Mapping[str, Any]]) -> Task:
    labels = resolve(Target.model_validate(recipe["target"]), cohort.samples, participants)
    data = cohort.keep(labels.kept)
    data.samples.update(labels.columns)
    data.samples.update(participant_columns(data.samples, participants))  # for members that regress confounds out
    fold = Fold.from_dict(recipe["fold"])
    counted = labels.y.tolist() if labels.classes else None
    return _checked(Task(data, labels.y, labels.classes, fold, *fold.masks(data.samples, counted)))


def _checked(task: Task) -> Task:
    """Refuse a fold that has nothing to learn from."""
    found = np.unique(task.y[task.train])
    if len(found) < 2:
        only = task.classes[int(found[0])] if task.classes and len(found) else "none" if not len(found) else found[0]
        raise InputError(
            f"The training samples of fold {task.fold.name!r} have fewer than two classes or values: {only}.",
            code="E-INPUT-CLASSES",
            where=f"train/{task.fold.name}",
            remedy="Split by a group within which all classes occur, or select more recordings.",
        )
    return task


def _model(recipe: Recipe, task: Task) -> Fitted:
    """Fit the pipeline's model and score the held-out samples."""
    found = certificate.leaks(task.fold, task.data.samples, task.train, task.test)
    certificate.refuse(task.fold, found, recipe.get("allow_leak"))
    uses = model_uses(recipe)
    exchange = exchangeable(task.y, task.data.samples)
    certificate.check_centering(uses, exchange.constant_in)
    uses, trail = chosen(recipe, uses, task)
    chain, weighted = fitted_chain(build_chain(uses, seed_of_fit(recipe)), recipe["balance"], rng_of(recipe), task)
    saw = (
        what_it_saw(recipe, task)
        | {
            "allow_leak": recipe.get("allow_leak"),
            "leaks": found,
            "transductive": certificate.transductive(uses),
            "search": trail,
        }
        | training_facts(chain, is_final=recipe["role"] == "all")
        | (_timed(chain, task) if recipe.get("latency") else {})
    )
    kept = _kept(recipe, chain, weighted, task)
    return as_fitted(recipe, task, chain, saw, patterns=_patterns(chain, weighted, task), **kept)


def _timed(chain: Chain, task: Task) -> dict[str, Any]:
    first = np.arange(1)
    return latency(chain, task.data.X(first), take(task.data.samples, first))


def _kept(recipe: Recipe, chain: Chain, rows: np.ndarray, task: Task) -> dict[str, np.ndarray | None]:
    """Return the model as files hold it: only of the fit that is published, for skops takes seconds to import."""
    if recipe["role"] != "all":
        return {}
    from ..models._onnx import to_onnx
    from ..models._save import to_bytes

    converted = to_onnx(chain, task.data.X(rows), take(task.data.samples, rows))
    onnx = None if converted.data is None else np.frombuffer(converted.data, dtype=np.uint8)
    return {"model": to_bytes(chain), "onnx": onnx}


def _rival(recipe: Recipe, task: Task) -> Fitted:
    """Fit the majority or the linear rival; weights do not change what is most frequent."""
    balance = "none" if recipe["role"] == "majority" else recipe["balance"]
    chain, _ = fitted_chain(baseline(recipe["role"]), balance, rng_of(recipe), task)
    return as_fitted(recipe, task, chain, what_it_saw(recipe, task))


def _drift(recipe: Recipe, task: Task) -> Fitted:
    """Ask the pipeline to tell the halves of a recording apart."""
    samples = task.data.samples
    control = drift_task(task.y, task.classes, samples, exchangeable(task.y, samples))
    if not len(control.kept):
        return _no_drift(recipe, task, control.note)
    data = task.data.part(control.kept)
    halved = Task(data, control.y, HALVES, task.fold, *task.fold.masks(data.samples, control.y.tolist()))
    if len(np.unique(halved.y[halved.train])) < 2 or not len(halved.test):
        return _no_drift(recipe, task, "not possible: a fold's training samples lie in one half")
    uses, _ = chosen(recipe, model_uses(recipe), halved)
    chain, _ = fitted_chain(build_chain(uses, seed_of_fit(recipe)), recipe["balance"], rng_of(recipe), halved)
    return as_fitted(recipe, halved, chain, what_it_saw(recipe, halved) | {"drift": control.note})


def _no_drift(recipe: Recipe, task: Task, why: str) -> Fitted:
    saw = {"seed": recipe["seed"], "drift": why}
    return Fitted("drift", task.fold.name, np.zeros(0, np.int64), np.zeros((0, 2)), {}, HALVES, saw=saw)


def _null(recipe: Recipe, task: Task) -> Fitted:
    """Refit under permuted labels; what uses no labels is fitted once."""
    exchange = exchangeable(task.y, task.data.samples)
    first, end = recipe["permutations"]
    refit = _quick_refit(recipe, task) if _is_quick(recipe) else _whole_refit(recipe, task)
    labels = [permuted(task.y, exchange, number) for number in range(first, end)]
    scores = [refit(y, number) for number, y in enumerate(labels, first)]
    return Fitted(
        "null", task.fold.name, np.array([y[task.test] for y in labels]), np.array(scores, dtype=np.float32), {},
        task.classes, saw=_null_facts(task, exchange) | {"seed": recipe["seed"], "first": first, "end": end},
    )  # fmt: skip


def _null_facts(task: Task, exchange: Exchange) -> dict[str, Any]:
    possible = n_possible(task.y, exchange)
    return {"blocks": exchange.level, "n_blocks": exchange.n_blocks, "n_possible": possible}


def _is_quick(recipe: Recipe) -> bool:
    """Whether the label-free members see the same samples in every refit."""
    return recipe["balance"] != "subsample" and not recipe.get("search")


Refit = Callable[[np.ndarray, int], np.ndarray]


def _quick_refit(recipe: Recipe, task: Task) -> Refit:
    train, test = take(task.data.samples, task.train), take(task.data.samples, task.test)
    chain = build_chain(model_uses(recipe), seed_of_fit(recipe))
    prepared = chain.prepare(task.data.X(task.train), train, task.data.cohort.columns).compressed()
    held = prepared.held(task.data.X(task.test), test)
    start = len(prepared.head)

    def refit(y: np.ndarray, number: int) -> np.ndarray:  # noqa: ARG001 - nothing is drawn here
        if len(np.unique(y[task.train])) < 2:
            return _constant(y[task.train], task)
        weight = balanced(recipe["balance"], y[task.train], rng_of(recipe))[1]
        fitted = prepared.fit(y[task.train], weight)
        return spread_over(fitted, fitted.decision(held, test, start=start), task.classes)

    return refit


def _whole_refit(recipe: Recipe, task: Task) -> Refit:
    def refit(y: np.ndarray, number: int) -> np.ndarray:
        if len(np.unique(y[task.train])) < 2:
            return _constant(y[task.train], task)
        shuffled = Task(task.data, y, task.classes, task.fold, task.train, task.test)
        uses, _ = chosen(recipe, model_uses(recipe), shuffled)
        rng = np.random.default_rng([seed_of_fit(recipe), number])
        chain, _ = fitted_chain(build_chain(uses, seed_of_fit(recipe)), recipe["balance"], rng, shuffled)
        return decision(chain, shuffled)

    return refit


def _constant(y: np.ndarray, task: Task) -> np.ndarray:
    """Return the scores of the only guess that training samples of one label allow."""
    if not task.classes:
        return np.full((len(task.test), 1), y[0])
    scores = np.zeros((len(task.test), len(task.classes)))
    scores[:, int(y[0])] = 1.0
    return scores


def _patterns(chain: Chain, rows: np.ndarray, task: Task) -> np.ndarray | None:
    """Return Haufe patterns where the model is linear, in the units of the features."""
    return patterns(chain, task.data.X(rows), take(task.data.samples, rows))


ROLES: dict[str, Callable[[Recipe, Task], Fitted]] = {
    "model": _model,
    "all": _model,
    "majority": _rival,
    "linear": _rival,
    "drift": _drift,
    "null": _null,
    **protocol_fits.ROLES,
}
