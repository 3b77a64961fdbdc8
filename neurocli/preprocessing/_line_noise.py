"""How `line_noise` is done: ZapLine and spectrum interpolation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft, linalg, signal

from ._common import Signal, doubles, finite, need, noted, refuse, typed_channels, with_rows
from ._filter import below_nyquist
from ._mains import mains
from ._signal import before_fit

if TYPE_CHECKING:
    from .line_noise import LineNoise


def unlined(data: Signal, settings: LineNoise) -> Signal:
    """Return the recording without mains interference."""
    need(data, settings.name, "recording")
    picks = typed_channels(data, settings.types)
    finite(data, picks)
    freq, source = mains(data, settings.freq) if settings.auto else (settings.freq, {})
    below_nyquist(data, [freq])
    if data.data.shape[-1] < 4 * data.sfreq:
        raise refuse(data, "E-INPUT-SHORT", "Less than 4 s of signal do not resolve the line from its neighbours.")
    out, numbers = np.array(data.data, dtype=np.float64), {}
    for kind in dict.fromkeys(data.ch_types[i] for i in picks):
        mine = [i for i in picks if data.ch_types[i] == kind]
        good = [i for i in mine if data.ch_names[i] not in data.bads]
        x = doubles(data.data, mine)
        fitted = [mine.index(i) for i in good]
        out[mine], numbers[kind] = _cleaned(x, fitted, data.sfreq, freq, settings)
    note = {"freq": freq, **source, "method": settings.method, "types": numbers, **before_fit(data)}
    return noted(data, settings.name, note, data=with_rows(out, range(len(out)), out))


def _cleaned(
    x: np.ndarray, good: list[int], sfreq: float, freq: float, settings: LineNoise
) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the channels without the line, and the numbers; bad channels are interpolated in the spectrum."""
    n_removed = None
    if settings.method == "zapline" and len(good) > 1:
        clean = np.array(x)
        clean[good], n_removed = zapline(x[good], sfreq, freq, settings.n_remove, settings.width)
    else:
        clean = interpolated(x, sfreq, freq, settings.width)
    before, after = (line_power(part[good], sfreq, freq) for part in (x, clean))
    return clean, {"n_removed": n_removed, "line_db_before": before, "line_db_after": after}


def harmonics(sfreq: float, freq: float) -> np.ndarray:
    """Return the frequency and its multiples below Nyquist, in Hz."""
    return np.arange(freq, sfreq / 2, freq)


def line_power(x: np.ndarray, sfreq: float, freq: float) -> float:
    """Return the median over channels of the power at `freq` relative to that 2 to 4 Hz beside it, in dB."""
    freqs, psd = signal.welch(x, sfreq, nperseg=min(x.shape[-1], round(4 * sfreq)))
    beside = (np.abs(freqs - freq) >= 2) & (np.abs(freqs - freq) <= 4)
    line = psd[:, np.abs(freqs - freq).argmin()]
    ratio = line / np.maximum(psd[:, beside].mean(axis=-1), np.finfo(float).tiny)
    return float(10 * np.log10(max(float(np.median(ratio)), 1e-30)))


def zapline(
    x: np.ndarray, sfreq: float, freq: float, n_remove: int | None = None, width: float = 1.0
) -> tuple[np.ndarray, int]:
    """Return the signal without its line components, and how many they were.

    ZapLine splits off what a moving average over one period lets pass, and cleans the rest, which is everything above
    half the line. Here the rest is narrow bands round the harmonics, so that nothing else is touched.

    Parameters
    ----------
    x : array, shape (n_channels, n_times)
        Signal.
    n_remove : int, optional
        Components to remove; by default the outliers among the ratios of line to rest.
    width : float
        Half width of the bands, in Hz; they fade out over as much again.

    References
    ----------
    de Cheveigné (2020) NeuroImage 207:116356.
    """
    rest = _comb(x, sfreq, freq, width)
    filters, ratio = _line_filters(x, sfreq, freq)
    n = _outliers(ratio) if n_remove is None else min(n_remove, len(ratio))
    components = filters[:, :n].T @ rest
    if n == 0:
        return x.copy(), 0
    weights = linalg.lstsq(components.T, rest.T)[0]
    return x - weights.T @ components, n


def _comb(x: np.ndarray, sfreq: float, freq: float, width: float) -> np.ndarray:
    """Return the part of the signal near the harmonics, with the ends mirrored."""
    n = x.shape[-1]
    pad = min(n - 1, int(np.ceil(2 * sfreq / width)))
    padded = np.pad(x, ((0, 0), (pad, pad)), mode="reflect", reflect_type="odd")
    size = fft.next_fast_len(padded.shape[-1], real=True)
    distance = np.abs(fft.rfftfreq(size, 1 / sfreq)[:, None] - harmonics(sfreq, freq)).min(axis=1)
    gain = 0.5 + 0.5 * np.cos(np.pi * np.clip(distance / width - 1, 0, 1))
    out: np.ndarray = fft.irfft(fft.rfft(padded, size) * gain, size)[:, pad : pad + n]
    return out


def _line_filters(x: np.ndarray, sfreq: float, freq: float) -> tuple[np.ndarray, np.ndarray]:
    """Return spatial filters by falling ratio of line power to power, shape (n_channels, rank), and the ratios."""
    scale = x.std(axis=-1, keepdims=True)
    scale[scale == 0] = 1.0
    white = signal.sosfiltfilt(signal.butter(2, min(freq / 2, 20.0), "highpass", fs=sfreq, output="sos"), x / scale)
    values, vectors = linalg.eigh(white @ white.T / x.shape[-1])
    real = values > values.max() * 1e-9
    whitening = vectors[:, real] / np.sqrt(values[real])
    ratio, rotation = linalg.eigh(whitening.T @ _line_covariance(white, sfreq, freq) @ whitening)
    return (whitening @ rotation[:, ::-1]) / scale, ratio[::-1]


def _line_covariance(x: np.ndarray, sfreq: float, freq: float) -> np.ndarray:
    """Return the covariance of what lies at the harmonics, from windows of whole periods about 1 s long."""
    length = round(max(1, round(freq)) * sfreq / freq)
    n = x.shape[-1] // length
    windows = x[:, : n * length].reshape(len(x), n, length) * signal.get_window("hann", length)
    time = np.arange(length) / sfreq
    waves = np.exp(-2j * np.pi * harmonics(sfreq, freq)[:, None] * time)
    spectra = (windows @ waves.T).reshape(len(x), -1)
    covariance: np.ndarray = (spectra @ spectra.conj().T).real / n
    return covariance


def _outliers(ratio: np.ndarray, sigma: float = 3.0) -> int:
    """Return how many leading ratios lie `sigma` above the rest, removing one at a time; at most a fifth of them."""
    n = 0
    while n < max(1, len(ratio) // 5) and len(ratio) - n > 2:
        others = ratio[n + 1 :]
        if ratio[n] <= others.mean() + sigma * others.std():
            break
        n += 1
    return n


def interpolated(x: np.ndarray, sfreq: float, freq: float, width: float) -> np.ndarray:
    """Return the signal with the amplitudes within `width` of each harmonic replaced by their neighbours' mean.

    The phases stay. x: (n_channels, n_times) -> the same.

    References
    ----------
    Leske & Dalal (2019) NeuroImage 189:763.
    """
    n = x.shape[-1]
    spectrum, freqs = fft.rfft(x), fft.rfftfreq(n, 1 / sfreq)
    amplitude = np.abs(spectrum)
    for harmonic in harmonics(sfreq, freq):
        distance = np.abs(freqs - harmonic)
        inside, beside = distance <= width, (distance > width) & (distance <= 2 * width)
        if beside.any():
            level = amplitude[:, beside].mean(axis=-1, keepdims=True)
            spectrum[:, inside] *= level / np.maximum(amplitude[:, inside], np.finfo(float).tiny)
    out: np.ndarray = fft.irfft(spectrum, n)
    return out
