"""A temporal convolutional network."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from ._torch_blocks import n_samples_of


class CausalBlock(nn.Module):
    """Two dilated convolutions that see the past only, and the way round them."""

    def __init__(self, n_in: int, n_out: int, kernel: int, dilation: int, dropout: float):
        super().__init__()
        self.past = (kernel - 1) * dilation
        self.first = nn.utils.parametrizations.weight_norm(nn.Conv1d(n_in, n_out, kernel, dilation=dilation))
        self.second = nn.utils.parametrizations.weight_norm(nn.Conv1d(n_out, n_out, kernel, dilation=dilation))
        self.round = nn.Conv1d(n_in, n_out, 1) if n_in != n_out else nn.Identity()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, n_in, n_times) to (n, n_out, n_times)."""
        inner = self.dropout(F.relu(self.first(F.pad(x, (self.past, 0)))))
        inner = self.dropout(F.relu(self.second(F.pad(inner, (self.past, 0)))))
        return F.relu(inner + self.round(x))


class TCN(nn.Module):
    """Dilated causal convolutions whose view of the past doubles with each block, then the mean over time.

    Parameters
    ----------
    n_chans, n_outputs, n_times : int
        Channels, classes, samples an epoch.
    sfreq : float
        Hz.
    ch_names : sequence of str
        Not used.
    n_blocks, n_filters : int
        Depth and width.
    kernel : float
        Length of the filters of the first block, in s.
    dropout : float
        Share of units left out in training.

    References
    ----------
    Bai, Kolter and Koltun, 2018, arXiv 1803.01271.
    """

    def __init__(
        self,
        n_chans: int,
        n_outputs: int,
        n_times: int,
        sfreq: float,
        ch_names: Sequence[str] = (),
        *,
        n_blocks: int = 4,
        n_filters: int = 24,
        kernel: float = 0.04,
        dropout: float = 0.2,
    ):
        super().__init__()
        length = max(2, n_samples_of(kernel, sfreq))
        widths = [n_chans] + [n_filters] * n_blocks
        pairs = enumerate(pairwise(widths))
        self.blocks = nn.Sequential(*(CausalBlock(a, b, length, 2**i, dropout) for i, (a, b) in pairs))
        self.classifier = nn.Linear(n_filters, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map epochs (n, n_chans, n_times) to logits (n, n_outputs)."""
        logits: Tensor = self.classifier(self.blocks(x).mean(dim=-1))
        return logits
