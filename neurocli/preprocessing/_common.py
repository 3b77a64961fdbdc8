"""What steps share: notes, channels by name and type, and the refusals that several of them make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from ..data import lazy
from ..data.entities import stem
from ..data.lazy import Series, plain
from ..data.recording import Epochs, Image, Recording
from ..errors import ConfigError, InputError, unknown

Signal = TypeVar("Signal", Recording, Epochs)
Data = TypeVar("Data", Recording, Epochs, Image)
NOT_SIGNALS = frozenset({"stim", "syst", "misc"})  # triggers and the like: never filtered or scaled
CUTS = ("edge", "bad_acq_skip")  # annotations at which the recording was cut, spelt as MNE spells them
KINDS: dict[str, type] = {"recording": Recording, "epochs": Epochs, "image": Image}


def need(data: Any, step: str, *kinds: str) -> None:
    """Refuse data of another kind than the step takes (``E-CONFIG-ORDER``)."""
    if isinstance(data, tuple(KINDS[kind] for kind in kinds)):
        return
    raise ConfigError(
        f"The step {step!r} takes {' or '.join(kinds)}, but is given {getattr(data, 'kind', type(data).__name__)}.",
        code="E-CONFIG-ORDER",
        remedy="Change the order of the steps in preprocess.",
    )


def noted(data: Data, step: str, numbers: dict[str, Any], /, **changes: Any) -> Data:
    """Return new data with `changes`, and a line about what the step did at the end of its notes."""
    return replace(data, notes=(*data.notes, {"step": step, **numbers}), **changes)


def where(data: Any) -> str:
    """Return the name of the recording, for error messages."""
    suffix = data.entities.get("suffix", "")
    return "_".join(part for part in (stem(data.entities), suffix) if part) or "recording"


def refuse(data: Any, code: str, message: str, remedy: str | None = None) -> InputError:
    """Return the error for a recording that a step cannot take."""
    return InputError(message, code=code, where=where(data), remedy=remedy)


def named_channels(data: Signal, names: Collection[str]) -> list[int]:
    """Return the indices of channels by name (``E-INPUT-CHANNELS`` where one is unknown)."""
    place = {name: index for index, name in enumerate(data.ch_names)}
    for name in names:
        if name not in place:
            raise refuse(data, "E-INPUT-CHANNELS", unknown("channel", name, data.ch_names))
    return [place[name] for name in names]


def typed_channels(data: Signal, types: Collection[str] | None = None, bads: bool = True) -> list[int]:
    """Return the indices of channels of some types (None: all that carry signal), with or without the bad ones."""
    wanted = set(types) if types is not None else set(data.ch_types) - NOT_SIGNALS
    return [
        index
        for index, (name, ch_type) in enumerate(zip(data.ch_names, data.ch_types, strict=True))
        if ch_type in wanted and (bads or name not in data.bads)
    ]


def unique_names(data: Signal) -> None:
    """Refuse a recording in which two channels have one name (``E-INPUT-CHANNELS``)."""
    twice = [name for name, count in Counter(data.ch_names).items() if count > 1]
    if twice:
        raise refuse(
            data, "E-INPUT-CHANNELS", f"Several channels are called {twice[0]!r}.", "Rename them in channels.tsv."
        )


def finite(data: Signal, picks: Sequence[int] | None = None) -> None:
    """Refuse channels with NaN or infinite samples, unless they are marked bad (``E-INPUT-NAN``)."""
    picks = range(len(data.ch_names)) if picks is None else picks
    sums = _sums(data.data)  # one pass, no temporary array: a NaN or an infinity survives the sum
    broken = ~np.isfinite(sums).reshape(-1, sums.shape[-1]).all(axis=0)
    names = [data.ch_names[i] for i in picks if broken[i] and data.ch_names[i] not in data.bads]
    if names:
        raise refuse(
            data,
            "E-INPUT-NAN",
            f"Samples of {_some(names)} are not finite numbers.",
            "Mark these channels bad in channels.tsv, or drop them with pick: {exclude: [...]}.",
        )


def _sums(x: Any) -> np.ndarray:
    """Return the sum over time of each channel, shape (..., n_channels)."""
    with np.errstate(invalid="ignore"):  # infinities of both signs make a NaN, which is what is looked for
        if isinstance(x, Series):
            return np.asarray(np.sum([_sums(part) for part in x.spans()], axis=0))
        if x.dtype.kind != "f":
            return np.zeros(x.shape[:-1])  # whole numbers are finite
        return np.asarray(x @ np.ones(x.shape[-1], x.dtype))  # by BLAS in two thirds of the time of a sum


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    if len(names) > 5:
        return f"{shown} and {len(names) - 5} more channels"
    return f"channel{'s' * (len(names) > 1)} {shown}"


def keep_channels(data: Signal, picks: Sequence[int]) -> dict[str, Any]:
    """Return the fields of a recording that change when only the channels at `picks` stay."""
    names = tuple(data.ch_names[i] for i in picks)
    return {
        "data": _rows(data.data, picks),
        "ch_names": names,
        "ch_types": tuple(data.ch_types[i] for i in picks),
        "units": tuple(data.units[i] for i in picks),
        "positions": None if data.positions is None else data.positions[list(picks)],
        "bads": tuple(name for name in data.bads if name in names),
    }


def _rows(x: Any, picks: Sequence[int]) -> Any:
    return x.picked(picks) if isinstance(x, Series) else plain(x)[..., list(picks), :]


def with_rows(x: np.ndarray, picks: Sequence[int], rows: np.ndarray) -> np.ndarray:
    """Return a new array in which the channels at `picks` are `rows`; `x` is left alone.

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
    picks : sequence of int
    rows : array, shape (..., n_picks, n_times)
    """
    if list(picks) == list(range(x.shape[-2])):
        return rows
    out = lazy.empty(x.shape, np.result_type(x, rows))
    out[...] = x
    for place, pick in enumerate(picks):
        out[..., pick, :] = rows[..., place, :]
    return out


def doubles(x: np.ndarray, picks: Sequence[int]) -> np.ndarray:
    """Return the channels at `picks` as float64, without a copy where they are all there and float64 already."""
    whole = list(picks) == list(range(x.shape[-2]))
    return np.asarray(x if whole else x[..., list(picks), :], dtype=np.float64)


def by_channel(x: np.ndarray, picks: Sequence[int], work: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return what `work` makes of the channels at `picks`; of a long recording channel by channel, into a file.

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
    picks : sequence of int
    work : callable
        Takes and returns float64 channels, shape (..., n, n_times), and does to each what it would do to it alone.
    """
    if len(picks) * x[..., 0, :].size * 8 < lazy.LARGE:
        return work(doubles(x, picks))
    first = work(doubles(x, picks[:1]))
    out = lazy.empty((*first.shape[:-2], len(picks), first.shape[-1]))
    out[..., :1, :] = first
    for place in range(1, len(picks)):
        out[..., place : place + 1, :] = work(doubles(x, picks[place : place + 1]))
    return out


def stretches(data: Signal) -> Iterator[slice]:
    """Yield the spans of samples between the cuts of a recording; filters must not look across these."""
    n_times, start = data.data.shape[-1], 0
    cuts = [a for a in getattr(data, "annotations", ()) if str(a[2]).lower().startswith(CUTS)]
    for onset, duration, _ in sorted((float(a[0]), float(a[1]), str(a[2])) for a in cuts):
        stop = min(round(onset * data.sfreq), n_times)
        if stop > start:
            yield slice(start, stop)
        start = max(start, round((onset + duration) * data.sfreq))
    if start < n_times:
        yield slice(start, n_times)
