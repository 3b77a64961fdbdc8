"""Figures of the report, each a PNG whose bytes depend on the data alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..data.features import Features
from ..data.recording import Epochs, Recording
from ..data.results import Results
from ._canvas import ACCENT, INK, SOFT, Figure, axes_of
from ._protocol_figures import ablation, few_shot, over_time, reliability

MOST_MAPS = 12  # topographies in one figure
DEEPEST = 60.0  # dB below the strongest frequency that a spectrum is drawn to
ABREAST = 3  # topographies in a row, so that their names can be read in half a page
LONGEST = 200_000  # samples a channel that a spectrum looks at


def figures(results: Results) -> list[Figure]:
    """Return every figure that the results have something for."""
    asked = (over_time, few_shot, ablation, reliability)
    judged = (topographies, confusion, per_subject, null, learning, *asked) if results.scores["scores"] else ()
    made = (draw(results) for draw in (spectra, *judged))
    return [figure for figure in made if figure is not None]


def spectra(results: Results) -> Figure | None:
    """Mean power spectrum of each class, averaged over channels and recordings."""
    curves = _class_spectra(results)
    if not curves:
        return None
    with axes_of() as (_, axis, png):
        for name, (freqs, power) in sorted(curves.items()):
            axis.plot(freqs, 10 * np.log10(power), label=name, lw=1.6)
        axis.set(xlabel="frequency (Hz)", ylabel="power (dB re 1 V²/Hz)")
        _leave_out_the_stop_band(axis)
        axis.legend(frameon=False)
        return Figure("Spectra", "Mean power spectrum of each class after preprocessing.", png())


def _leave_out_the_stop_band(axis: Any) -> None:
    """Show the frequencies up to the last one of any weight: a low-pass leaves 100 dB of nothing above its edge."""
    lines = [(line.get_xdata(), line.get_ydata()) for line in axis.get_lines()]
    floor = max(power.max() for _, power in lines) - DEEPEST
    if not np.isfinite(floor):  # silence has no spectrum
        return
    axis.set_ylim(bottom=max(floor, axis.get_ylim()[0]))
    passed = [freqs[power > floor].max() for freqs, power in lines]
    axis.set_xlim(right=max(passed) * 1.05)


def _class_spectra(results: Results) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    total: dict[str, list[np.ndarray]] = {}
    freqs = np.empty(0)
    for signal in results.signals:
        if not isinstance(signal, (Epochs, Recording)) or signal.ch_types[:1] in (("voxel",), ("region",)):
            return {}
        for name, x in _by_class(results, signal):
            freqs, power = _welch(x, signal.sfreq)
            total.setdefault(name, []).append(power)
    lengths = {p.size for powers in total.values() for p in powers}
    return {name: (freqs, np.mean(powers, axis=0)) for name, powers in total.items()} if len(lengths) == 1 else {}


def _by_class(results: Results, signal: Epochs | Recording) -> Iterator[tuple[str, np.ndarray]]:
    target = results.recipe.get("target") or {}
    column = target.get("entity") or (f"events/{target['events']}" if target.get("events") else None)
    if isinstance(signal, Recording) or column not in signal.samples:
        yield "all", signal.data
        return
    labels = np.array([str(value) for value in signal.samples[column]])
    for label in np.unique(labels):
        yield str(label), signal.data[labels == label]


def _welch(x: np.ndarray, sfreq: float) -> tuple[np.ndarray, np.ndarray]:
    from scipy.signal import welch

    x = x[..., :LONGEST]
    freqs, power = welch(x, sfreq, nperseg=min(x.shape[-1], int(2 * sfreq)), axis=-1)
    return freqs[1:], power[..., 1:].reshape(-1, freqs.size - 1).mean(axis=0)


def topographies(results: Results) -> Figure | None:
    """Haufe patterns of the model on all samples, one map a feature and part."""
    maps = _maps(results)
    if not maps:
        return None
    import mne

    n = len(maps)
    limit = max(float(np.nanmax(np.abs(values))) for _, values, _ in maps) or 1.0
    columns = min(n, ABREAST)
    rows = -(-n // columns)
    with axes_of(2.0 * columns, 2.3 * rows, nrows=rows, ncols=columns, squeeze=False) as (_, axes, png):
        for axis in axes.flat[n:]:
            axis.set_axis_off()
        for axis, (name, values, positions) in zip(axes.flat, maps, strict=False):
            mne.viz.plot_topomap(values, positions, axes=axis, show=False, vlim=(-limit, limit), contours=4)
            axis.set_title(name, fontsize=9)
        caption = "Haufe patterns: how each feature changes with the model's output. One scale for all maps."
        return Figure("Patterns", caption, png())


def _maps(results: Results) -> list[tuple[str, np.ndarray, np.ndarray]]:
    final, first = results.final, results.recordings[0]
    if final is None or final.patterns is None or not isinstance(first, Features) or first.positions is None:
        return []
    if final.patterns.shape[1] != len(final.columns):  # of a covariance: a pattern is a matrix, not a map
        return []
    known = {name: i for i, name in enumerate(first.ch_names) if np.isfinite(first.positions[i]).all()}
    groups: dict[str, dict[str, float]] = {}
    for column, value in zip(final.columns, final.patterns[-1], strict=True):
        feature, _, channel = column.rpartition("/")
        if channel in known:
            groups.setdefault(feature, {})[channel] = float(value)
    usable = [(name, channels) for name, channels in groups.items() if len(channels) >= 4]
    return [
        (name, np.array(list(channels.values())), flat(first.positions[[known[c] for c in channels]]))
        for name, channels in usable[:MOST_MAPS]
    ]


def flat(positions: np.ndarray) -> np.ndarray:
    """Project sensors onto the plane: angle kept, distance along the sphere; shape (n, 3) to (n, 2), in m."""
    centred = positions - np.array([0.0, 0.0, positions[:, 2].min() - 1e-3])
    radius = np.linalg.norm(centred, axis=1)
    polar = np.arccos(np.clip(centred[:, 2] / radius, -1, 1)) / (np.pi / 2) * 0.095
    azimuth = np.arctan2(centred[:, 1], centred[:, 0])
    return np.column_stack([polar * np.cos(azimuth), polar * np.sin(azimuth)])


def confusion(results: Results) -> Figure | None:
    """Confusion matrix of the held-out predictions."""
    found = results.scores.get("confusion")
    if not found:
        return None
    counts = np.asarray(found["counts"], dtype=float)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 2.2 + 0.55 * len(counts)
    with axes_of(max(6.0, size + 1.0), size) as (canvas, axis, png):  # as wide as the others, so are its letters
        shown = axis.imshow(share, vmin=0, vmax=1, cmap="Blues")
        for (i, j), n in np.ndenumerate(counts):
            ink = "white" if share[i, j] > 0.6 else INK
            axis.text(j, i, f"{n:.0f}", ha="center", va="center", color=ink, fontsize=9)
        axis.set_xticks(range(len(counts)), found["classes"], rotation=45, ha="right")
        axis.set_yticks(range(len(counts)), found["classes"])
        axis.set(xlabel="predicted", ylabel="true")
        canvas.colorbar(shown, ax=axis, shrink=0.8, label="share of the true class")
        return Figure("Confusion", "Held-out predictions; numbers are samples.", png())


def per_subject(results: Results) -> Figure | None:
    """Score of each subject, or of each fold where there is one subject."""
    score = results.scores["scores"][0]
    named = [(row["subject"], row["value"]) for row in score["per_subject"] or []]
    if len(named) < 2:
        named = [(row["fold"], row["value"]) for row in score["per_fold"]]
    named = [(name, value) for name, value in named if value is not None]
    if not named:
        return None
    with axes_of(6.0, 1.2 + 0.28 * len(named)) as (_, axis, png):
        names, values = zip(*named[::-1], strict=True)
        axis.hlines(range(len(values)), score["chance"], values, color=SOFT, lw=2)
        axis.plot(values, range(len(values)), "o", color=ACCENT)
        axis.axvline(score["chance"], color=INK, lw=1, ls="--")
        axis.set_yticks(range(len(values)), names)
        axis.set(xlabel=score["metric"].replace("_", " "))
        return Figure("Scores", f"{score['metric']} of each one held out; the dashed line is chance.", png())


def null(results: Results) -> Figure | None:
    """Null distribution of the first metric, with the score."""
    score = results.scores["scores"][0]
    values = [value for value in score["null"] or [] if value is not None]
    if len(values) < 2:
        return None
    with axes_of() as (_, axis, png):
        axis.hist(values, bins=min(30, max(5, len(values) // 6)), color=SOFT, edgecolor="white")
        axis.axvline(score["mean"], color=ACCENT, lw=2.5, label="score")
        axis.axvline(score["chance"], color=INK, lw=1, ls="--", label="chance")
        axis.set(xlabel=score["metric"].replace("_", " "), ylabel="permutations")
        axis.legend(frameon=False)
        caption = f"{len(values)} refits with the labels of exchangeable blocks permuted."
        return Figure("Null", caption, png())


def learning(results: Results) -> Figure | None:
    """Loss of each pass over the training samples, one line a fold."""
    fits = [fit for fit in results.fitted if fit.role in ("model", "all")]
    curves = [fit.saw["training"]["curve"] for fit in fits if fit.saw.get("training")]
    if not curves:
        return None
    with axes_of() as (_, axis, png):
        for name, ink in (("loss", ACCENT), ("held_loss", INK)):
            shown = [[point[name] for point in curve] for curve in curves if curve and name in curve[0]]
            for i, values in enumerate(shown):
                label = {"loss": "trained on", "held_loss": "held out inside"}[name] if i == 0 else None
                axis.plot(range(1, len(values) + 1), values, color=ink, lw=1, alpha=0.7, label=label)
        axis.set(xlabel="pass", ylabel="loss")
        axis.legend(frameon=False)
        return Figure("Learning", f"Loss of each pass, a line for each of {len(curves)} fits.", png())
