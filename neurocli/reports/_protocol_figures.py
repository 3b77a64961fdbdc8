"""Figures of what was asked beside the score: decoding over time, few-shot and ablation curves, reliability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..data.results import Results
from ._canvas import ACCENT, INK, SOFT, Figure, axes_of

ALPHA = 0.05


def over_time(results: Results) -> Figure | None:
    """Balanced accuracy at each moment, or of each moment by the fit of another; what passes the test is marked."""
    found = results.scores.get("over_time")
    if not found:
        return None
    caption = f"{found['metric']} of held-out epochs, mean of {found['n_subjects']} subjects. Test: {found['test']}."
    return _matrix(found, caption) if found["generalise"] else _course(found, caption)


def _course(found: Mapping[str, Any], caption: str) -> Figure:
    times, mean = np.array(found["times"]), np.array(found["mean"][0])
    with axes_of() as (_, axis, png):
        axis.axhline(found["chance"], color=INK, lw=1, ls="--")
        axis.plot(times, mean, color=ACCENT, lw=1.8)
        if found["sem"]:
            sem = np.array(found["sem"][0])
            axis.fill_between(times, mean - sem, mean + sem, color=ACCENT, alpha=0.2, lw=0)
        bottom = axis.get_ylim()[0]
        for cluster in found["clusters"]:
            axis.plot([cluster["start"], cluster["end"]], [bottom, bottom], color=INK, lw=4, solid_capstyle="butt")
        axis.set(xlabel="time (s)", ylabel=found["metric"])
        shaded = "The band is one standard error; bars below are clusters of p ≤ .05."
        return Figure("Over time", f"{caption} {shaded}", png())


def _matrix(found: Mapping[str, Any], caption: str) -> Figure:
    times, mean = np.array(found["times"]), np.array(found["mean"])
    reach = max(float(np.abs(mean - found["chance"]).max()), 0.01)
    half = (times[1] - times[0]) / 2 if len(times) > 1 else 0.5
    extent = (times[0] - half, times[-1] + half, times[0] - half, times[-1] + half)
    with axes_of(5.4, 4.4) as (canvas, axis, png):
        shown = axis.imshow(mean, origin="lower", extent=extent, cmap="RdBu_r", aspect="auto",
                            vmin=found["chance"] - reach, vmax=found["chance"] + reach)  # fmt: skip
        passed = np.array(found["p"]) <= ALPHA if found["p"] else np.zeros(mean.shape, bool)
        if passed.any() and not passed.all():
            axis.contour(times, times, passed.astype(float), levels=[0.5], colors=INK, linewidths=1)
        axis.set(xlabel="tested at (s)", ylabel="fitted at (s)")
        canvas.colorbar(shown, ax=axis, shrink=0.85, label=found["metric"])
        return Figure("Generalisation over time", f"{caption} Lines enclose p ≤ .05.", png())


def few_shot(results: Results) -> Figure | None:
    """Score at each number of samples of those held out that were trained on."""
    found = results.scores.get("few_shot")
    if not found:
        return None
    curve = found["curves"][0]
    with axes_of() as (_, axis, png):
        own = np.array([point["per_subject"] for point in curve["points"]], dtype=float)
        axis.plot(found["shots"], own, color=SOFT, lw=0.8)
        axis.axhline(curve["chance"], color=INK, lw=1, ls="--")
        axis.plot(found["shots"], [point["mean"] for point in curve["points"]], "o-", color=ACCENT, lw=2)
        _bars(axis, found["shots"], [point["ci"] for point in curve["points"]])
        axis.set(xlabel="samples a class of one's own", ylabel=curve["metric"], xticks=found["shots"])
        told = "A thin line a subject, bars are 95 % intervals; every point is scored on the same later samples."
        return Figure("Few shots", told, png())


def ablation(results: Results) -> Figure | None:
    """Score when random columns are taken away."""
    found = results.scores.get("ablation")
    if not found:
        return None
    curve = found["curves"][0]
    with axes_of() as (_, axis, png):
        axis.axhline(curve["chance"], color=INK, lw=1, ls="--")
        axis.plot(found["shares"], [point["mean"] for point in curve["points"]], "o-", color=ACCENT, lw=2)
        _bars(axis, found["shares"], [(point["low"], point["high"]) for point in curve["points"]])
        axis.set(xlabel="share of the columns replaced by their mean", ylabel=curve["metric"])
        told = f"Bars hold 95 % of {found['repeats']} random draws of columns; the model is not fitted again."
        return Figure("Ablation", told, png())


def _bars(axis: Any, where: Sequence[float], bounds: Sequence[Sequence[float] | None]) -> None:
    for x, pair in zip(where, bounds, strict=True):
        if pair:
            axis.plot([x, x], pair, color=ACCENT, lw=1.2)


def reliability(results: Results) -> Figure | None:
    """How often an event came where a probability was said."""
    found = results.scores.get("forecast") or {}
    rows = found.get("reliability")
    if not rows:
        return None
    with axes_of(4.4, 3.8) as (_, axis, png):
        axis.plot([0, 1], [0, 1], color=INK, lw=1, ls="--")
        axis.plot([row["said"] for row in rows], [row["came"] for row in rows], "o-", color=ACCENT)
        axis.set(xlabel="probability said", ylabel="share in which it came", xlim=(0, 1), ylim=(0, 1))
        return Figure("Reliability", "Windows by the probability that was said; the dashed line is perfect.", png())
