"""Covariances with evoked responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import PositiveInt

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("xdawn_covariances")
class XdawnCovariances(ModelStep):
    """Covariances of xDAWN components together with each class's evoked response (Barachant 2014), for ERPs."""

    libraries: ClassVar[tuple[str, ...]] = ("pyriemann",)
    positional: ClassVar[str | None] = "n_filters"
    takes: ClassVar[str] = "epochs"
    gives: ClassVar[str] = "covariances"

    n_filters: PositiveInt = 4
    estimator: Literal["lwf", "oas", "scm"] = "lwf"

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `pyriemann.estimation.XdawnCovariances`."""
        from pyriemann.estimation import XdawnCovariances as Estimator

        return Estimator(self.n_filters, estimator=self.estimator, xdawn_estimator="lwf")
