"""One fold: who is held out, as a plan can write it down, and which samples that makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from ..data.entities import SHORT
from .groups import Group

if TYPE_CHECKING:
    import numpy as np

    from ..data.samples import Samples


@dataclass(frozen=True)
class Fold:
    """The held-out groups of one fit.

    Parameters
    ----------
    name : str
        Spelt after what is held out: ``sub-01``, ``fold-2``, ``sub-01_block-3``.
    by : tuple of str
        Entities whose values name a group.
    held_out : tuple of tuples
        Groups that are tested; none in the fold ``all``, which is trained on everything and never scored.
    train : tuple of tuples, or None
        Groups that are trained on; None stands for all that are not held out.
    within : tuple of (entity, value)
        Samples of which all of these hold take part; empty for all.
    block, n_blocks : int, or None
        Test one of `n_blocks` contiguous parts of each held-out recording and train on its other parts.
    gap : float or None
        Seconds that stay unused on both sides of a tested part; None stands for the longest sample of the recording.
    forward : bool
        Train on what came before only.
    few_shot : int
        Samples (a class, where labels are given) at the start of each held-out group that are trained on instead.
    missing : tuple of str
        What a fixed list named and no recording has.
    """

    name: str
    by: tuple[str, ...] = ()
    held_out: tuple[Group, ...] = ()
    train: tuple[Group, ...] | None = None
    within: tuple[tuple[str, str | None], ...] = ()
    block: int | None = None
    n_blocks: int | None = None
    gap: float | None = None
    forward: bool = False
    few_shot: int = 0
    missing: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the fold as a JSON document."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the fold whose `to_dict`, possibly written and read again, this is."""
        return cls(**{name: _tuple(value) for name, value in document.items()})

    def masks(self, samples: Samples, labels: Sequence[Any] | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices of the training and of the test samples, as `masks` does."""
        return masks(self, samples, labels)


def _tuple(value: Any) -> Any:
    return tuple(_tuple(item) for item in value) if isinstance(value, (list, tuple)) else value


def masks(fold: Fold, samples: Samples, labels: Sequence[Any] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return which samples train and which test.

    Parameters
    ----------
    fold : Fold
        Who is held out.
    samples : dict of lists
        The sample table of the cohort.
    labels : sequence, shape (n_samples,), or None
        Classes, which count the few shots; None counts samples.

    Returns
    -------
    train, test : arrays of int, ascending
        Disjoint. Samples that overlap a tested one in time, or lie in its gap, are in neither.
    """
    import numpy as np

    groups = column_tuples(samples, fold.by)
    places = column_tuples(samples, [key for key, _ in fold.within])
    taking_part = _among(places, [tuple(value for _, value in fold.within)])
    test = taking_part & _among(groups, fold.held_out)
    train = taking_part & (~test if fold.train is None else _among(groups, fold.train))
    if fold.n_blocks:
        train, test = _blocks(fold, samples, train, test)
    if fold.few_shot:
        train, test = _few_shots(fold, samples, labels, groups, train, test)
    return np.flatnonzero(train), np.flatnonzero(test)


def column_tuples(samples: Samples, keys: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return, of each sample, the values of `keys`, None where the table lacks the column."""
    n = len(next(iter(samples.values()), []))
    return list(zip(*(samples.get(key, [None] * n) for key in keys), strict=True)) if keys else [()] * n


def recording_codes(samples: Samples) -> np.ndarray:
    """Return, of each sample, the number of the recording it was cut from."""
    import numpy as np

    known = [name for name in (*SHORT, "datatype", "suffix") if name in samples]
    codes: dict[tuple[Any, ...], int] = {}
    return np.array([codes.setdefault(key, len(codes)) for key in column_tuples(samples, known)], dtype=np.int64)


def spans(samples: Samples) -> tuple[np.ndarray, np.ndarray]:
    """Return start and end of each sample in s from the start of its recording; NaN where the table has none."""
    import numpy as np

    n = len(next(iter(samples.values()), []))
    onset = np.array(samples.get("onset", [None] * n), dtype=float)
    duration = np.array(samples.get("duration", [None] * n), dtype=float)
    return onset, onset + np.where(np.isnan(duration), 0.0, duration)


def _among(groups: Sequence[tuple[Any, ...]], wanted: Sequence[Group]) -> np.ndarray:
    import numpy as np

    chosen = set(wanted)
    return np.array([group in chosen for group in groups], dtype=bool)


def _blocks(fold: Fold, samples: Samples, train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut each held-out recording into contiguous parts, test one of them and free the gap around it."""
    import numpy as np

    codes = recording_codes(samples)
    onset, end = spans(samples)
    train, held = train.copy(), np.zeros_like(test)
    for code in np.unique(codes[test]):
        inside = np.flatnonzero(test & (codes == code))
        inside = inside[np.argsort(onset[inside], kind="stable")]  # NaN onsets keep the order of the table
        part = np.arange(inside.size) * (fold.n_blocks or 1) // inside.size
        held[inside[part == fold.block]] = True
        train[inside[part < (fold.block or 0)] if fold.forward else inside[part != fold.block]] = True
        _free_gap(train, inside, inside[part == fold.block], onset, end, fold.gap)
    return train, held


def _free_gap(
    train: np.ndarray, inside: np.ndarray, tested: np.ndarray, onset: np.ndarray, end: np.ndarray, gap: float | None
) -> None:
    """Untrain the samples of a recording that come nearer than `gap` to a tested one."""
    if tested.size == 0:
        return
    room = float((end - onset)[inside].max()) if gap is None else gap
    near = (onset[inside] < end[tested].max() + room) & (end[inside] > onset[tested].min() - room)
    train[inside[near]] = False


def _few_shots(
    fold: Fold,
    samples: Samples,
    labels: Sequence[Any] | None,
    groups: Sequence[tuple[Any, ...]],
    train: np.ndarray,
    test: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Move the first samples of each held-out group to training; untest what overlaps them."""
    import numpy as np

    onset, end = spans(samples)
    codes = recording_codes(samples)
    held = np.flatnonzero(test)
    order = held[np.lexsort((np.nan_to_num(onset[held]), codes[held]))]
    seen: dict[tuple[Any, ...], int] = {}
    shots = np.zeros_like(test)
    for i in order.tolist():
        key = (groups[i], None if labels is None else labels[i])
        seen[key] = seen.get(key, 0) + 1
        shots[i] = seen[key] <= fold.few_shot
    test = test & ~shots
    for i in np.flatnonzero(shots).tolist():
        test &= ~((codes == codes[i]) & (onset < end[i]) & (end > onset[i]))
    return train | shots, test


def after_shots(samples: Samples, shots: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Return the tested samples that begin after the last shot of their recording, so that nothing trains on later.

    Parameters
    ----------
    samples : dict of lists
        The sample table.
    shots, test : arrays of int
        Rows that are trained on, and that are tested.
    """
    import numpy as np

    codes = recording_codes(samples)
    onset, end = spans(samples)
    last = np.full(int(codes.max(initial=0)) + 1, -np.inf)
    np.maximum.at(last, codes[shots], np.nan_to_num(end[shots], nan=-np.inf))
    return np.asarray(test[~(onset[test] < last[codes[test]] - 1e-9)])
