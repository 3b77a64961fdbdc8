"""Canonical correlation with sines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, PositiveInt

from ..si import Hertz
from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("canonical_correlation")
class CanonicalCorrelation(ModelStep):
    """Correlation of each epoch with sines of each frequency and its harmonics, for SSVEP (Lin et al. 2006)."""

    libraries: ClassVar[tuple[str, ...]] = ("numpy",)
    positional: ClassVar[str | None] = "freqs"
    takes: ClassVar[str] = "epochs"
    gives: ClassVar[str] = "columns"
    uses_labels: ClassVar[bool] = False

    freqs: Annotated[tuple[Hertz, ...], Field(min_length=1)]
    n_harmonics: PositiveInt = 2
    sfreq: Hertz | None = None

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `_ssvep.CanonicalCorrelation`."""
        from ._ssvep import CanonicalCorrelation as Estimator

        return Estimator(list(self.freqs), self.n_harmonics, self.sfreq)
