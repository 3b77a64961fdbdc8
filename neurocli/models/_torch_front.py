"""The first half of EEGNet in a tenth of the arithmetic."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class TemporalNormSpatial(nn.Module):
    r"""Temporal filters, batch normalisation, and spatial filters for each temporal one; a linear map of the signal.

    Done in this order, every temporal filter runs over every channel. But the normalisation is a gain and a shift a
    filter, so channels can be mixed first, and the filters run over n_temporal * n_spatial mixtures, if the mean and
    the variance of what was never computed are known. They are those of :math:`w^T x_t` over all windows :math:`x_t`:

    .. math:: \mu = w^T \overline{x_t}, \quad \sigma^2 = w^T R w - \mu^2, \quad R = \overline{x_t x_t^T}

    Parameters
    ----------
    n_chans, n_temporal, n_spatial : int
        Channels, temporal filters, spatial filters for each of these.
    kernel : int
        Length of the temporal filters, in samples.
    """

    def __init__(self, n_chans: int, n_temporal: int, n_spatial: int, kernel: int):
        super().__init__()
        self.n_spatial, self.kernel = n_spatial, kernel
        self.temporal = nn.Conv2d(1, n_temporal, (1, kernel), bias=False)
        self.norm = nn.BatchNorm2d(n_temporal)
        self.spatial = nn.Conv2d(n_temporal, n_temporal * n_spatial, (n_chans, 1), groups=n_temporal, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, n_chans, n_times) to (n, n_temporal * n_spatial, n_times)."""
        padded = F.pad(x, (self.kernel // 2 - 1, self.kernel - self.kernel // 2))
        filters, mixing = self.temporal.weight[:, 0, 0], self.spatial.weight[:, 0, :, 0]
        mean, variance = self._statistics(padded, filters)
        gain = self.norm.weight / torch.sqrt(variance + self.norm.eps)
        shift = (self.norm.bias - gain * mean).repeat_interleave(self.n_spatial)
        kernels = (gain[:, None] * filters).repeat_interleave(self.n_spatial, dim=0)
        return F.conv1d(mixing @ padded, kernels[:, None], shift * mixing.sum(dim=1), groups=mixing.shape[0])

    def _statistics(self, padded: Tensor, filters: Tensor) -> tuple[Tensor, Tensor]:
        if not self.training:
            return self._running()
        moments, n = window_moments(padded.flatten(0, 1), self.kernel)
        w = filters.to(moments.dtype)
        mean = w @ moments[-1]
        variance = ((w @ moments[:-1]) * w).sum(dim=1) - mean**2
        mean, variance = mean.to(filters.dtype), variance.to(filters.dtype)
        self._remember(mean.detach(), variance.detach() * n / max(n - 1, 1))
        return mean, variance

    def _running(self) -> tuple[Tensor, Tensor]:
        return self.norm.get_buffer("running_mean"), self.norm.get_buffer("running_var")

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        for running, now in zip(self._running(), (mean, variance), strict=True):
            running.lerp_(now, self.norm.momentum or 0.0)
        self.norm.get_buffer("num_batches_tracked").add_(1)


def window_moments(x: Tensor, length: int) -> tuple[Tensor, int]:
    r"""Return the second moments of all windows and, below them, their mean.

    :math:`R_{a+1,b+1}` and :math:`R_{a,b}` are sums of the same products but for the first and the last, so the first
    row (a correlation, by FFT) and the ends of the signals give all of R.

    Parameters
    ----------
    x : tensor, shape (n_signals, n_windows + length - 1)
        Signals.
    length : int
        Of a window.

    Returns
    -------
    moments : tensor of float64, shape (length + 1, length)
        R, and the mean window as its last row.
    n : int
        Number of windows.
    """
    n_windows = x.shape[1] - length + 1
    size = 1 << (x.shape[1] + length).bit_length()
    spectrum = (torch.fft.rfft(x[:, :n_windows], size).conj() * torch.fft.rfft(x, size)).sum(dim=0)
    row = torch.fft.irfft(spectrum.to(torch.complex128), size)[:length]
    head, tail = x[:, : length - 1].double(), x[:, n_windows:].double()
    change = tail.T @ tail - head.T @ head
    lag = torch.arange(length)
    R = row[(lag[:, None] - lag).abs()]
    R = R + _along_diagonals(F.pad(change, (1, 0, 1, 0)))
    sums = F.pad(x.double().sum(dim=0).cumsum(0), (1, 0))
    mean = sums[n_windows:] - sums[:length]
    n = n_windows * len(x)
    return torch.cat([R, mean[None]]) / n, n


def _along_diagonals(A: Tensor) -> Tensor:
    """Return B with B[a, b] = A[a, b] + B[a - 1, b - 1]."""
    n = len(A)
    skewed = F.pad(F.pad(A, (n, 0)).flatten(), (0, n)).reshape(n, 2 * n + 1)  # a diagonal becomes a column
    return skewed.cumsum(dim=0).flatten()[: 2 * n * n].reshape(n, 2 * n)[:, n:]
