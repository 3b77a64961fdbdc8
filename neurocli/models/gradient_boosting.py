"""Gradient boosting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from ..step import ModelStep, named
from ._seeds import seed_from

if TYPE_CHECKING:
    import numpy as np


@named("gradient_boosting")
class GradientBoosting(ModelStep):
    """Boosted trees on binned columns, for labels and for numbers; takes missing values as they are."""

    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    takes: ClassVar[str] = "columns"
    predicts: ClassVar[bool] = True
    seeded: ClassVar[bool] = True
    accepts_nan: ClassVar[bool] = True

    learning_rate: PositiveFloat = 0.1
    max_iter: PositiveInt = 200
    max_leaf_nodes: PositiveInt = 31
    min_samples_leaf: PositiveInt = 20
    l2_regularization: NonNegativeFloat = 0.0

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `HistGradientBoostingClassifier`, or `HistGradientBoostingRegressor` for a number."""
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        from ._either import Either

        settings = {**self.model_dump(), "random_state": seed_from(rng), "early_stopping": False}
        return Either(HistGradientBoostingClassifier(**settings), HistGradientBoostingRegressor(**settings))
