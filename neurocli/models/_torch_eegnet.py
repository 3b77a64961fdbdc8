"""EEGNet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from ._torch_blocks import flat_size, n_samples_of
from ._torch_front import TemporalNormSpatial


class EEGNet(nn.Module):
    """Temporal filters, a spatial filter for each of them, separable convolution (version 4).

    Parameters
    ----------
    n_chans, n_outputs, n_times : int
        Channels, classes, samples an epoch.
    sfreq : float
        Hz.
    ch_names : sequence of str
        Not used.
    n_temporal, n_spatial, n_separable : int
        F1, D and F2 of the paper.
    kernel : float
        Length of the temporal filters, in s; half a second as in the paper.
    dropout : float
        Share of units left out in training.

    References
    ----------
    Lawhern et al., J Neural Eng 2018, 15(5), 056013.
    """

    def __init__(
        self,
        n_chans: int,
        n_outputs: int,
        n_times: int,
        sfreq: float,
        ch_names: Sequence[str] = (),
        *,
        n_temporal: int = 8,
        n_spatial: int = 2,
        n_separable: int = 16,
        kernel: float = 0.5,
        dropout: float = 0.5,
    ):
        super().__init__()
        wide = n_temporal * n_spatial
        long, short = max(2, n_samples_of(kernel, sfreq)), max(2, n_samples_of(0.5, sfreq / 4))
        self.layers = nn.Sequential(
            TemporalNormSpatial(n_chans, n_temporal, n_spatial, long),
            nn.BatchNorm1d(wide),
            nn.ELU(),
            nn.AvgPool1d(4),
            nn.Dropout(dropout),
            nn.ConstantPad1d((short // 2 - 1, short - short // 2), 0.0),
            nn.Conv1d(wide, wide, short, groups=wide, bias=False),
            nn.Conv1d(wide, n_separable, 1, bias=False),
            nn.BatchNorm1d(n_separable),
            nn.ELU(),
            nn.AvgPool1d(8),
            nn.Dropout(dropout),
            nn.Flatten(),
        )
        self.classifier = nn.Linear(flat_size(self.layers, n_chans, n_times), n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map epochs (n, n_chans, n_times) to logits (n, n_outputs)."""
        logits: Tensor = self.classifier(self.layers(x))
        return logits

    @torch.no_grad()
    def constrain(self) -> None:
        """Keep the norm of each spatial filter within 1 and of each class's weights within 0.25, as the paper does."""
        spatial = cast(TemporalNormSpatial, self.layers[0]).spatial.weight
        for weight, limit in ((spatial, 1.0), (self.classifier.weight, 0.25)):
            weight.copy_(torch.renorm(weight, 2, 0, limit))
