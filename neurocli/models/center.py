"""The mean of a group taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("center")
class Center(ModelStep):
    """Columns minus the mean of their subject, session or recording; uses no label."""

    libraries: ClassVar[tuple[str, ...]] = ("numpy",)
    positional: ClassVar[str | None] = "by"
    takes: ClassVar[str] = "columns"
    gives: ClassVar[str] = "columns"
    uses_labels: ClassVar[bool] = False
    transductive: ClassVar[bool] = True

    by: str = "subject"
    scale: bool = False

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `_groups.Center`."""
        from ._groups import Center as Estimator

        return Estimator(self.by, self.scale)
