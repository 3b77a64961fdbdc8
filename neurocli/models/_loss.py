"""What a network is trained to make small."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def loss_of(logits: Tensor, y: Tensor, weight: Tensor, smoothing: float = 0.0, ordinal: bool = False) -> Tensor:
    """Return the weighted cross-entropy.

    Parameters
    ----------
    logits : tensor, shape (n, n_outputs)
    y : tensor of int, shape (n,)
        Class index.
    weight : tensor, shape (n,)
    smoothing : float
        Share of the truth that is taken from the class itself.
    ordinal : bool
        It goes to the neighbouring classes, which lie in an order; else to all alike.
    """
    if smoothing and ordinal:
        each = -(_towards_neighbours(y, logits.shape[1], smoothing).to(logits) * F.log_softmax(logits, dim=1)).sum(1)
    else:
        each = F.cross_entropy(logits, y, reduction="none", label_smoothing=smoothing)
    return (each * weight).sum() / weight.sum()


def _towards_neighbours(y: Tensor, n_classes: int, smoothing: float) -> Tensor:
    """Return the smoothed truth, shape (n, n_classes): a class at the end gives all to its only neighbour."""
    place = torch.arange(n_classes, device=y.device)
    near = ((place[:, None] - place).abs() == 1).float()
    return ((1 - smoothing) * torch.eye(n_classes, device=y.device) + smoothing * near / near.sum(1, keepdim=True))[y]
