"""How `maxwell_filter` and `ssp` are done."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import mne

from ..data.recording import Recording
from ._common import finite, named_channels, need, noted, refuse, typed_channels
from ._head_movement import head_positions
from ._mne import to_raw
from ._signal import before_fit

if TYPE_CHECKING:
    from .maxwell_filter import MaxwellFilter
    from .ssp import Ssp

MEG = ("mag", "grad", "ref_meg")


def separated(data: Recording, settings: MaxwellFilter) -> Recording:
    """Return the recording with fields from outside the helmet removed."""
    need(data, settings.name, "recording")
    picks = typed_channels(data, MEG)
    if not picks or data.info is None:
        why = "There is no MEG channel." if not picks else "The geometry of the sensors is not known any more."
        raise refuse(data, "E-INPUT-MEG", why, "Put maxwell_filter first, on recordings with datatype meg.")
    finite(data, picks)
    raw = to_raw(data)
    _checked(data, raw, settings)
    bads = [data.ch_names[i] for i in picks if data.ch_names[i] in data.bads]
    options = settings.model_dump(exclude={"digest", "movement"})
    options["head_pos"], moved = head_positions(data, raw) if settings.movement else (None, {})
    try:
        found = mne.preprocessing.maxwell_filter(raw, bad_condition="warning", verbose="ERROR", **options)
    except (RuntimeError, ValueError) as error:  # MNE's own words on what this recording lacks
        raise refuse(data, "E-INPUT-MEG", f"Maxwell filtering is not possible: {error}") from error
    found = found.pick(raw.ch_names)  # MNE adds channels that tell where the head was
    note = {"coord_frame": settings.coord_frame, "st_duration": settings.st_duration, "rebuilt": bads, **moved}
    left = tuple(name for name in data.bads if name not in bads)
    return noted(data, settings.name, note, data=found.get_data(), bads=left, info=found.info.to_json_dict())


def _checked(data: Recording, raw: Any, settings: MaxwellFilter) -> None:
    if settings.coord_frame == "head" and raw.info["dev_head_t"] is None:
        message = "The position of the head in the helmet is unknown."
        raise refuse(data, "E-INPUT-MEG", message, "For an empty room set coord_frame: meg, else leave it out.")
    if settings.st_duration is not None and data.n_times < settings.st_duration * data.sfreq:
        length = data.n_times / data.sfreq
        message = f"{length:g} s are shorter than st_duration, {settings.st_duration:g} s."
        raise refuse(data, "E-INPUT-SHORT", message)


def projected(data: Recording, settings: Ssp) -> Recording:
    """Return the recording with the patterns of the projectors removed."""
    need(data, settings.name, "recording")
    finite(data)
    raw = to_raw(data).copy()
    if not settings.saved:
        raw.del_proj()
    for kind, n, channel in (("eog", settings.n_eog, settings.eog), ("ecg", settings.n_ecg, settings.ecg)):
        if n:
            raw.add_proj(_patterns(data, raw, kind, n, channel), verbose="ERROR")
    applied = [str(projector["desc"]) for projector in raw.info["projs"]]
    raw.apply_proj(verbose="ERROR")
    info = None if data.info is None else raw.info.to_json_dict()
    return noted(data, settings.name, {"projectors": applied} | before_fit(data), data=raw.get_data(), info=info)


def _patterns(data: Recording, raw: Any, kind: str, n: int, channel: str | None) -> list[Any]:
    """Return the projectors of averaged blinks or heartbeats (``E-INPUT-EPOCHS`` where none was found)."""
    names = [channel] if channel else [data.ch_names[i] for i in typed_channels(data, {kind})][:1]
    if not names:
        raise refuse(
            data, "E-INPUT-CHANNELS", f"There is no channel of type {kind}.", f"Name one: ssp: {{{kind}: ...}}"
        )
    named_channels(data, names)
    compute = getattr(mne.preprocessing, f"compute_proj_{kind}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            found, _ = compute(
                raw, n_grad=n, n_mag=n, n_eeg=n, ch_name=names[0], reject=None, no_proj=True, verbose="ERROR"
            )
        except (RuntimeError, ValueError, IndexError) as error:
            raise _nothing_seen(data, kind, names[0], error) from error
    if not found:
        raise _nothing_seen(data, kind, names[0], "no event")
    return list(found)


def _nothing_seen(data: Recording, kind: str, channel: str, why: object) -> Exception:
    what = "blink" if kind == "eog" else "heartbeat"
    return refuse(data, "E-INPUT-EPOCHS", f"No {what} could be made out in {channel}: {why}.", f"Set n_{kind}: 0.")
