"""The drift control: the same pipeline asked to tell the first from the second half of one recording.

Where the label is constant for long, slow change alone separates the classes. What the control scores is what a
score owes to that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.samples import Samples
from .fold import recording_codes, spans
from .null import Exchange

HALVES = ("first half", "second half")


@dataclass(frozen=True)
class Drift:
    """Samples of the control, or why there are none.

    Parameters
    ----------
    kept : array of int
        Samples that take part.
    y : array of int, shape (n_kept,)
        0 in the first half of its recording, 1 in the second.
    note : str
        Which recordings these are, or why there is no control.
    """

    kept: np.ndarray
    y: np.ndarray
    note: str


def drift_task(y: np.ndarray, classes: tuple[str, ...], samples: Samples, exchange: Exchange) -> Drift:
    """Return the samples of the class with the most of them, labelled by the half of the recording.

    Parameters
    ----------
    y : array of int, shape (n_samples,)
        Class index.
    classes : tuple of str
        Labels; empty for a number, which has no drift control.
    samples : dict of lists
        The sample table.
    exchange : Exchange
        The blocks within which the label is constant.
    """
    nothing = np.array([], dtype=int)
    if not classes:
        return Drift(nothing, nothing, "not applicable: the target is a number")
    if exchange.level in ("subject", "session"):
        return Drift(nothing, nothing, f"not applicable: the label is the {exchange.level}'s, not the time's")
    if exchange.level == "run":
        return _of_blocks(samples, exchange)
    counts = np.bincount(y, minlength=len(classes))
    chosen = int(counts.argmax())
    kept = np.flatnonzero(y == chosen)
    return Drift(kept, _halves(samples, kept), f"first or second half of the {classes[chosen]!r} recordings")


def _of_blocks(samples: Samples, exchange: Exchange) -> Drift:
    everything = np.arange(len(exchange.block))
    if len(everything) < 2 * exchange.n_blocks:
        nothing = np.array([], dtype=int)
        return Drift(nothing, nothing, "not applicable: the label changes from sample to sample")
    return Drift(everything, _halves(samples, everything), "first or second half of the recordings, all labels")


def _halves(samples: Samples, kept: np.ndarray) -> np.ndarray:
    """Return 0 for the earlier and 1 for the later half of each recording's samples."""
    recording = recording_codes(samples)[kept]
    onset = np.nan_to_num(spans(samples)[0][kept])
    half = np.zeros(len(kept), dtype=np.int64)
    for code in np.unique(recording):
        own = np.flatnonzero(recording == code)
        own = own[np.argsort(onset[own], kind="stable")]
        half[own[(len(own) + 1) // 2 :]] = 1
    return half
