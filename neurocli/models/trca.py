"""Task-related component analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("trca")
class TRCA(ModelStep):
    """Correlation with each class's mean trial, through mixtures alike in all its trials (Nakanishi et al. 2018)."""

    libraries: ClassVar[tuple[str, ...]] = ("numpy", "scipy")
    takes: ClassVar[str] = "epochs"
    predicts: ClassVar[bool] = True
    targets: ClassVar[tuple[str, ...]] = ("label",)

    ensemble: bool = True

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `_ssvep.TRCA`."""
        from ._ssvep import TRCA as Estimator

        return Estimator(self.ensemble)
