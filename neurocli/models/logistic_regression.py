"""Logistic regression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, PositiveFloat, PositiveInt

from ..step import ModelStep, named
from ._seeds import seed_from

if TYPE_CHECKING:
    import numpy as np


@named("logistic_regression")
class LogisticRegression(ModelStep):
    """Logistic regression; `C` is the inverse strength of the penalty, `l1_ratio` the part of it that is l1."""

    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    takes: ClassVar[str] = "columns"
    predicts: ClassVar[bool] = True
    targets: ClassVar[tuple[str, ...]] = ("label",)
    seeded: ClassVar[bool] = True

    C: PositiveFloat = 1.0
    l1_ratio: Annotated[float, Field(ge=0, le=1)] = 0.0
    max_iter: PositiveInt = 1000

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `sklearn.linear_model.LogisticRegression`."""
        from sklearn.linear_model import LogisticRegression as Estimator

        solver = "saga" if self.l1_ratio else "lbfgs"
        rest = {"solver": solver, "max_iter": self.max_iter, "random_state": seed_from(rng)}
        return Estimator(C=self.C, l1_ratio=self.l1_ratio, **rest)
