"""How `filter`, `notch` and `filter_bank` are done: MNE's filters, checked and described beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import mne
import numpy as np
from scipy import signal

from ._common import Signal, by_channel, finite, need, noted, refuse, stretches, typed_channels, with_rows

if TYPE_CHECKING:
    from .filter import Filter

mne.set_log_level("ERROR")


def band_pass(data: Signal, settings: Filter) -> Signal:
    """Return the recording filtered as the settings of `filter` say."""
    need(data, settings.name, "recording", "epochs")
    picks = typed_channels(data, settings.types)
    finite(data, picks)
    filtered, numbers = pass_band(data, picks, settings)
    return noted(data, settings.name, numbers, data=with_rows(data.data, picks, filtered))


def pass_band(data: Signal, picks: Sequence[int], settings: Filter) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the filtered channels, shape (..., n_picks, n_times), and the numbers that describe the filter."""
    below_nyquist(data, [edge for edge in (settings.l_freq, settings.h_freq) if edge is not None])
    _room_above(data, settings)
    options = _options(settings)
    numbers = dict(_description(data.sfreq, settings.model_copy(update={"types": None})))  # a list has no hash
    long_enough(data, numbers["filter_length"] if settings.method == "fir" else 3 * settings.order)

    def once(x: np.ndarray) -> np.ndarray:
        filtered: np.ndarray = mne.filter.filter_data(x, data.sfreq, settings.l_freq, settings.h_freq, **options)
        return filtered

    return by_channel(data.data, picks, lambda x: by_stretch(data, x, once)), numbers


def below_nyquist(data: Signal, freqs: Sequence[float], beside: float = 0.0) -> None:
    """Refuse frequencies that the recording cannot have, or not with so much `beside` them (``E-INPUT-NYQUIST``)."""
    nyquist = data.sfreq / 2
    for freq in freqs:
        if freq + beside >= nyquist:
            wide = f" and the {beside:g} Hz beside it" if freq < nyquist else ""
            raise refuse(
                data,
                "E-INPUT-NYQUIST",
                f"{freq:g} Hz{wide} is not below {nyquist:g} Hz, half the sampling frequency.",
                "Lower the frequency, or leave this recording out.",
            )


def _room_above(data: Signal, settings: Filter) -> None:
    """Refuse a transition that would end beyond half the sampling frequency (``E-INPUT-NYQUIST``)."""
    if settings.method == "iir" or settings.h_freq is None or settings.h_trans_bandwidth is None:
        return
    end, nyquist = settings.h_freq + settings.h_trans_bandwidth, data.sfreq / 2
    if end > nyquist:
        message = f"The transition above {settings.h_freq:g} Hz ends at {end:g} Hz, beyond half the sampling frequency,"
        remedy = "Narrow h_trans_bandwidth, lower h_freq, or leave this recording out."
        raise refuse(data, "E-INPUT-NYQUIST", f"{message} {nyquist:g} Hz.", remedy)


def long_enough(data: Signal, n_taps: int) -> None:
    """Refuse a recording in which a stretch is shorter than the filter (``E-INPUT-SHORT``)."""
    shortest = min((part.stop - part.start for part in stretches(data)), default=0)
    if n_taps > shortest:
        raise refuse(
            data,
            "E-INPUT-SHORT",
            f"{shortest / data.sfreq:g} s of signal are shorter than the filter of {n_taps / data.sfreq:g} s.",
            "Filter before cutting into epochs, raise l_freq, widen the transition band, or leave the recording out.",
        )


def by_stretch(data: Signal, x: np.ndarray, once: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Apply a filter of equal output length to each stretch between cuts; what lies in a cut stays as it is."""
    parts = list(stretches(data))
    if parts == [slice(0, x.shape[-1])]:
        return once(x)
    out = x.copy()
    for part in parts:
        out[..., part] = once(np.ascontiguousarray(x[..., part]))
    return out


def _options(settings: Filter) -> dict[str, Any]:
    options: dict[str, Any] = {"method": settings.method, "phase": settings.phase}
    if settings.method == "iir":
        return options | {"iir_params": {"order": settings.order, "ftype": "butter", "output": "sos"}}
    widths = {"l_trans_bandwidth": settings.l_trans_bandwidth, "h_trans_bandwidth": settings.h_trans_bandwidth}
    return options | {name: "auto" if width is None else width for name, width in widths.items()}


@lru_cache(64)
def _description(sfreq: float, settings: Filter) -> dict[str, Any]:
    """Return the numbers of a filter, designed once for all recordings of a rate."""
    designed = mne.filter.create_filter(None, sfreq, settings.l_freq, settings.h_freq, **_options(settings))
    edges = {"l_freq": settings.l_freq, "h_freq": settings.h_freq, "method": settings.method, "phase": settings.phase}
    if settings.method == "iir":
        delay = 0.0 if settings.phase.startswith("zero") else _delay(sfreq, settings, sos=designed["sos"])
        return edges | {"order": settings.order, "filter_length": None, "delay_s": delay}
    delay = 0.0 if settings.phase.startswith("zero") else _delay(sfreq, settings, taps=designed)
    return edges | {"filter_length": len(designed), "delay_s": delay, **_transitions(sfreq, settings)}


def _transitions(sfreq: float, settings: Filter) -> dict[str, float]:
    """Return the transition widths in Hz; the rule for the automatic ones is MNE's."""
    widths = {}
    if (low := settings.l_freq) is not None:
        widths["l_trans_bandwidth"] = settings.l_trans_bandwidth or min(max(low * 0.25, 2.0), low)
    if (high := settings.h_freq) is not None:
        widths["h_trans_bandwidth"] = settings.h_trans_bandwidth or min(max(high * 0.25, 2.0), sfreq / 2 - high)
    return widths


def _delay(sfreq: float, settings: Filter, *, taps: np.ndarray | None = None, sos: np.ndarray | None = None) -> float:
    """Return the group delay in the middle of the pass band, in s."""
    low, high = settings.l_freq or 0.0, settings.h_freq or sfreq / 2
    freqs = (low + high) / 2 + np.array([-1e-3, 1e-3])
    _, response = signal.freqz(taps, worN=freqs, fs=sfreq) if sos is None else signal.freqz_sos(sos, freqs, fs=sfreq)
    phase = np.unwrap(np.angle(response))
    return float((phase[0] - phase[1]) / (2 * np.pi * (freqs[1] - freqs[0])))
