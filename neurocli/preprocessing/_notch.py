"""How `notch` is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mne
import numpy as np

from ..errors import ConfigError
from ._common import Signal, by_channel, finite, need, noted, typed_channels, where, with_rows
from ._filter import below_nyquist, by_stretch, long_enough
from ._mains import mains

if TYPE_CHECKING:
    from .notch import Notch

TRANSITION = 1.0  # Hz; the default of `mne.filter.notch_filter`
LENGTH_FACTOR = 3.3  # of a Hamming-windowed FIR filter: length = factor / transition width


def notched(data: Signal, settings: Notch) -> Signal:
    """Return the recording without the frequencies of the settings."""
    need(data, settings.name, "recording", "epochs")
    picks = typed_channels(data, settings.types)
    finite(data, picks)
    freqs, source = _freqs(data, settings)
    below_nyquist(data, freqs, TRANSITION)
    if settings.method == "fir":
        long_enough(data, int(LENGTH_FACTOR / (TRANSITION / 2) * data.sfreq))
    passes = [np.array([freq]) for freq in freqs] if settings.method == "iir" else [np.array(freqs)]
    filter_length = "10s" if settings.method == "spectrum_fit" else "auto"

    def once(x: np.ndarray) -> np.ndarray:
        for gaps in passes:
            x = _without(x, gaps)
        return x

    def _without(x: np.ndarray, gaps: np.ndarray) -> np.ndarray:
        try:
            cut: np.ndarray = mne.filter.notch_filter(
                x, data.sfreq, gaps, filter_length, notch_widths=settings.widths, method=settings.method
            )
        except ValueError as error:  # gaps that overlap, or reach down to 0 Hz
            message = f"notch: there is no such filter at {data.sfreq:g} Hz: {error}"
            remedy = "Take the frequencies further apart or higher, or the widths narrower."
            raise ConfigError(message, code="E-CONFIG-VALUE", where=where(data), remedy=remedy) from error
        return cut

    rows = by_channel(data.data, picks, lambda x: by_stretch(data, x, once))
    widths = [settings.widths or freq / 200 for freq in freqs]
    numbers = {"freqs": freqs, "widths": widths, "method": settings.method, **source}
    return noted(data, settings.name, numbers, data=with_rows(data.data, picks, rows))


def _freqs(data: Signal, settings: Notch) -> tuple[list[float], dict[str, Any]]:
    """Return the frequencies to remove, scaled to the mains where the settings ask for it, and the note on that."""
    if not settings.auto:
        return list(settings.freqs), {}
    first = settings.freqs[0]
    found, source = mains(data, first)
    return [freq * found / first for freq in settings.freqs], source
