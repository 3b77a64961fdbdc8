"""Layers that several decoders share."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class TemporalSpatial(nn.Module):
    """A temporal convolution, then a spatial one over all channels, done as one.

    Nothing lies between the two, so their product is one convolution of n_chans inputs: the same function with a third
    of the arithmetic, and without the (n_filters, n_chans, n_times) signals between them.

    Parameters
    ----------
    n_chans : int
        Channels.
    n_temporal, n_spatial : int
        Filters of each.
    kernel : int
        Length of the temporal filters, in samples.
    has_bias : bool
        Whether the spatial filters have an offset.
    """

    def __init__(self, n_chans: int, n_temporal: int, n_spatial: int, kernel: int, has_bias: bool = True):
        super().__init__()
        self.temporal = nn.Conv2d(1, n_temporal, (1, kernel))
        self.spatial = nn.Conv2d(n_temporal, n_spatial, (n_chans, 1), bias=has_bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, n_chans, n_times) to (n, n_spatial, n_times - kernel + 1)."""
        spatial = self.spatial.weight[..., 0]
        weight = torch.einsum("kfc,ft->kct", spatial, self.temporal.weight[:, 0, 0])
        bias = torch.mv(spatial.sum(dim=2), cast(Tensor, self.temporal.bias))
        return F.conv1d(x, weight, bias if self.spatial.bias is None else bias + self.spatial.bias)


class Attention(nn.Module):
    """Self-attention of several heads, scaled by the root of the whole width as in the EEG Conformer.

    Parameters
    ----------
    width : int
        Size of a token.
    n_heads : int
        Divides `width`.
    dropout : float
        Of the attention weights.
    """

    def __init__(self, width: int, n_heads: int, dropout: float):
        super().__init__()
        self.n_heads = n_heads
        self.dropout = dropout
        self.keys, self.queries, self.values = (nn.Linear(width, width) for _ in range(3))
        self.projection = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens (n, n_tokens, width) to the same shape."""
        q, k, v = (self._heads(layer(x)) for layer in (self.queries, self.keys, self.values))
        weight = F.softmax(q @ k.transpose(-1, -2) / x.shape[-1] ** 0.5, dim=-1)
        weight = F.dropout(weight, self.dropout, self.training)
        return cast(Tensor, self.projection((weight @ v).transpose(1, 2).flatten(2)))

    def _heads(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:2], self.n_heads, -1).transpose(1, 2)


class EncoderBlock(nn.Module):
    """A pre-norm transformer block: attention, then a feed-forward net four times as wide."""

    def __init__(self, width: int, n_heads: int, dropout: float):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, n_heads, dropout)
        self.norm2 = nn.LayerNorm(width)
        self.forward1, self.forward2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens (n, n_tokens, width) to the same shape."""
        x = x + self.dropout(self.attention(self.norm1(x)))
        inner = self.dropout(F.gelu(self.forward1(self.norm2(x))))
        return cast(Tensor, x + self.dropout(self.forward2(inner)))


def encoder(depth: int, width: int, n_heads: int, dropout: float) -> nn.Sequential:
    """Return `depth` transformer blocks, one after the other."""
    return nn.Sequential(*(EncoderBlock(width, n_heads, dropout) for _ in range(depth)))


def mlp_head(n_inputs: int, hidden: tuple[int, int], n_outputs: int) -> nn.Sequential:
    """Return the two hidden layers with ELU that both Conformers end with."""
    return nn.Sequential(
        nn.Linear(n_inputs, hidden[0]),
        nn.ELU(),
        nn.Dropout(0.5),
        nn.Linear(hidden[0], hidden[1]),
        nn.ELU(),
        nn.Dropout(0.3),
        nn.Linear(hidden[1], n_outputs),
    )


def n_samples_of(duration: float, sfreq: float) -> int:
    """Return a duration in s as a number of samples, one at least."""
    return max(1, round(duration * sfreq))


def flat_size(layers: nn.Module, n_chans: int, n_times: int) -> int:
    """Return how many numbers `layers` make of one epoch of shape (n_chans, n_times)."""
    was_training = layers.training
    with torch.no_grad():
        size = layers.eval()(torch.zeros(1, n_chans, n_times)).numel()
    layers.train(was_training)
    return int(size)
