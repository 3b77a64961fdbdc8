"""Ridge regression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import PositiveFloat

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("ridge")
class Ridge(ModelStep):
    """Linear regression with an l2 penalty, for numbers; for labels, on -1 and 1."""

    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    takes: ClassVar[str] = "columns"
    predicts: ClassVar[bool] = True
    positional: ClassVar[str | None] = "alpha"

    alpha: PositiveFloat = 1.0

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `RidgeClassifier`, or `Ridge` for a number."""
        from sklearn.linear_model import Ridge as Regressor
        from sklearn.linear_model import RidgeClassifier

        from ._either import Either

        return Either(RidgeClassifier(alpha=self.alpha), Regressor(alpha=self.alpha))
