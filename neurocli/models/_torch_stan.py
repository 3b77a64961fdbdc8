"""A spatio-temporal attention network with an adversary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from ._torch_blocks import encoder, n_samples_of


class SpaceTime(nn.Module):
    """Attention over channels within each patch, then over patches within each channel."""

    def __init__(self, width: int, n_heads: int, dropout: float):
        super().__init__()
        self.space, self.time = encoder(1, width, n_heads, dropout), encoder(1, width, n_heads, dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens (n, n_chans, n_patches, width) to the same shape."""
        shape = x.shape
        x = self.space(x.transpose(1, 2).reshape(-1, shape[1], shape[3]))
        x = x.reshape(-1, shape[2], shape[1], shape[3]).transpose(1, 2)
        return cast(Tensor, self.time(x.reshape(-1, shape[2], shape[3])).reshape(-1, *shape[1:]))


class AdversarialAttention(nn.Module):
    """Attention in space and time; a critic pulls what the first class and the others look like apart.

    The critic is a Wasserstein one with a gradient penalty; its loss is added to that of the classes. Ours, in the
    spirit of the paper's abstract: the paper has no public code.

    Parameters
    ----------
    n_chans, n_outputs, n_times : int
        Channels, classes, samples an epoch.
    sfreq : float
        Hz.
    ch_names : sequence of str
        Not used.
    patch : float
        Length of a patch, in s.
    width, depth, n_heads : int
        Size of a token, blocks, and heads.
    adversary : float
        Weight of the critic's loss; 0 leaves it out.
    gradient_penalty : float
        Weight of the squared distance of the critic's slope from 1.
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
        patch: float = 0.25,
        width: int = 32,
        depth: int = 2,
        n_heads: int = 4,
        adversary: float = 0.1,
        gradient_penalty: float = 10.0,
        dropout: float = 0.2,
    ):
        super().__init__()
        self.patch = min(n_times, n_samples_of(patch, sfreq))
        self.adversary, self.gradient_penalty = adversary, gradient_penalty
        self.embed = nn.Linear(2 * self.patch, width)
        self.place = nn.Parameter(0.02 * torch.randn(1, n_chans, n_times // self.patch, width))
        self.blocks = nn.Sequential(*(SpaceTime(width, n_heads, dropout) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.classifier = nn.Linear(width, n_outputs)
        self.critic = nn.Sequential(nn.Linear(width, width), nn.LeakyReLU(0.2), nn.Linear(width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map epochs (n, n_chans, n_times) to logits (n, n_outputs)."""
        logits: Tensor = self.classifier(self.features(x))
        return logits

    def features(self, x: Tensor) -> Tensor:
        """Return what an epoch looks like to the classifier and the critic, (n, width)."""
        n_patches = self.place.shape[2]
        patches = x[..., : n_patches * self.patch].reshape(*x.shape[:2], n_patches, self.patch)
        tokens = self.embed(torch.cat([patches, torch.log(patches**2 + 1e-3)], dim=-1)) + self.place
        features: Tensor = self.norm(self.blocks(tokens).mean(dim=(1, 2)))
        return features

    def learn(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits, and the critic's loss times its weight; 0 for a batch of one class."""
        features = self.features(x)
        return self.classifier(features), self._criticism(features, y == 0)

    def _criticism(self, features: Tensor, first: Tensor) -> Tensor:
        if not self.adversary or bool(first.all()) or not bool(first.any()):
            return features.new_zeros(())
        score = self.critic(features)[:, 0]
        distance = score[~first].mean() - score[first].mean()
        slope = self._slope(features[first], features[~first])
        return cast(Tensor, self.adversary * (self.gradient_penalty * slope - distance))

    def _slope(self, one: Tensor, other: Tensor) -> Tensor:
        """Return how far the critic's slope between two groups is from 1, squared."""
        n = min(len(one), len(other))
        share = torch.rand(n, 1, device=one.device)
        between = (share * one[:n] + (1 - share) * other[:n]).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.critic(between).sum(), between, create_graph=True)
        return cast(Tensor, ((gradient.norm(dim=1) - 1) ** 2).mean())
