"""Quantiles of the samples, from order statistics."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..define import twin
from ._jit import series
from ._select import quantiles as _quantiles


@twin("quantiles", backend="cuda", tolerance={"float64": 1e-12, "float32": 1e-6})
def quantiles(x: torch.Tensor, *, at: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95)) -> torch.Tensor:
    """Find the samples on either side of each quantile."""
    return _quantiles(series(x), at).reshape(*x.shape[:-1], len(at))
