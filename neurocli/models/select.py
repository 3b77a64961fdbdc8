"""The columns that tell most about the target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import PositiveInt

from ..step import ModelStep, named
from ._seeds import seed_from

if TYPE_CHECKING:
    import numpy as np


@named("select")
class Select(ModelStep):
    """The `k` columns that tell most about the target, one by one, in the training samples."""

    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    seeded: ClassVar[bool] = True
    positional: ClassVar[str | None] = "k"
    takes: ClassVar[str] = "columns"
    gives: ClassVar[str] = "columns"

    k: PositiveInt = 20
    score: Literal["anova", "mutual_information"] = "anova"

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `_select.Select`."""
        from ._select import Select as Estimator

        return Estimator(self.k, self.score, seed_from(rng))
