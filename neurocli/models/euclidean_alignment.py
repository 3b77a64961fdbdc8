"""Epochs of every group whitened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("euclidean_alignment")
class EuclideanAlignment(ModelStep):
    """Epochs whitened by the mean covariance of their subject or session (He and Wu 2020)."""

    libraries: ClassVar[tuple[str, ...]] = ("numpy",)
    positional: ClassVar[str | None] = "by"
    takes: ClassVar[str] = "epochs"
    gives: ClassVar[str] = "epochs"
    uses_labels: ClassVar[bool] = False
    transductive: ClassVar[bool] = True

    by: str = "subject"

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `_groups.EuclideanAlignment`."""
        from ._groups import EuclideanAlignment as Estimator

        return Estimator(self.by)
