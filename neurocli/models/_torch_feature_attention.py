"""Attention over features: a token each."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ._torch_blocks import encoder


class FeatureAttention(nn.Module):
    """Each feature is a token, its value times a direction of its own; a transformer; a classifying token.

    Parameters
    ----------
    n_chans, n_outputs : int
        Features, classes.
    n_times : int
        1.
    sfreq : float
        Not used.
    ch_names : sequence of str
        Not used.
    width, depth, n_heads : int
        Size of a token, transformer blocks, heads in each.
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
        width: int = 16,
        depth: int = 2,
        n_heads: int = 4,
        dropout: float = 0.1,
    ):
        super().__init__()
        self.direction = nn.Parameter(torch.randn(n_chans, width) / width**0.5)
        self.place = nn.Parameter(torch.randn(n_chans, width) / width**0.5)
        self.first = nn.Parameter(torch.zeros(1, 1, width))
        self.blocks = encoder(depth, width, n_heads, dropout)
        self.classifier = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, n_outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map features (n, n_features, 1) to logits (n, n_outputs)."""
        tokens = x * self.direction + self.place
        tokens = torch.cat([self.first + torch.zeros_like(tokens[:, :1]), tokens], dim=1)
        logits: Tensor = self.classifier(self.blocks(tokens)[:, 0])
        return logits
