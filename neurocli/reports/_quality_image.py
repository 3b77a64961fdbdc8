"""Figures of images: the carpet under its traces, and three planes with the outline of the brain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._canvas import ACCENT, INK, SOFT, WARN, Figure, axes_of

Notes = Sequence[Mapping[str, Any]]
HIGH = 0.5  # mm; volumes above it are counted in the table


def carpets(name: str, notes: Notes) -> Figure | None:
    """Return displacement, DVARS and the carpet of a series, at its first and its last measurement."""
    measured = [note for note in notes if note.get("step") == "quality" and note.get("carpet")]
    if not measured:
        return None
    shown = [measured[0], *measured[1:][-1:]]
    heights = [1.0, 1.0] + [2.2] * len(shown)
    with axes_of(7.0, 1.3 * sum(heights), nrows=len(heights), ncols=1, height_ratios=heights) as (_, axes, png):
        _displaced(axes[0], measured[-1])
        for note, colour in zip(shown, (SOFT, ACCENT), strict=False):
            axes[1].plot(_plain(note["dvars"]), color=colour, lw=1.2, label="before" if note is shown[0] else "after")
        axes[1].set(ylabel="DVARS", xlim=(0, len(measured[0]["dvars"]) - 1))
        axes[1].legend(frameon=False)
        for axis, note in zip(axes[2:], shown, strict=True):
            _carpet(axis, note, "before" if note is shown[0] else "after")
        return Figure(f"Carpet of {name}", f"{name}: displacement, DVARS, and voxels over time from the rim of the "
                      "brain (top) to its middle, in standard deviations from -3 (dark) to 3.", png())  # fmt: skip


def _displaced(axis: Any, note: Mapping[str, Any]) -> None:
    if "displacement_m" in note:
        axis.plot(_plain(note["displacement_m"]) * 1e3, color=INK, lw=1.2)
        axis.axhline(HIGH, color=WARN, lw=0.8, ls="--")
    else:
        axis.text(0.5, 0.5, "motion is not known", ha="center", va="center", transform=axis.transAxes)
    axis.set(ylabel="FD (mm)", xlim=(0, len(note["dvars"]) - 1))


def _carpet(axis: Any, note: Mapping[str, Any], word: str) -> None:
    n_volumes = len(note["dvars"])
    axis.imshow(np.array(note["carpet"]) / 10, cmap="gray", vmin=-3, vmax=3, aspect="auto", interpolation="nearest",
                extent=(0, n_volumes - 1, len(note["carpet"]), 0))  # fmt: skip
    axis.set(ylabel=f"voxels, {word}", xlabel="volume", yticks=[])


def _plain(values: Sequence[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def outlines(name: str, notes: Notes) -> Figure | None:
    """Return the middle planes of an image, the brain that it was registered to drawn round, as last measured."""
    drawn = next((note for note in reversed(notes) if note.get("step") == "quality" and note.get("planes")), None)
    if drawn is None:
        return None
    with axes_of(7.0, 2.9, nrows=1, ncols=3) as (_, axes, png):
        for axis, plane in zip(axes, drawn["planes"], strict=True):
            axis.imshow(np.array(plane["grey"]).T, cmap="gray", origin="lower", vmin=0, vmax=99)
            if plane["mask"] is not None and np.ptp(plane["mask"]):
                axis.contour(np.array(plane["mask"]).T, levels=[0.5], colors=[WARN], linewidths=1.2)
            axis.set_axis_off()
        said = "" if drawn["planes"][0]["mask"] is None else " Red: the brain of its mask."
        return Figure(f"Outlines of {name}", f"{name}: the middle planes.{said}", png())
