"""Three decoders small enough for an implant: a dense net, a convolutional one, and a recurrent one.

They are ours, in the spirit of comparisons of such nets for implants; no published weights or sizes are claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ._torch_blocks import n_samples_of


class Activity(nn.Module):
    """Two numbers a channel and window that an implant computes cheaply: log power, and log line length."""

    def __init__(self, window: int):
        super().__init__()
        self.window = window

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, n_chans, n_times) to (n, 2 * n_chans, n_windows)."""
        power = F.avg_pool1d(x**2, self.window)
        length = F.avg_pool1d(F.pad((x[..., 1:] - x[..., :-1]).abs(), (0, 1)), self.window)
        return torch.log(torch.cat([power, length], dim=1) + 1e-6)


class EdgeDNN(nn.Module):
    """Log power and line length of a few windows, then dense layers.

    Parameters
    ----------
    n_chans, n_outputs, n_times : int
        Channels, classes, samples an epoch.
    sfreq : float
        Hz.
    ch_names : sequence of str
        Not used.
    n_windows : int
        Windows of an epoch.
    hidden : sequence of int
        Width of each hidden layer.
    dropout : float
        Share of units left out in training.
    """

    def __init__(
        self,
        n_chans: int,
        n_outputs: int,
        n_times: int,
        sfreq: float,
        ch_names: Sequence[str] = (),
        *,
        n_windows: int = 4,
        hidden: Sequence[int] = (64, 32),
        dropout: float = 0.2,
    ):
        super().__init__()
        window = max(1, n_times // n_windows)
        size = 2 * n_chans * (n_times // window)
        dense = [nn.Sequential(nn.Linear(a, b), nn.ReLU(), nn.Dropout(dropout)) for a, b in pairwise([size, *hidden])]
        last = nn.Linear(hidden[-1], n_outputs)
        self.layers = nn.Sequential(Activity(window), nn.Flatten(), nn.BatchNorm1d(size), *dense, last)

    def forward(self, x: Tensor) -> Tensor:
        """Map epochs (n, n_chans, n_times) to logits (n, n_outputs)."""
        logits: Tensor = self.layers(x)
        return logits


class EdgeCNN(nn.Module):
    """Depthwise and pointwise convolutions, each stage at half the rate of the one before, then the mean over time.

    Parameters
    ----------
    n_chans, n_outputs, n_times : int
        Channels, classes, samples an epoch.
    sfreq : float
        Hz.
    ch_names : sequence of str
        Not used.
    widths : sequence of int
        Filters of each stage.
    kernel : float
        Length of the filters of the first stage, in s; the next ones have as many samples at the lower rate.
    dropout : float
        Share of units left out in training.
    """

    def __init__(
        self,
        n_chans: int,
        n_outputs: int,
        n_times: int,
        sfreq: float,
        ch_names: Sequence[str] = (),
        *,
        widths: Sequence[int] = (16, 32, 32),
        kernel: float = 0.06,
        dropout: float = 0.2,
    ):
        super().__init__()
        length = max(3, n_samples_of(kernel, sfreq) // 2 * 2 + 1)
        stages = [self._stage(a, b, length, dropout) for a, b in pairwise([n_chans, *widths])]
        self.stages = nn.Sequential(*stages)
        self.classifier = nn.Linear(widths[-1], n_outputs)

    @staticmethod
    def _stage(n_in: int, n_out: int, length: int, dropout: float) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv1d(n_in, n_in, length, padding=length // 2, groups=n_in, bias=False),
            nn.Conv1d(n_in, n_out, 1, bias=False),
            nn.BatchNorm1d(n_out),
            nn.ReLU(),
            nn.AvgPool1d(2, ceil_mode=True),
            nn.Dropout(dropout),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map epochs (n, n_chans, n_times) to logits (n, n_outputs)."""
        logits: Tensor = self.classifier(self.stages(x).mean(dim=-1))
        return logits


class EdgeLSTM(nn.Module):
    """Log power and line length of short windows, read in the order of time by an LSTM.

    Parameters
    ----------
    n_chans, n_outputs, n_times : int
        Channels, classes, samples an epoch.
    sfreq : float
        Hz.
    ch_names : sequence of str
        Not used.
    window : float
        Length of a window, in s; one sample at least, the epoch at most.
    width : int
        Units of the LSTM.
    dropout : float
        Share of units left out in training.
    """

    def __init__(
        self,
        n_chans: int,
        n_outputs: int,
        n_times: int,
        sfreq: float,
        ch_names: Sequence[str] = (),
        *,
        window: float = 0.125,
        width: int = 32,
        dropout: float = 0.2,
    ):
        super().__init__()
        self.activity = Activity(min(n_times, n_samples_of(window, sfreq)))
        self.norm = nn.BatchNorm1d(2 * n_chans)
        self.lstm = nn.LSTM(2 * n_chans, width, batch_first=True)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, n_outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map epochs (n, n_chans, n_times) to logits (n, n_outputs)."""
        states, _ = self.lstm(self.norm(self.activity(x)).transpose(1, 2))
        logits: Tensor = self.classifier(states[:, -1])
        return logits
