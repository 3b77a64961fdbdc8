"""Covariances with delays that are chosen inside the fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import PositiveInt

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np


@named("augmented_covariances")
class AugmentedCovariances(ModelStep):
    """Covariances of the channels of an epoch and their delayed copies (Carrara & Papadopoulo 2024).

    The feature `augmented_covariance` does the same once for all folds. Here `order` and `lag` can be searched in the
    fold (`train.search`), or estimated without labels from its training samples, up to `order` copies and `lag`
    samples: `cao` takes the first minimum of the mutual information and Cao's dimension, `mdop` delays that are not
    all alike (Nichkawde 2013). With `order: 1` it is the plain covariance.
    """

    libraries: ClassVar[tuple[str, ...]] = ("pyriemann", "scipy")
    seeded: ClassVar[bool] = True
    takes: ClassVar[str] = "epochs"
    gives: ClassVar[str] = "covariances"
    uses_labels: ClassVar[bool] = False

    order: PositiveInt = 4
    lag: PositiveInt = 8
    choice: Literal["given", "cao", "mdop"] = "given"
    estimator: Literal["cov", "scm", "lwf", "oas"] = "lwf"

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `_covariances.AugmentedCovariances`."""
        from ._covariances import AugmentedCovariances as Estimator
        from ._seeds import seed_from

        return Estimator(self.order, self.lag, self.choice, self.estimator, seed_from(rng))
