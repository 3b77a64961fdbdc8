"""Figures of quality control: spectra before and after, maps of what was removed, and the cohort at a glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..data.recording import Image
from ..data.results import Results
from ._canvas import ACCENT, INK, SOFT, WARN, Figure, axes_of
from ._figures import MOST_MAPS, flat
from ._quality_table import COLUMNS, JUDGED, removals

FASTEST = 120.0  # Hz; beyond it a spectrum has nothing to look at
Notes = Sequence[Mapping[str, Any]]


def spectra(name: str, notes: Notes) -> Figure | None:
    """Return the median spectrum of a recording at its first and its last measurement."""
    measured = [note for note in notes if note.get("step") == "quality" and note.get("psd")]
    if not measured:
        return None
    pairs = [("before", measured[0], SOFT)] + [("after", note, ACCENT) for note in measured[-1:] if len(measured) > 1]
    with axes_of(6.0, 3.2) as (_, axis, png):
        for label, note, colour in pairs:
            psd = np.maximum(note["psd"], np.finfo(float).tiny)
            axis.plot(note["freqs"], 10 * np.log10(psd), label=label, color=colour, lw=1.6)
        widest = min(FASTEST, max(note["freqs"][-1] for _, note, _ in pairs))
        axis.set(xlabel="frequency (Hz)", ylabel=f"power (dB re 1 {_unit_of_power(measured[0])})", xlim=(0, widest))
        axis.set_ylim(bottom=_floor(measured[0]))
        axis.legend(frameon=False)
        return Figure(f"Spectra of {name}", f"{name}: median over channels of the spectrum.", png())


def _unit_of_power(note: Mapping[str, Any]) -> str:
    kinds = set(note.get("types", ()))
    return "T²/Hz" if kinds == {"mag"} else "(T/m)²/Hz" if kinds == {"grad"} else "V²/Hz"


def _floor(note: Mapping[str, Any]) -> float:
    """Return a little below what the recording had before cleaning: what a filter left nothing of is no news."""
    known = [value for freq, value in zip(note["freqs"], note["psd"], strict=True) if freq <= FASTEST and value > 0]
    return float(10 * np.log10(min(known))) - 10 if known else -200.0


def maps(name: str, notes: Notes, places: Mapping[str, np.ndarray]) -> Figure | None:
    """Return the maps of the components that were removed, with why."""
    drawn = [(r, *_placed(r, places)) for r in removals(notes)]
    drawn = [(r, values, xy) for r, values, xy in drawn if len(values) >= 4][:MOST_MAPS]
    if not drawn:
        return None
    import mne

    n = len(drawn)
    with axes_of(2.2 * min(n, 6), 2.6 * -(-n // 6), nrows=-(-n // 6), ncols=min(n, 6), squeeze=False) as (_, axes, png):
        for axis in axes.flat[n:]:
            axis.set_axis_off()
        for axis, (removed, values, xy) in zip(axes.flat, drawn, strict=False):
            limit = float(np.abs(values).max()) or 1.0
            mne.viz.plot_topomap(values, xy, axes=axis, show=False, vlim=(-limit, limit), contours=4)
            axis.set_title(_title(removed), fontsize=9)
        return Figure(f"Components of {name}", f"{name}: components that were subtracted, and why.", png())


def _title(removed: Mapping[str, Any]) -> str:
    score = "" if removed["score"] is None else f" {removed['score']:.2f}"
    channel = f" {removed['channel']}" if removed["channel"] else ""
    return f"{removed['component']}: {removed['why']}{channel}{score}"


def _placed(removed: Mapping[str, Any], places: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    known = [i for i, name in enumerate(removed["channels"]) if name in places]
    if len(known) < 4:
        return np.empty(0), np.empty((0, 2))
    xyz = np.array([places[removed["channels"][i]] for i in known])
    return np.array([removed["map"][i] for i in known]), flat(xyz)


def positions(results: Results) -> dict[str, np.ndarray]:
    """Return where channels are, as the first recording that knows says; shape (3,) each, in m."""
    for signal in results.signals:
        if isinstance(signal, Image) or signal.positions is None or signal.ch_types[0] in ("voxel", "region"):
            continue
        xyz = signal.positions
        if np.isfinite(xyz).any():
            return {name: place for name, place in zip(signal.ch_names, xyz, strict=True) if np.isfinite(place).all()}
    return {}


def cohort(rows: Sequence[Mapping[str, Any]]) -> Figure | None:
    """Return one line of dots a measure, a dot a recording, outliers in red."""
    shown = [name for name in JUDGED if len({row[name] for row in rows if row[name] is not None}) > 1]
    if not shown:
        return None
    size = (7.0, 0.9 * len(shown) + 0.4)
    with axes_of(*size, nrows=len(shown), ncols=1, squeeze=False) as (_, axes, png):
        for axis, name in zip(axes.flat, shown, strict=True):
            dots = [(row[name], name in row["outlier_in"]) for row in rows if row[name] is not None]
            scale, unit = _unit(name, dots)
            values, colours = [v * scale for v, _ in dots], [WARN if far else ACCENT for _, far in dots]
            axis.axvline(float(np.median(values)), color=INK, lw=0.8, ls="--")
            axis.scatter(values, np.zeros(len(values)), c=colours, s=28, alpha=0.8, clip_on=False)
            axis.set_yticks([0], [name.replace("_", " ") + (f" ({unit})" if unit else "")])
            axis.xaxis.get_major_locator().set_params(integer=name.startswith("n_"))  # of a count, no halves
            axis.spines["left"].set_visible(False)
        return Figure("Cohort", "A dot is a recording, red an outlier; dashed is the median.", png())


def _unit(name: str, dots: Sequence[tuple[float, bool]]) -> tuple[float, str | None]:
    """Return the factor and the unit that a measure is drawn in."""
    if name.startswith("amplitude"):
        return (1e6, "µV") if dots[0][0] > 1e-9 else (1e15, "fT")  # MEG is in tesla, far below
    unit = COLUMNS[name][1]
    return 1.0, None if unit == "1" else unit
