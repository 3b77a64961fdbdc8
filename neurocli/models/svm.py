"""Support vector machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import PositiveFloat

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("svm")
class SVM(ModelStep):
    """Support vector machine, for labels and for numbers."""

    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    takes: ClassVar[str] = "columns"
    predicts: ClassVar[bool] = True

    kernel: Literal["linear", "rbf"] = "linear"
    C: PositiveFloat = 1.0
    gamma: Literal["scale", "auto"] | PositiveFloat = "scale"

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `SVC`, or `SVR` for a number."""
        from sklearn.svm import SVC, SVR

        from ._either import Either

        settings = {"kernel": self.kernel, "C": self.C, "gamma": self.gamma}
        return Either(SVC(**settings), SVR(**settings))
