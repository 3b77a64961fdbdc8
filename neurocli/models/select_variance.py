"""The columns that vary most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import PositiveInt

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("select_variance")
class SelectVariance(ModelStep):
    """The `k` columns with the largest variance in the training samples; uses no label."""

    libraries: ClassVar[tuple[str, ...]] = ("numpy",)
    positional: ClassVar[str | None] = "k"
    takes: ClassVar[str] = "columns"
    gives: ClassVar[str] = "columns"
    uses_labels: ClassVar[bool] = False

    k: PositiveInt = 100

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `_select.Select` by variance."""
        from ._select import Select as Estimator

        return Estimator(self.k, "variance")
