"""Missing values filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("impute")
class Impute(ModelStep):
    """A missing value becomes the median or mean of its column over the training samples (0 where all are missing)."""

    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    positional: ClassVar[str | None] = "strategy"
    takes: ClassVar[str] = "columns"
    gives: ClassVar[str] = "columns"
    uses_labels: ClassVar[bool] = False
    accepts_nan: ClassVar[bool] = True

    strategy: Literal["median", "mean"] = "median"

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `sklearn.impute.SimpleImputer`."""
        from sklearn.impute import SimpleImputer

        return SimpleImputer(strategy=self.strategy, keep_empty_features=True)
