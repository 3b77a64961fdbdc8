"""DBConformer."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ._torch_blocks import encoder, mlp_head, n_samples_of


class TemporalPatches(nn.Module):
    """A token for each patch of time: channels mixed, each mixture filtered, averaged over the patch."""

    def __init__(self, n_chans: int, width: int, kernel: int, patch: int):
        super().__init__()
        self.mix, self.norm1 = nn.Conv1d(n_chans, width, 1, bias=False), nn.BatchNorm1d(width)
        self.filter = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width, bias=False)
        self.norm2 = nn.BatchNorm1d(width)
        self.end = nn.Sequential(nn.GELU(), nn.AvgPool1d(patch), nn.Dropout(0.5))
        for layer in (self.mix, self.filter):
            nn.init.trunc_normal_(layer.weight, std=0.01)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, n_chans, n_times) to tokens (n, n_patches, width)."""
        x = self.norm2(self.filter(self.norm1(self.mix(x))))
        tokens: Tensor = self.end(x).transpose(1, 2)
        return tokens


class ChannelPatches(nn.Module):
    """A token for each channel: the same filters for all, averaged over time."""

    def __init__(self, width: int, n_filters: int, kernel: int, stride: int):
        super().__init__()
        self.filter = nn.Conv1d(1, n_filters, kernel, stride, padding=kernel // 2)
        self.project = nn.Linear(n_filters, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, n_chans, n_times) to tokens (n, n_chans, width)."""
        filtered = F.elu(self.filter(x.flatten(0, 1).unsqueeze(1)))
        tokens: Tensor = self.project(filtered.mean(dim=-1))
        return tokens.reshape(-1, x.shape[1], tokens.shape[-1])


class DBConformer(nn.Module):
    """One transformer over patches of time beside one over channels, fused.

    Parameters
    ----------
    n_chans, n_outputs, n_times : int
        Channels, classes, samples an epoch.
    sfreq : float
        Hz.
    ch_names : sequence of str
        Not used.
    width, depth, n_heads : int
        Size of a token, transformer blocks of each branch, heads in each.
    n_filters : int
        Filters of a channel's token.
    patch, kernel : float
        Length of a patch and of the temporal filters, in s.
    dropout : float
        Share of units left out in training, of the transformers.

    References
    ----------
    Wang et al., DBConformer: Dual-branch convolutional transformer for EEG decoding, 2025, arXiv 2506.21140.
    """

    def __init__(
        self,
        n_chans: int,
        n_outputs: int,
        n_times: int,
        sfreq: float,
        ch_names: Sequence[str] = (),
        *,
        width: int = 40,
        depth: int = 2,
        n_heads: int = 10,
        n_filters: int = 16,
        patch: float = 0.5,
        kernel: float = 0.252,
        dropout: float = 0.5,
    ):
        super().__init__()
        length, odd = n_samples_of(patch, sfreq), n_samples_of(kernel, sfreq) // 2 * 2 + 1
        self.temporal_patches = TemporalPatches(n_chans, width, odd, length)
        fine, stride = n_samples_of(0.1, sfreq) // 2 * 2 + 1, n_samples_of(0.02, sfreq)
        self.channel_patches = ChannelPatches(width, n_filters, fine, stride)
        self.temporal_place = nn.Parameter(torch.randn(1, n_times // length, width))
        self.channel_place = nn.Parameter(torch.randn(1, n_chans, width))
        self.temporal = encoder(depth, width, n_heads, dropout)
        self.spatial = encoder(depth, width, n_heads, dropout)
        self.head = mlp_head(2 * width, (64, 32), n_outputs)
        self.attention = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map epochs (n, n_chans, n_times) to logits (n, n_outputs)."""
        in_time = self.temporal(self.temporal_patches(x) + self.temporal_place).mean(dim=1)
        channels = self.spatial(self.channel_patches(x) + self.channel_place)
        weight = torch.softmax(self.attention(channels), dim=1)
        logits: Tensor = self.head(torch.cat([in_time, (weight * channels).sum(dim=1)], dim=-1))
        return logits
