"""The best constant guess."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("majority")
class Majority(ModelStep):
    """The most frequent label, or the median of a number, whatever the sample; a rival, not a model."""

    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    predicts: ClassVar[bool] = True
    accepts_nan: ClassVar[bool] = True

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `_baselines.Majority`."""
        from ._baselines import Majority as Estimator

        return Estimator()
