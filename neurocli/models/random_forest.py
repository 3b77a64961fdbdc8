"""Random forest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import PositiveInt

from ..step import ModelStep, named
from ._seeds import seed_from

if TYPE_CHECKING:
    import numpy as np


@named("random_forest")
class RandomForest(ModelStep):
    """Trees on bootstrap samples, averaged; for labels and for numbers."""

    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    takes: ClassVar[str] = "columns"
    predicts: ClassVar[bool] = True
    seeded: ClassVar[bool] = True

    n_estimators: PositiveInt = 300
    max_depth: PositiveInt | None = None
    min_samples_leaf: PositiveInt = 1

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `RandomForestClassifier`, or `RandomForestRegressor` for a number."""
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        from ._either import Either

        settings = {**self.model_dump(), "random_state": seed_from(rng), "n_jobs": 1}
        return Either(RandomForestClassifier(**settings), RandomForestRegressor(**settings))
