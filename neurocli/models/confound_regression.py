"""Confounds taken out of the features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("confound_regression")
class ConfoundRegression(ModelStep):
    """What a linear model of age, sex, site or motion says of each feature is taken away, as learned in training."""

    libraries: ClassVar[tuple[str, ...]] = ("numpy",)
    positional: ClassVar[str | None] = "columns"
    takes: ClassVar[str] = "columns"
    gives: ClassVar[str] = "columns"
    uses_labels: ClassVar[bool] = False

    columns: Annotated[tuple[str, ...], Field(min_length=1)]

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `_confounds.ConfoundRegression`."""
        from ._confounds import ConfoundRegression as Estimator

        return Estimator(list(self.columns))
