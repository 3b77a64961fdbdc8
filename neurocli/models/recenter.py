"""Covariances of every group brought to the identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("recenter")
class Recenter(ModelStep):
    """Covariances seen from the Riemannian mean of their subject or session (Zanini et al. 2018)."""

    libraries: ClassVar[tuple[str, ...]] = ("numpy",)
    positional: ClassVar[str | None] = "by"
    takes: ClassVar[str] = "covariances"
    gives: ClassVar[str] = "covariances"
    uses_labels: ClassVar[bool] = False
    transductive: ClassVar[bool] = True

    by: str = "subject"
    metric: Literal["riemann", "logeuclid", "euclid"] = "riemann"
    shrinkage: Annotated[float, Field(ge=0, le=1)] = 0.0

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `_groups.Recenter`."""
        from ._groups import Recenter as Estimator

        return Estimator(self.by, self.metric, self.shrinkage)
