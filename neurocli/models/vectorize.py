"""Epochs as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("vectorize")
class Vectorize(ModelStep):
    """Every sample of every channel as a column, so that a classical model takes epochs as they are."""

    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    gives: ClassVar[str] = "columns"
    uses_labels: ClassVar[bool] = False

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `_vectorize.Vectorize`."""
        from ._vectorize import Vectorize as Estimator

        return Estimator()
