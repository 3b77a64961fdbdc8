"""Principal components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import PositiveFloat, PositiveInt

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("pca")
class PCA(ModelStep):
    """Principal components: how many, or (below 1) how much of the variance."""

    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    positional: ClassVar[str | None] = "n_components"
    takes: ClassVar[str] = "columns"
    gives: ClassVar[str] = "columns"
    uses_labels: ClassVar[bool] = False

    n_components: PositiveInt | PositiveFloat = 0.99
    whiten: bool = False

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `sklearn.decomposition.PCA`."""
        from sklearn.decomposition import PCA as Estimator

        return Estimator(n_components=self.n_components, whiten=self.whiten, svd_solver="full")
