"""The null: labels permuted in exchangeable blocks, the same for every fold that asks for the same permutation."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np

from ..data.samples import Samples
from .fold import column_tuples, recording_codes, spans

PAUSE = 1e-3  # s: less than this between two windows is rounding
MOST = 2**53  # beyond it a count of permutations is only "many"


@dataclass(frozen=True)
class Exchange:
    """What may be exchanged with what under the null.

    Parameters
    ----------
    level : str
        The largest block within which the label is constant: ``subject``, ``session``, ``recording`` or ``run``
        (windows of one label without a pause between them).
    block : array of int, shape (n_samples,)
        Block of each sample.
    group : array of int, shape (n_blocks,)
        Blocks are exchanged within their group only: subjects within the cohort, sessions and recordings within
        their subject, runs within their recording.
    first : array of int, shape (n_blocks,)
        A sample of each block.
    """

    level: str
    block: np.ndarray
    group: np.ndarray
    first: np.ndarray

    @property
    def constant_in(self) -> tuple[str, ...]:
        """Groups within which the label is constant."""
        nested = {"subject": ("recording", "run", "session", "subject"), "session": ("recording", "run", "session")}
        return nested.get(self.level, ("recording",) if self.level == "recording" else ())

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return len(self.first)


def exchangeable(y: np.ndarray, samples: Samples) -> Exchange:
    """Return the largest blocks within which the label is constant.

    Shuffling single samples where neighbours share a label and resemble each other rejects a true null far too often.

    Parameters
    ----------
    y : array, shape (n_samples,)
        Class index or number.
    samples : dict of lists
        Their sample table.
    """
    subject = _codes(column_tuples(samples, ("subject",)))
    recording = recording_codes(samples)
    session = _codes(column_tuples(samples, ("subject", "session")))
    everyone = np.zeros_like(subject)
    for level, block, group in (
        ("subject", subject, everyone),
        ("session", session, subject),
        ("recording", recording, subject),
    ):
        if _is_constant(y, block):
            return _exchange(level, block, group)
    return _exchange("run", _runs(y, recording, samples), recording)


def _codes(keys: list[tuple[Any, ...]]) -> np.ndarray:
    seen: dict[tuple[Any, ...], int] = {}
    return np.array([seen.setdefault(key, len(seen)) for key in keys], dtype=np.int64)


def _is_constant(y: np.ndarray, block: np.ndarray) -> bool:
    first = np.unique(block, return_index=True)[1]
    return bool(np.all(y == y[first][block]))


def _exchange(level: str, block: np.ndarray, group: np.ndarray) -> Exchange:
    first = np.unique(block, return_index=True)[1]
    return Exchange(level, block, group[first], first)


def _runs(y: np.ndarray, recording: np.ndarray, samples: Samples) -> np.ndarray:
    """Return in which stretch of equal labels each sample lies: windows of one recording without a pause between them.

    Two trials of one label that follow each other after a pause are two draws of the experimenter, not one stretch.
    """
    start, end = (np.nan_to_num(edge) for edge in spans(samples))
    order = np.lexsort((np.arange(len(y)), start, recording))
    new = np.ones(len(y), dtype=bool)
    new[1:] = (np.diff(y[order]) != 0) | (np.diff(recording[order]) != 0)
    new[1:] |= start[order][1:] > end[order][:-1] + PAUSE
    block = np.empty(len(y), dtype=np.int64)
    block[order] = np.cumsum(new) - 1
    return block


def permuted(y: np.ndarray, exchange: Exchange, number: int) -> np.ndarray:
    """Return the labels of one permutation, which depend on its number and on no fold and no seed.

    So the folds, and the fits with other seeds, agree on it, and a score over all of them has a null of its own kind.

    Parameters
    ----------
    y : array, shape (n_samples,)
        Labels of the whole cohort.
    exchange : Exchange
        Its blocks.
    number : int
        Which permutation.

    Returns
    -------
    y : array, shape (n_samples,)
        Each block carries the label of a block of its group.
    """
    rng = np.random.default_rng([0x6E756C6C, number])  # "null", to differ from all other streams
    here = np.argsort(exchange.group, kind="stable")
    there = np.lexsort((rng.random(exchange.n_blocks), exchange.group))
    of_block = np.empty(exchange.n_blocks, dtype=y.dtype)
    of_block[here] = y[exchange.first][there]
    return np.asarray(of_block[exchange.block])


def n_possible(y: np.ndarray, exchange: Exchange) -> int:
    """Return how many different labellings the permutations can reach; `MOST` stands for that or more."""
    total, of_block = 1, y[exchange.first]
    for group in np.unique(exchange.group):
        left = int((exchange.group == group).sum())
        for count in np.unique(of_block[exchange.group == group], return_counts=True)[1].tolist():
            total *= comb(left, count)
            left -= count
            if total >= MOST:
                return MOST
    return total


def smallest_p(n_permutations: int, possible: int) -> float:
    """Return the smallest p that so many permutations, of so many possible ones, can be expected to reach."""
    return max(1 / (n_permutations + 1), 1 / possible)


def p_value(score: float, null: np.ndarray, *, best: str = "max") -> float:
    """Return (b + 1) / (m + 1), b counting the permutations that score at least as well.

    Parameters
    ----------
    score : float
        Of the true labels.
    null : array, shape (n_permutations,)
        Scores under permuted labels.
    best : {"max", "min"}
        Whether a high or a low score is good.
    """
    sign = 1 if best == "max" else -1
    slack = 1e-12 * max(1.0, abs(score))  # equal scores summed in another order are equal
    as_good = int(np.sum(sign * np.asarray(null) >= sign * score - slack))
    return (as_good + 1) / (len(null) + 1)
