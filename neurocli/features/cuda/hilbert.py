"""The analytic signal by cuFFT, and what is read from it, in the dtype of the signal."""

from __future__ import annotations

from math import pi

import torch

from ..analytic import kept, masks
from ..define import twin
from ._jit import series, table
from ._select import quantiles

CLOSE = {"float64": 1e-11, "float32": 1e-5}
Bands = dict[str, tuple[float, float]]


def centred(x: torch.Tensor) -> torch.Tensor:
    """Return the signal less its mean; exactly zero for a constant."""
    x = x - x[..., :1]
    return x - x.mean(dim=-1, keepdim=True)


@twin("hilbert_signal", backend="cuda", tolerance={"float64": 1e-12, "float32": 1e-5})
def hilbert_signal(x: torch.Tensor) -> torch.Tensor:
    """Transform real signals forth, complex ones back."""
    n = x.shape[-1]
    half = torch.fft.rfft(x - x[..., :1])
    half[..., 0] = 0  # the mean
    half[..., 1 : (n + 1) // 2] *= 2
    whole = half.new_zeros((*x.shape[:-1], n))
    whole[..., : half.shape[-1]] = half
    return torch.fft.ifft(whole)


@twin("envelope_mean", backend="cuda", tolerance={"float64": 1e-12, "float32": 1e-6})
def envelope_mean(hilbert_signal: torch.Tensor) -> torch.Tensor:
    """Mean of the envelope."""
    return hilbert_signal.abs().mean(dim=-1)


@twin("envelope_std", backend="cuda", tolerance={"float64": 1e-12, "float32": 1e-6})
def envelope_std(hilbert_signal: torch.Tensor) -> torch.Tensor:
    """Standard deviation of the envelope."""
    return hilbert_signal.abs().std(dim=-1, correction=0)


@twin("instantaneous_frequency", backend="cuda", tolerance={"float64": 1e-12, "float32": 1e-4})
def instantaneous_frequency(hilbert_signal: torch.Tensor, sfreq: float) -> torch.Tensor:
    """Take the angle of the turn, which needs no unwrapping."""
    turn = torch.view_as_real(hilbert_signal[..., 1:] * hilbert_signal[..., :-1].conj())
    frequency = torch.atan2(turn[..., 1], turn[..., 0]).mul_(sfreq / (2 * pi))
    silent = (hilbert_signal == 0).all(dim=-1, keepdim=True)
    return frequency.masked_fill_(silent, torch.nan)


@twin("frequency_quartiles", backend="cuda", tolerance={"float64": 1e-14, "float32": 1e-6})
def frequency_quartiles(instantaneous_frequency: torch.Tensor) -> torch.Tensor:
    """Lower quartile, median and upper quartile over time; shape (..., n_times - 1) to (..., 3)."""
    silent = instantaneous_frequency[..., :1].isnan()
    found = quantiles(series(instantaneous_frequency.nan_to_num(0.0)), (0.25, 0.5, 0.75))
    return found.reshape(*instantaneous_frequency.shape[:-1], 3).masked_fill(silent, torch.nan)


@twin("instantaneous_frequency_median", backend="cuda", tolerance={"float64": 1e-14, "float32": 1e-6})
def instantaneous_frequency_median(frequency_quartiles: torch.Tensor) -> torch.Tensor:
    """Median of the instantaneous frequency."""
    return frequency_quartiles[..., 1]


@twin("instantaneous_frequency_iqr", backend="cuda", tolerance={"float64": 1e-14, "float32": 1e-6})
def instantaneous_frequency_iqr(frequency_quartiles: torch.Tensor) -> torch.Tensor:
    """Distance of its quartiles."""
    return frequency_quartiles[..., 2] - frequency_quartiles[..., 0]


@twin("analytic", backend="cuda", tolerance=CLOSE)
def analytic(x: torch.Tensor, sfreq: float, *, bands: Bands, trim: float = 0.0) -> torch.Tensor:
    """Analytic signal in each band, from half the transform; zeros above the highest band are kept."""
    n_times = x.shape[-1]
    half = torch.fft.rfft(centred(x))
    weights = table(masks(n_times, sfreq, bands), x)[:, None, :]
    spectrum = half.new_zeros((*x.shape[:-2], len(bands), *x.shape[-2:]))
    spectrum[..., : half.shape[-1]] = half.unsqueeze(-3) * weights[..., : half.shape[-1]]
    return torch.fft.ifft(spectrum)[..., kept(n_times, trim)]
