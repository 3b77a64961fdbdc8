"""ShallowConvNet."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ._torch_blocks import TemporalSpatial, flat_size, n_samples_of


class LogPower(nn.Module):
    """The logarithm of the square averaged over a moving window."""

    def __init__(self, window: int, stride: int):
        super().__init__()
        self.pool = nn.AvgPool1d(window, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, n_filters, n_times) to (n, n_filters, n_windows)."""
        return torch.log(torch.clamp(self.pool(x * x), min=1e-6))


class ShallowConvNet(nn.Module):
    """Temporal and spatial filters, their log power in moving windows, one linear layer.

    Parameters
    ----------
    n_chans, n_outputs, n_times : int
        Channels, classes, samples an epoch.
    sfreq : float
        Hz.
    ch_names : sequence of str
        Not used.
    n_filters : int
        Temporal and spatial filters.
    kernel, window, stride : float
        Length of the filters, of the windows and between them, in s.
    dropout : float
        Share of units left out in training.

    References
    ----------
    Schirrmeister et al., Hum Brain Mapp 2017, 38(11), 5391-5420.
    """

    def __init__(
        self,
        n_chans: int,
        n_outputs: int,
        n_times: int,
        sfreq: float,
        ch_names: Sequence[str] = (),
        *,
        n_filters: int = 40,
        kernel: float = 0.1,
        window: float = 0.3,
        stride: float = 0.06,
        dropout: float = 0.5,
    ):
        super().__init__()
        self.layers = nn.Sequential(
            TemporalSpatial(n_chans, n_filters, n_filters, n_samples_of(kernel, sfreq), has_bias=False),
            nn.BatchNorm1d(n_filters),
            LogPower(n_samples_of(window, sfreq), n_samples_of(stride, sfreq)),
            nn.Dropout(dropout),
            nn.Flatten(),
        )
        self.classifier = nn.Linear(flat_size(self.layers, n_chans, n_times), n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map epochs (n, n_chans, n_times) to logits (n, n_outputs)."""
        logits: Tensor = self.classifier(self.layers(x))
        return logits
