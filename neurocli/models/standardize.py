"""Mean 0 and variance 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("standardize")
class Standardize(ModelStep):
    """Each column minus its mean over its standard deviation, both of the training samples."""

    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    takes: ClassVar[str] = "columns"
    gives: ClassVar[str] = "columns"
    uses_labels: ClassVar[bool] = False

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `sklearn.preprocessing.StandardScaler`."""
        from sklearn.preprocessing import StandardScaler

        return StandardScaler()
