"""Linear discriminant analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("lda")
class LDA(ModelStep):
    """Linear discriminant analysis with a shrunk covariance (Ledoit-Wolf by default; 0 for none)."""

    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    takes: ClassVar[str] = "columns"
    predicts: ClassVar[bool] = True
    targets: ClassVar[tuple[str, ...]] = ("label",)
    positional: ClassVar[str | None] = "shrinkage"

    shrinkage: Literal["auto"] | Annotated[float, Field(ge=0, le=1)] = "auto"

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `sklearn.discriminant_analysis.LinearDiscriminantAnalysis`."""
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        if self.shrinkage == 0:
            return LinearDiscriminantAnalysis(solver="svd")
        return LinearDiscriminantAnalysis(solver="lsqr", shrinkage=self.shrinkage)
