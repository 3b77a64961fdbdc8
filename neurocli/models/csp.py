"""Common spatial patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, PositiveInt

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("csp")
class CSP(ModelStep):
    """Log power of the channel mixtures whose power tells each class from the others (Blankertz et al. 2008).

    After `filter_bank`, `n_bands` is its number of bands: each band has filters of its own (Ang et al. 2008).
    """

    libraries: ClassVar[tuple[str, ...]] = ("numpy", "scipy")
    positional: ClassVar[str | None] = "n_components"
    takes: ClassVar[str] = "epochs"
    gives: ClassVar[str] = "columns"

    n_components: PositiveInt = 4
    n_bands: PositiveInt = 1
    shrinkage: Annotated[float, Field(ge=0, le=1)] = 0.0

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `_csp.CSP`."""
        from ._csp import CSP as Estimator

        return Estimator(self.n_components, self.shrinkage, self.n_bands)
