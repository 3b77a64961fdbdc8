"""Minimum distance to the mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("mdm")
class MDM(ModelStep):
    """The class whose mean covariance is nearest (Barachant et al. 2012)."""

    libraries: ClassVar[tuple[str, ...]] = ("numpy",)
    takes: ClassVar[str] = "covariances"
    predicts: ClassVar[bool] = True
    targets: ClassVar[tuple[str, ...]] = ("label",)

    metric: Literal["riemann", "logeuclid", "euclid"] = "riemann"
    shrinkage: Annotated[float, Field(ge=0, le=1)] = 0.0

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `_tangent.MDM`."""
        from ._tangent import MDM as Estimator

        return Estimator(self.metric, self.shrinkage)
