"""From a score a window to events and alarms."""

from __future__ import annotations

import numpy as np


def k_of_n(high: np.ndarray, k: int, n: int) -> np.ndarray:
    """Return where `k` of the last `n` windows are high; before the n-th window fewer are looked at.

    Parameters
    ----------
    high : array of bool, shape (n_windows,)
        In the order of time.
    """
    total = np.concatenate([[0], np.cumsum(high)])
    first = np.maximum(np.arange(len(high)) + 1 - n, 0)
    return np.asarray(total[1:] - total[first] >= k)


def alarms(onset: np.ndarray, high: np.ndarray, *, window: float, refractory: float) -> list[float]:
    """Return the moments of alarms: the end of a high window, when none was raised for `refractory` s.

    Parameters
    ----------
    onset : array, shape (n_windows,)
        Start of each window, in s, ascending.
    high : array of bool, shape (n_windows,)
        As `k_of_n` gives it.
    window : float
        Length of a window, in s: what it says is known when it ends.
    refractory : float
        Time after an alarm in which none is raised, in s.
    """
    raised: list[float] = []
    for moment in onset[high] + window:
        if not raised or moment - raised[-1] >= refractory:
            raised.append(float(moment))
    return raised


def events_of(onset: np.ndarray, high: np.ndarray, window: float) -> list[tuple[float, float]]:
    """Return runs of high windows as (onset, end), those that touch or overlap as one."""
    found: list[tuple[float, float]] = []
    for start in onset[high]:
        if found and start <= found[-1][1] + 1e-9:
            found[-1] = (found[-1][0], float(start) + window)
        else:
            found.append((float(start), float(start) + window))
    return found
