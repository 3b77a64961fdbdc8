"""Neuronal avalanches as NumPy does them, phase-amplitude coupling of tensorpac, irregular resampling of neurodsp."""

from __future__ import annotations

import numpy as np

from ._row import Peer, Row

THRESHOLD = 2.5


def _peaks(x: np.ndarray) -> np.ndarray:
    """Return the number of channels that peak at each sample, by runs of what is beyond the threshold."""
    z = (x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True)
    where = np.flatnonzero(np.abs(z) > THRESHOLD)
    value = z.ravel()[where]
    series, times = np.divmod(where, x.shape[-1])
    new = np.r_[True, (np.diff(where) != 1) | (np.diff(series) != 0) | (np.diff(value > 0) != 0)]
    starts = np.flatnonzero(new)
    largest = np.maximum.reduceat(np.abs(value), starts)[np.cumsum(new) - 1]
    candidates = np.flatnonzero(np.abs(value) == largest)
    first = candidates[np.unique(np.cumsum(new)[candidates], return_index=True)[1]]
    cells = series[first] // x.shape[1] * x.shape[-1] + times[first]
    return np.bincount(cells, minlength=len(x) * x.shape[-1]).reshape(len(x), -1)


def _cascades(events: np.ndarray, sfreq: float) -> tuple[float, float, float]:
    times = np.flatnonzero(events)
    width = max(1, round(float(np.diff(times).mean())))
    bins = np.add.reduceat(events, np.arange(0, events.size, width))
    edges = np.diff(np.r_[False, bins > 0, False].astype(np.int8))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    total = np.r_[0, np.cumsum(bins)]
    parents = np.flatnonzero(bins[:-1])
    duration = (stops - starts).mean() * width / sfreq
    return (total[stops] - total[starts]).mean(), duration, (bins[parents + 1] / bins[parents]).mean()


def _avalanches() -> Peer:
    def run(x: np.ndarray, sfreq: float) -> list[np.ndarray]:
        return list(np.array([_cascades(row, sfreq) for row in _peaks(x)]).T)

    return run


PHASES = {"theta": (4.0, 8.0), "alpha": (8.0, 13.0)}
AMPLITUDES = {"beta": (13.0, 30.0), "low_gamma": (30.0, 45.0), "gamma": (45.0, 80.0)}


def _tort() -> Peer:
    from tensorpac import Pac

    bands = [[list(edges) for edges in table.values()] for table in (PHASES, AMPLITUDES)]
    pac = Pac(idpac=(2, 0, 0), f_pha=bands[0], f_amp=bands[1], dcomplex="hilbert", verbose=False)

    def run(x: np.ndarray, sfreq: float) -> list[np.ndarray]:
        # its filters have a transition band, where ours is a mask, and it counts the samples of a bin over all series
        # and phases together: the index of the same signal differs
        flat = x.reshape(-1, x.shape[-1])
        index = pac.filterfit(sfreq, flat, n_jobs=1, verbose=False)  # (n_amplitudes, n_phases, n_series)
        return [index.transpose(2, 1, 0).reshape(*x.shape[:2], -1)]

    return run


def _irasa() -> Peer:
    from neurodsp.aperiodic import compute_irasa

    def slope(series: np.ndarray, sfreq: float) -> float:
        n = round(2 * sfreq)  # its default, four seconds, fails on epochs as short as that
        freqs, fractal, _ = compute_irasa(series, sfreq, (2, 30), nperseg=n, noverlap=n // 2)
        return float(np.polyfit(np.log10(freqs), np.log10(fractal), 1)[0])

    def run(x: np.ndarray, sfreq: float) -> list[np.ndarray]:
        return [-np.array([[slope(series, sfreq) for series in epoch - epoch.mean(-1, keepdims=True)] for epoch in x])]

    return run


_CASCADES = {"excursions": {"threshold": THRESHOLD}}

ROWS = (
    Row(
        "avalanches",
        [(name, _CASCADES) for name in ("avalanche_size", "avalanche_duration", "branching_ratio")],
        "numpy",
        _avalanches,
        100,
    ),
    Row("pac_tort", [("pac_modulation_index", {"phases": PHASES, "amplitudes": AMPLITUDES})], "tensorpac", _tort, 2),
    Row("irasa", [("irasa_exponent", {})], "neurodsp", _irasa, 1, bold=False),
)
