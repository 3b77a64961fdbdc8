"""A multilayer perceptron over columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import NonNegativeFloat, PositiveInt

from ..step import ModelStep, named
from ._seeds import seed_from

if TYPE_CHECKING:
    import numpy as np


@named("mlp")
class MLP(ModelStep):
    """Dense layers over columns, fitted as a whole by L-BFGS, for labels and for numbers."""

    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    takes: ClassVar[str] = "columns"
    predicts: ClassVar[bool] = True
    seeded: ClassVar[bool] = True
    positional: ClassVar[str | None] = "hidden"

    hidden: tuple[PositiveInt, ...] = (32,)
    alpha: NonNegativeFloat = 1.0
    max_iter: PositiveInt = 1000

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `MLPClassifier`, or `MLPRegressor` for a number."""
        from sklearn.neural_network import MLPClassifier, MLPRegressor

        from ._either import Either

        # no part is set aside for early stopping: a random one would share people with what is fitted
        settings = {"hidden_layer_sizes": self.hidden, "alpha": self.alpha, "max_iter": self.max_iter,
                    "solver": "lbfgs", "random_state": seed_from(rng)}  # fmt: skip
        return Either(MLPClassifier(**settings), MLPRegressor(**settings))
