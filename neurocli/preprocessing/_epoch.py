"""How `epoch` is done: windows first, then what of them is kept, then the arrays and the sample table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data import lazy
from ..data.recording import Epochs, Recording
from ..data.samples import Samples, constant, take
from ..errors import unknown
from ._common import finite, need, refuse, typed_channels
from ._signal import signal_hashes

if TYPE_CHECKING:
    from .epoch import Epoch, Limits


@dataclass(frozen=True)
class Windows:
    """Spans of samples, and which row of ``events.tsv`` each belongs to (-1: none)."""

    start: np.ndarray
    stop: np.ndarray
    row: np.ndarray

    def __getitem__(self, index: np.ndarray) -> Windows:
        return Windows(self.start[index], self.stop[index], self.row[index])

    def __len__(self) -> int:
        return len(self.start)


def epoched(data: Recording, settings: Epoch) -> Epochs:
    """Return the recording cut as the settings say."""
    need(data, settings.name, "recording")
    finite(data)
    windows = _pieces(data, settings) if settings.events is None else _round_events(data, settings)
    reasons = _reasons(data, windows)
    kept = windows[reasons == ""]
    tally = {"n_windows": len(windows), "dropped": dict(Counter(reasons[reasons != ""].tolist()))}
    some_left(data, len(kept), tally)
    segments, hashes = _cut(data, kept)
    return _finished(data, settings, segments, _table(data, kept) | {"signal": hashes}, tally)


def some_left(data: Any, n: int, tally: dict[str, Any]) -> None:
    """Refuse a recording of which no epoch is left (``E-INPUT-EPOCHS``)."""
    if n:
        return
    why = ", ".join(f"{count} {reason}" for reason, count in tally["dropped"].items())
    windows = f"Of {tally['n_windows']} windows none is left ({why or 'the recording is too short for one'})."
    raise refuse(data, "E-INPUT-EPOCHS", windows, "Shorten the windows, raise the limits, or leave the recording out.")


def _pieces(data: Recording, settings: Epoch) -> Windows:
    assert settings.duration is not None
    length = round(settings.duration * data.sfreq)
    if length < 1:
        raise refuse(data, "E-INPUT-EPOCHS", f"{settings.duration:g} s are shorter than one sample.")
    hop = (settings.duration - settings.overlap) * data.sfreq
    start = np.arange(0, data.n_times - length + 1, hop).astype(int)  # rounded as mne.make_fixed_length_events does
    return Windows(start, start + length, _covering(data, (start + length / 2) / data.sfreq))


def _covering(data: Recording, times: np.ndarray) -> np.ndarray:
    """Return, for each time, the last event that lasts over it (-1: none)."""
    row = np.full(len(times), -1)
    for index, (onset, duration) in enumerate(zip(*_spans(data), strict=True)):
        row[(times >= onset) & (times < onset + duration)] = index
    return row


def _spans(data: Recording) -> tuple[np.ndarray, np.ndarray]:
    onset = np.array([_number(x) for x in data.events.get("onset", [])], dtype=float)
    duration = np.array([_number(x) for x in data.events.get("duration", [0.0] * len(onset))], dtype=float)
    return onset, np.nan_to_num(duration)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")


def _round_events(data: Recording, settings: Epoch) -> Windows:
    rows = _chosen(data, settings)
    onset, duration = (column[rows] for column in _spans(data))
    event = np.round((onset + _delays(data, settings)[rows]) * data.sfreq).astype(int)
    start = event + round(settings.tmin * data.sfreq)
    if settings.tmax is not None:
        return Windows(start, event + round(settings.tmax * data.sfreq) + 1, rows)
    stop = event + np.round(duration * data.sfreq).astype(int)
    if not settings.average and len(set((stop - start).tolist())) > 1:
        lengths = f"{duration.min():g} to {duration.max():g} s"
        raise refuse(data, "E-INPUT-EPOCHS", f"Events last {lengths}, so windows differ.", "Give tmax, or average.")
    return Windows(start, stop, rows)


def _chosen(data: Recording, settings: Epoch) -> np.ndarray:
    values = event_column(data, str(settings.events))
    wanted = None if settings.only is None else set(settings.only)
    for value in sorted(wanted or ()):
        if value not in values:
            known = {str(v) for v in values if v not in (None, "n/a", "")}
            raise refuse(data, "E-INPUT-EVENTS", unknown(f"value of {settings.events}", value, known))
    onset = _spans(data)[0] + _delays(data, settings)
    chosen = [
        i
        for i, value in enumerate(values)
        if value not in (None, "n/a", "") and (wanted is None or value in wanted) and np.isfinite(onset[i])
    ]
    return np.array(chosen, dtype=int)


def _delays(data: Recording, settings: Epoch) -> np.ndarray:
    """Return how long after its onset each event is looked at, in s; NaN where it never is."""
    if settings.lock is None:
        return np.zeros(len(data.events.get("onset", [])))
    return np.array([_seconds(value) for value in event_column(data, settings.lock)])


def _seconds(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):  # n/a, as no answer was given
        return float("nan")


def event_column(data: Recording, column: str) -> list[Any]:
    """Return a column of the events (``E-INPUT-EVENTS`` where there are none, or not that column)."""
    name = _events_file(data)
    if not data.events.get("onset"):
        raise refuse(data, "E-INPUT-EVENTS", f"There are no events: {name} is missing or has no rows.", f"Add {name}.")
    if column not in data.events:
        raise refuse(data, "E-INPUT-EVENTS", f"{name}: {unknown('column', column, data.events)}")
    return data.events[column]


def _events_file(data: Recording) -> str:
    from ..data.entities import stem

    file_level = {k: v for k, v in data.entities.items() if k not in ("space", "description", "recording")}
    return f"{stem(file_level)}_events.tsv"


def _reasons(data: Recording, windows: Windows) -> np.ndarray:
    """Return why each window is dropped; an empty word where it is kept."""
    reasons = np.full(len(windows), "", dtype=object)
    for onset, duration, description in data.annotations:
        if str(description).upper().startswith("BAD"):
            first, last = float(onset) * data.sfreq, (float(onset) + float(duration)) * data.sfreq
            reasons[(first < windows.stop) & (last > windows.start)] = f"under {description!r}"
    reasons[(windows.start < 0) | (windows.stop > data.n_times)] = "outside the recording"
    reasons[windows.stop <= windows.start] = "without duration"
    return reasons


def _cut(data: Recording, windows: Windows) -> tuple[Any, list[str | None]]:
    """Return the segments, shape (n_epochs, n_channels, n_times), or a list of them where lengths differ; and hashes.

    Many segments are not copied: they are cut when somebody looks.
    """
    segments = _segments(data, windows)
    each = _filled(segments, data, windows.start) if isinstance(segments, np.ndarray) else segments
    return segments, signal_hashes(data, each, windows.start)  # looks at every segment, in this order


def _segments(data: Recording, windows: Windows) -> Any:
    """Return the segments; where they are to be copied, the room for them."""
    lengths = windows.stop - windows.start
    if (lengths != lengths[0]).any():
        return [data.data[:, start:stop] for start, stop in zip(windows.start, windows.stop, strict=True)]
    n_epochs, n_times = len(windows), int(lengths[0])
    if n_epochs * len(data.ch_names) * n_times * data.data.dtype.itemsize >= lazy.LAZY:
        return lazy.Windows(data.data, windows.start, n_times)
    return np.empty((n_epochs, len(data.ch_names), n_times), dtype=data.data.dtype)


def _filled(out: np.ndarray, data: Recording, starts: np.ndarray) -> Iterator[np.ndarray]:
    """Yield each segment as it is copied, so that it is hashed while the processor still holds it."""
    for segment, start in zip(out, starts, strict=True):
        segment[...] = data.data[:, start : start + segment.shape[-1]]
        yield segment


def _finished(data: Recording, settings: Epoch, segments: Any, samples: Samples, tally: dict[str, Any]) -> Epochs:
    x = _baselined(data, settings, segments)
    good = _within_limits(data, settings, x, tally)
    some_left(data, int(good.sum()), tally)
    if settings.average:
        x = np.stack([segment.mean(axis=-1, keepdims=True) for segment in x])
    whole = bool(good.all())
    index = np.flatnonzero(good)
    return Epochs(
        data=_kept(x, index),
        samples=samples if whole else take(samples, index),
        tmin=settings.tmin,
        notes=(*data.notes, {"step": settings.name, "n_epochs": len(index), **tally}),
        **{name: getattr(data, name) for name in CARRIED},
    )


def _kept(x: Any, index: np.ndarray) -> Any:
    if isinstance(x, lazy.Windows):
        return x.taken(index)
    whole = len(index) == len(x)
    return np.asarray(x) if whole else np.asarray(x)[index]


CARRIED = ("sfreq", "ch_names", "ch_types", "units", "entities", "positions", "bads", "reference", "line_freq", "info")


def _table(data: Recording, windows: Windows) -> Samples:
    table = constant(data.entities, len(windows))
    table["onset"] = (windows.start / data.sfreq).tolist()
    table["duration"] = ((windows.stop - windows.start) / data.sfreq).tolist()
    for column, values in data.events.items():
        if column not in ("onset", "duration"):
            table[f"events/{column}"] = [values[i] if i >= 0 else None for i in windows.row]
    return table


def _baselined(data: Recording, settings: Epoch, segments: Any) -> Any:
    if settings.baseline is None:
        return segments
    low, high = settings.baseline
    half = 0.5 / data.sfreq  # both ends count, whatever rounding does to them
    first, last = (-np.inf if low is None else low - half), (np.inf if high is None else high + half)

    def moved(segment: np.ndarray) -> np.ndarray:
        times = settings.tmin + np.arange(segment.shape[-1]) / data.sfreq
        inside = (times >= first) & (times <= last)
        if not inside.any():
            raise refuse(data, "E-INPUT-EPOCHS", f"No sample of the window lies in the baseline {low} to {high} s.")
        changed: np.ndarray = segment - segment[..., inside].mean(axis=-1, keepdims=True)
        return changed

    if isinstance(segments, lazy.Windows):
        moved(segments[0])  # a baseline outside the window is refused now
        return segments.changed(moved)
    out = [moved(segment) for segment in segments]
    return np.stack(out) if isinstance(segments, np.ndarray) else out


def _within_limits(data: Recording, settings: Epoch, x: Any, tally: dict[str, Any]) -> np.ndarray:
    """Return which epochs keep to the limits, and count in `tally` the others and the channels that did not."""
    good = np.ones(len(x), dtype=bool)
    culprits: Counter[str] = Counter()
    for limits, word, sign in ((settings.reject, "above reject", 1), (settings.flat, "below flat", -1)):
        beyond = _beyond(data, limits, x, sign)
        if (n := int((good & beyond.any(axis=1)).sum())) > 0:
            tally["dropped"][word] = n
        good &= ~beyond.any(axis=1)
        culprits.update({data.ch_names[i]: int(beyond[:, i].sum()) for i in np.flatnonzero(beyond.any(axis=0))})
    if culprits:
        tally["channels"] = dict(culprits.most_common())
    return good


def _beyond(data: Recording, limits: Limits | None, x: Any, sign: int) -> np.ndarray:
    beyond = np.zeros((len(x), len(data.ch_names)), dtype=bool)
    for kind, limit in (limits.model_dump(exclude_none=True) if limits else {}).items():
        if kind not in data.ch_types:
            raise refuse(data, "E-INPUT-CHANNELS", f"reject or flat names {kind}, and no channel is of that type.")
        picks = typed_channels(data, {kind}, bads=False)
        spread = np.stack([np.ptp(segment[picks], axis=-1) for segment in x])
        beyond[:, picks] = sign * spread > sign * limit
    return beyond
