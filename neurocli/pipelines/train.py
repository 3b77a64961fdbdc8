"""One unit of `train`: one fold in one role, from the payloads of the cohort to held-out predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

import numpy as np

from .. import registry
from ..data.fitted import Fitted
from ..data.payload import Payload
from ..data.samples import Samples, take
from ..errors import InputError
from ..evaluation import certificate
from ..evaluation.drift import HALVES, drift_task
from ..evaluation.fold import Fold
from ..evaluation.null import Exchange, exchangeable, n_possible, permuted
from ..models._balance import balanced
from ..models._baselines import baseline
from ..models._chain import Chain, build_chain, spread
from ..models._patterns import patterns
from ..models._report import training_facts
from ..step import ModelStep
from .cohort import Cohort, Subset, gather, participant_columns
from .search import searched
from .settings import Target
from .target import resolve

Recipe = Mapping[str, Any]


class Inputs(Protocol):
    """Where payloads come from."""

    @property
    def context(self) -> Any:
        """What is known besides: `participants`, pairs of subject and row."""

    def payload(self, key: str) -> Payload:
        """Return what is kept under a key."""


@dataclass(frozen=True)
class Task:
    """What a unit learns and tests.

    Parameters
    ----------
    data : Subset
        Samples that have a target.
    y : array, shape (n_samples,)
        Class index or number.
    classes : tuple of str
        Labels; empty for a number.
    fold : Fold
        Who is held out.
    train, test : arrays of int
        Rows of the two sides.
    """

    data: Subset
    y: np.ndarray
    classes: tuple[str, ...]
    fold: Fold
    train: np.ndarray
    test: np.ndarray


def fit_unit(recipe: Recipe, members: Sequence[Mapping[str, Any]], inputs: Inputs) -> Fitted:
    """Fit one fold in one role.

    Parameters
    ----------
    recipe : dict
        ``role`` (``model``, ``majority``, ``linear``, ``drift``, ``null`` or ``all``), ``fold``, ``target``, ``model``,
        ``balance``, ``seed``, and of a null ``permutations: [first, end]``.
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


def model_uses(recipe: Recipe) -> list[ModelStep]:
    """Return the members of the model as settings."""
    uses = [registry.get("models", use["name"]).model_validate(use["settings"]) for use in recipe["model"]]
    return [use for use in uses if isinstance(use, ModelStep)]


def _seed(recipe: Recipe) -> int:
    text = f"{recipe['seed']}/train/{recipe['fold']['name']}"
    return int.from_bytes(blake2b(text.encode(), digest_size=7).digest(), "big")


def _model(recipe: Recipe, task: Task) -> Fitted:
    """Fit the pipeline's model and score the held-out samples."""
    found = certificate.leaks(task.fold, task.data.samples, task.train, task.test)
    certificate.refuse(task.fold, found, recipe.get("allow_leak"))
    uses = model_uses(recipe)
    exchange = exchangeable(task.y, task.data.samples)
    certificate.check_centering(uses, exchange.constant_in)
    uses, trail = _searched(recipe, uses, task)
    chain, weighted = _fit(build_chain(uses, _seed(recipe)), recipe["balance"], _rng(recipe), task)
    saw = (
        _saw(recipe, task)
        | {
            "allow_leak": recipe.get("allow_leak"),
            "leaks": found,
            "transductive": certificate.transductive(uses),
            "search": trail,
        }
        | training_facts(chain, is_final=recipe["role"] == "all")
    )
    kept = _kept(recipe, chain, weighted, task)
    return _fitted(recipe, task, chain, saw, patterns=_patterns(chain, weighted, task), **kept)


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
    chain, _ = _fit(baseline(recipe["role"]), balance, _rng(recipe), task)
    return _fitted(recipe, task, chain, _saw(recipe, task))


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
    uses, _ = _searched(recipe, model_uses(recipe), halved)
    chain, _ = _fit(build_chain(uses, _seed(recipe)), recipe["balance"], _rng(recipe), halved)
    return _fitted(recipe, halved, chain, _saw(recipe, halved) | {"drift": control.note})


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
    chain = build_chain(model_uses(recipe), _seed(recipe))
    prepared = chain.prepare(task.data.X(task.train), train, task.data.cohort.columns).compressed()
    held = prepared.held(task.data.X(task.test), test)
    start = len(prepared.head)

    def refit(y: np.ndarray, number: int) -> np.ndarray:  # noqa: ARG001 - nothing is drawn here
        if len(np.unique(y[task.train])) < 2:
            return _constant(y[task.train], task)
        weight = balanced(recipe["balance"], y[task.train], _rng(recipe))[1]
        fitted = prepared.fit(y[task.train], weight)
        return _spread(fitted, fitted.decision(held, test, start=start), task.classes)

    return refit


def _whole_refit(recipe: Recipe, task: Task) -> Refit:
    def refit(y: np.ndarray, number: int) -> np.ndarray:
        if len(np.unique(y[task.train])) < 2:
            return _constant(y[task.train], task)
        shuffled = Task(task.data, y, task.classes, task.fold, task.train, task.test)
        uses, _ = _searched(recipe, model_uses(recipe), shuffled)
        rng = np.random.default_rng([_seed(recipe), number])
        chain, _ = _fit(build_chain(uses, _seed(recipe)), recipe["balance"], rng, shuffled)
        return _decision(chain, shuffled)

    return refit


def _constant(y: np.ndarray, task: Task) -> np.ndarray:
    """Return the scores of the only guess that training samples of one label allow."""
    if not task.classes:
        return np.full((len(task.test), 1), y[0])
    scores = np.zeros((len(task.test), len(task.classes)))
    scores[:, int(y[0])] = 1.0
    return scores


def _searched(recipe: Recipe, uses: list[ModelStep], task: Task) -> tuple[list[ModelStep], list[dict[str, Any]]]:
    if not recipe.get("search"):
        return uses, []
    samples = take(task.data.samples, task.train)
    X = task.data.X(task.train)
    return searched(uses, recipe["search"], X, task.y[task.train], samples, recipe["balance"], _seed(recipe))


def _rng(recipe: Recipe) -> np.random.Generator:
    return np.random.default_rng([_seed(recipe), 0])


def _fit(chain: Chain, balance: str, rng: np.random.Generator, task: Task) -> tuple[Chain, np.ndarray]:
    """Return the fitted chain and the rows that it was fitted on."""
    index, weight = balanced(balance, task.y[task.train], rng)
    rows = task.train[index]
    samples = take(task.data.samples, rows)
    return chain.fit(task.data.X(rows), task.y[rows], samples, weight, task.data.cohort.columns), rows


def _decision(chain: Chain, task: Task) -> np.ndarray:
    """Return the scores of the held-out samples, a column for every class of the cohort."""
    if not len(task.test):
        return np.zeros((0, max(len(task.classes), 1)))
    scores = chain.decision(task.data.X(task.test), take(task.data.samples, task.test))
    return _spread(chain, scores, task.classes)


def _spread(chain: Chain, scores: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    return spread(scores, chain.classes_, len(classes)) if classes else scores


def _fitted(recipe: Recipe, task: Task, chain: Chain, saw: dict[str, Any], **more: Any) -> Fitted:
    held = take(task.data.samples, task.test)
    samples = {name: column for name, column in held.items() if not name.startswith("participants/")}
    return Fitted(
        recipe["role"], task.fold.name, task.y[task.test], _decision(chain, task), samples, task.classes, saw=saw,
        columns=task.data.cohort.columns, notes=tuple(chain.notes_), **more,
    )  # fmt: skip


def _saw(recipe: Recipe, task: Task) -> dict[str, Any]:
    """Return what a fit has seen: whom, how many of each class, and a digest of the signals."""
    samples: Samples = take(task.data.samples, task.train)
    signals = sorted(str(signal) for signal in samples.get("signal", []))
    known, counts = np.unique(task.y[task.train], return_counts=True)
    return {
        "seed": recipe["seed"],
        "subjects": sorted({str(subject) for subject in samples.get("subject", [])}),
        "n_train": len(task.train),
        "n_test": len(task.test),
        "n_of_class": {task.classes[int(k)]: int(n) for k, n in zip(known, counts, strict=True) if task.classes},
        "signals": blake2b("".join(signals).encode(), digest_size=16).hexdigest(),
    }


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
}
