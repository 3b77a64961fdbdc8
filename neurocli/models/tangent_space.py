"""Covariances as vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("tangent_space")
class TangentSpace(ModelStep):
    """Covariances as vectors in the tangent space at their mean (Barachant et al. 2012).

    Directions without variance (an average reference takes one) are left out; `shrinkage` towards the scaled identity
    is for samples that are singular beyond that. After `filter_bank`, `n_bands` is its number of bands: covariances
    between bands are left out.
    """

    libraries: ClassVar[tuple[str, ...]] = ("numpy",)
    takes: ClassVar[str] = "covariances"
    gives: ClassVar[str] = "columns"
    uses_labels: ClassVar[bool] = False

    metric: Literal["riemann", "logeuclid", "euclid"] = "riemann"
    shrinkage: Annotated[float, Field(ge=0, le=1)] = 0.0
    tol: PositiveFloat = 1e-8
    maxiter: PositiveInt = 50
    n_bands: PositiveInt = 1

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `_tangent.TangentSpace`."""
        from ._tangent import TangentSpace as Estimator

        return Estimator(self.metric, self.shrinkage, self.tol, self.maxiter, self.n_bands)
