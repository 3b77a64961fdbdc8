"""Nearest neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import PositiveInt

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("knn")
class KNN(ModelStep):
    """What the nearest training samples are, for labels and for numbers."""

    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    takes: ClassVar[str] = "columns"
    predicts: ClassVar[bool] = True
    positional: ClassVar[str | None] = "n_neighbors"

    n_neighbors: PositiveInt = 5

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `KNeighborsClassifier`, or `KNeighborsRegressor` for a number."""
        from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

        from ._either import Either

        settings = {"n_neighbors": self.n_neighbors, "algorithm": "brute"}  # no tree: it could not be stored safely
        return Either(KNeighborsClassifier(**settings), KNeighborsRegressor(**settings))
