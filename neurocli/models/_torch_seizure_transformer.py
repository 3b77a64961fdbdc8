"""SeizureTransformer."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

DOWN = (11, 9, 7, 7, 5)  # filter lengths on the way down and up, in samples, as the authors pair them with levels
UP = (3, 5, 5, 7, 7)
RESIDUAL = (3, 3, 3, 3, 2, 3, 2)


def _convolutions(widths: Sequence[int], kernels: Sequence[int]) -> nn.ModuleList:
    pairs = zip(pairwise(widths), kernels, strict=False)
    return nn.ModuleList(nn.Conv1d(a, b, kernel, padding=kernel // 2) for (a, b), kernel in pairs)


class Residual(nn.Module):
    """Two convolutions behind batch normalisation, and the way round them; dropout leaves out whole channels."""

    def __init__(self, width: int, kernel: int, dropout: float):
        super().__init__()
        self.norm1 = nn.BatchNorm1d(width, eps=1e-3)
        self.conv1 = nn.Conv1d(width, width, kernel)
        self.norm2 = nn.BatchNorm1d(width, eps=1e-3)
        self.conv2 = nn.Conv1d(width, width, kernel)
        self.dropout = nn.Dropout1d(dropout)
        self.padding = (kernel - 1) // 2, kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, width, n_times) to the same shape."""
        y = self.conv1(F.pad(self.dropout(F.relu(self.norm1(x))), self.padding))
        y = self.conv2(F.pad(self.dropout(F.relu(self.norm2(y))), self.padding))
        out: Tensor = x + y
        return out


class PostNormBlock(nn.Module):
    """A transformer block that normalises after each half, with the weights of torch's own layer."""

    def __init__(self, width: int, n_heads: int, n_hidden: int, dropout: float):
        super().__init__()
        self.n_heads = n_heads
        self.self_attn = nn.MultiheadAttention(width, n_heads, dropout)  # for its weights: its forward has no ONNX form
        self.linear1, self.linear2 = nn.Linear(width, n_hidden), nn.Linear(n_hidden, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens (n, n_tokens, width) to the same shape."""
        x = self.norm1(x + self.dropout(self._attended(x)))
        inner = self.linear2(self.dropout(F.relu(self.linear1(x))))
        out: Tensor = self.norm2(x + self.dropout(inner))
        return out

    def _attended(self, x: Tensor) -> Tensor:
        parts = zip(self.self_attn.in_proj_weight.chunk(3), self.self_attn.in_proj_bias.chunk(3), strict=True)
        q, k, v = (self._heads(F.linear(x, weight, bias)) for weight, bias in parts)
        weight = F.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, dim=-1)
        weight = F.dropout(weight, self.dropout.p, self.training)
        out: Tensor = self.self_attn.out_proj((weight @ v).transpose(1, 2).flatten(2))
        return out

    def _heads(self, x: Tensor) -> Tensor:
        heads: Tensor = x.unflatten(-1, (self.n_heads, x.shape[-1] // self.n_heads))  # type: ignore[no-untyped-call]
        return heads.transpose(1, 2)


def sinusoids(n_tokens: int, width: int) -> Tensor:
    """Return the code of each place, shape (n_tokens, width)."""
    place = torch.arange(n_tokens)[:, None]
    speed = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    return torch.stack([torch.sin(place * speed), torch.cos(place * speed)], dim=-1).flatten(1)


class SeizureTransformer(nn.Module):
    """A U-shaped convolutional network with a transformer at its bottom: a logit for every sample, averaged.

    Two classes share one trace, the logit of the second one, so that `trace` is the authors' detector; the logits of
    an epoch are its mean over time.

    Parameters
    ----------
    n_chans, n_outputs, n_times : int
        Channels, classes, samples an epoch (32 at least).
    sfreq : float
        Hz; the authors use 256.
    ch_names : sequence of str
        Not used.
    widths : sequence of int
        Filters of each level, five at most.
    depth, n_heads, n_hidden : int
        Transformer blocks, heads in each, and the width of its feed-forward net.
    dropout : float
        Share of units left out in training.

    References
    ----------
    Wu et al., SeizureTransformer: Scaling U-Net with transformer for simultaneous time-step level seizure detection
    from long EEG recordings, 2025, arXiv 2504.00336.
    """

    def __init__(
        self,
        n_chans: int,
        n_outputs: int,
        n_times: int,
        sfreq: float,
        ch_names: Sequence[str] = (),
        *,
        widths: Sequence[int] = (32, 64, 128, 256, 512),
        depth: int = 8,
        n_heads: int = 4,
        n_hidden: int = 2048,
        dropout: float = 0.1,
    ):
        super().__init__()
        width = widths[-1]
        self.down = _convolutions([n_chans, *widths], DOWN)
        self.residual = nn.Sequential(*(Residual(width, kernel, dropout) for kernel in RESIDUAL))
        # The blocks start as copies of one that is never used itself; the authors' count of weights includes it.
        self.template = PostNormBlock(width, n_heads, n_hidden, dropout)
        self.blocks = nn.Sequential(*(copy.deepcopy(self.template) for _ in range(depth)))
        self.up = _convolutions([width, *widths[::-1]], UP)
        self.end = nn.Conv1d(widths[0], n_outputs if n_outputs > 2 else 1, 11, padding=5)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map epochs (n, n_chans, n_times) to logits (n, n_outputs)."""
        logits = self.trace(x).mean(dim=-1)
        return logits if logits.shape[1] > 1 else F.pad(logits, (1, 0))

    def trace(self, x: Tensor) -> Tensor:
        """Map epochs (n, n_chans, n_times) to a logit of each sample, (n, 1 or n_outputs, n_times)."""
        skips: list[Tensor] = []
        for conv in self.down:
            skips.append(F.elu(conv(x)))
            x = F.max_pool1d(skips[-1], 2, ceil_mode=True)
        local = self.residual(x)
        tokens = local.transpose(1, 2)
        tokens = self.blocks(self.dropout(tokens + sinusoids(*tokens.shape[1:]).to(tokens)))
        x = tokens.transpose(1, 2) + local
        for conv, skip in zip(self.up, skips[::-1], strict=True):
            x = F.elu(conv(x.repeat_interleave(2, dim=-1)[..., : skip.shape[-1]])) + skip
        out: Tensor = self.end(x)
        return out
