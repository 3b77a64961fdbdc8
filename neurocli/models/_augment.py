"""Changes of a batch that leave its labels true, drawn anew for each batch from torch's seeded generator."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor


def gaussian_noise(x: Tensor, size: float, sfreq: float) -> Tensor:  # noqa: ARG001 - all are called alike
    """Add white noise of `size` standard deviations; the signal is standardised."""
    return x + size * torch.randn_like(x)


def time_shift(x: Tensor, size: float, sfreq: float) -> Tensor:
    """Move each epoch by at most `size` s either way; what leaves at one end comes in at the other."""
    most = min(round(size * sfreq), x.shape[-1] - 1)
    shift = torch.randint(-most, most + 1, (len(x), 1, 1), device=x.device)
    place = (torch.arange(x.shape[-1], device=x.device) - shift) % x.shape[-1]
    return x.gather(-1, place.expand(x.shape))


def channel_dropout(x: Tensor, size: float, sfreq: float) -> Tensor:  # noqa: ARG001 - all are called alike
    """Make each channel zero with the probability `size`."""
    return x * (torch.rand(*x.shape[:2], 1, device=x.device) >= size)


def fourier_surrogate(x: Tensor, size: float, sfreq: float) -> Tensor:  # noqa: ARG001 - all are called alike
    """Turn the phase of each frequency by up to `size` of a whole turn, alike in all channels.

    Spectra, and the coherence and phase between channels, stay as they are.

    References
    ----------
    .. [1] Schwabedal, J. T. C., et al. (2018). Addressing class imbalance in classification problems of noisy signals
       by using Fourier transform surrogates. arXiv 1806.08675.
    """
    spectrum = torch.fft.rfft(x)
    turn = 2 * torch.pi * size * torch.rand(len(x), 1, spectrum.shape[-1], device=x.device)
    turn[..., 0] = 0  # the mean, and the highest frequency of an even number of samples, are real
    if x.shape[-1] % 2 == 0:
        turn[..., -1] = 0
    turned: Tensor = torch.fft.irfft(spectrum * torch.polar(torch.ones_like(turn), turn), x.shape[-1])
    return turned


CHANGES: dict[str, Callable[[Tensor, float, float], Tensor]] = {
    "gaussian_noise": gaussian_noise,
    "time_shift": time_shift,
    "channel_dropout": channel_dropout,
    "fourier_surrogate": fourier_surrogate,
}


def augmented(x: Tensor, sizes: Mapping[str, float], sfreq: float) -> Tensor:
    """Return a batch whose epochs are each changed, or not, with even chances, by each of the named changes.

    Parameters
    ----------
    x : tensor, shape (n, n_chans, n_times)
        Standardised signal.
    sizes : dict
        Name of a change -> how large it is.
    sfreq : float
        Hz.
    """
    for name, size in sizes.items():
        chosen = torch.rand(len(x), 1, 1, device=x.device) < 0.5
        x = torch.where(chosen, CHANGES[name](x, size, sfreq), x)
    return x
