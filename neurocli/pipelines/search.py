"""Settings of the model chosen in an inner grouped split of the training samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import product
from typing import Any

import numpy as np

from ..data.samples import Samples, take
from ..errors import ConfigError, InputError, unknown
from ..evaluation import metrics
from ..evaluation.fold import recording_codes, spans
from ..models._balance import balanced
from ..models._chain import build_chain, spread
from ..step import ModelStep

Trail = list[dict[str, Any]]
Side = tuple[np.ndarray, np.ndarray]


def searched(
    uses: list[ModelStep],
    search: Mapping[str, Any],
    X: np.ndarray,
    y: np.ndarray,
    samples: Samples,
    balance: str,
    seed: int,
) -> tuple[list[ModelStep], Trail]:
    """Return the members with the settings that scored best inside the training samples.

    Parameters
    ----------
    uses : list of ModelStep
        The members as written.
    search : dict
        ``over`` (``ridge.alpha`` -> candidates), ``folds`` and ``metric``.
    X : array, shape (n_train, ...)
        Training samples only.
    y : array, shape (n_train,)
        Their class index or number.
    samples : dict of lists
        Their table.
    balance : str
        As for the model.
    seed : int
        Of the fit.

    Returns
    -------
    uses : list of ModelStep
        Of equal candidates the first.
    trail : list of dict
        Settings and inner score of each candidate.
    """
    sides = list(inner_folds(samples, int(search["folds"]), seed))
    metric = metrics.get(search["metric"])
    sign = 1 if metric.best == "max" else -1
    trail: Trail = []
    best, chosen = -np.inf, uses
    for settings in _candidates(search["over"]):
        candidate = changed(uses, settings)
        score = _inner_score(candidate, metric, X, y, samples, sides, balance, seed)
        trail.append({"settings": settings, "score": score})
        if sign * score > best:
            best, chosen = sign * score, candidate
    return chosen, trail


def _candidates(over: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    for values in product(*over.values()):
        yield dict(zip(over, values, strict=True))


def changed(uses: Sequence[ModelStep], settings: Mapping[str, Any]) -> list[ModelStep]:
    """Return the members with some settings, named ``member.setting``, replaced and checked.

    Raises
    ------
    ConfigError
        ``E-CONFIG-SEARCH`` where no member, or no setting of it, has the name.
    """
    made = list(uses)
    for address, value in settings.items():
        member, _, setting = address.rpartition(".")
        place = _place(made, member)
        known = [f"{use.name}.{field}" for use in uses for field in type(use).model_fields]
        if place is None or setting not in type(made[place]).model_fields:
            raise ConfigError(
                unknown("setting of the model", address, known), code="E-CONFIG-SEARCH",
                remedy="Name a member and one of its settings under train.search.over.",
            )  # fmt: skip
        made[place] = type(made[place]).model_validate({**made[place].model_dump(), setting: value})
    return made


def _place(uses: Sequence[ModelStep], member: str) -> int | None:
    """Return where the member of a name stands; ``select[1]`` is the second of that name."""
    name, _, number = member.partition("[")
    places = [i for i, use in enumerate(uses) if use.name == name]
    which = int(number.rstrip("]")) if number else 0
    return places[which] if which < len(places) else None


def inner_folds(samples: Samples, n_folds: int, seed: int) -> Iterator[Side]:
    """Yield training and test rows of an inner split, whole groups at a time.

    Groups are subjects; where there is one, recordings; where there is one, contiguous parts of it.

    Raises
    ------
    InputError
        ``E-INPUT-FOLDS`` where there are not even two samples.
    """
    group = _inner_groups(samples, n_folds)
    names = sorted(set(group.tolist()), key=lambda g: blake2b(f"{seed}/{g}".encode(), digest_size=8).digest())
    if len(names) < 2:
        raise InputError("An inner split needs two groups.", code="E-INPUT-FOLDS", remedy="Leave train.search out.")
    for i in range(min(n_folds, len(names))):
        held_out = np.isin(group, names[i :: min(n_folds, len(names))])
        yield np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _inner_groups(samples: Samples, n_folds: int) -> np.ndarray:
    subjects = np.array([str(subject) for subject in samples.get("subject", [])])
    if len(set(subjects.tolist())) > 1:
        return np.asarray(subjects)
    recording = recording_codes(samples)
    if len(set(recording.tolist())) > 1:
        return recording
    order = np.argsort(np.nan_to_num(spans(samples)[0]), kind="stable")
    part = np.empty(len(order), dtype=np.int64)
    part[order] = np.arange(len(order)) * n_folds // max(len(order), 1)
    return part


def _inner_score(
    uses: Sequence[ModelStep],
    metric: metrics.Metric,
    X: np.ndarray,
    y: np.ndarray,
    samples: Samples,
    sides: Sequence[Side],
    balance: str,
    seed: int,
) -> float:
    """Return the score of a candidate on all inner held-out samples together."""
    n_classes = 0 if y.dtype.kind == "f" else int(y.max()) + 1
    truth, guess = [], []
    for train, test in sides:
        if len(np.unique(y[train])) < 2:
            continue
        index, weight = balanced(balance, y[train], np.random.default_rng([seed, 1]))
        rows = train[index]
        chain = build_chain(uses, seed).fit(X[rows], y[rows], take(samples, rows), weight)
        scores = chain.decision(X[test], take(samples, test))
        guess.append(spread(scores, chain.classes_, n_classes) if n_classes else scores)
        truth.append(y[test])
    return metric(np.concatenate(truth), np.concatenate(guess)) if truth else -np.inf
