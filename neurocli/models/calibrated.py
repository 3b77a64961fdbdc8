"""Probabilities that mean what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from ..step import ModelStep, named

if TYPE_CHECKING:
    import numpy as np

Member = str | dict[str, Any]


@named("calibrated")
class Calibrated(ModelStep):
    """A model whose scores are mapped to probabilities, learned on inner held-out groups of the training samples.

    `model` is a chain as in `train.model`. `temperature` has one parameter and keeps the order of the scores;
    `isotonic` follows any monotone curve and wants many samples.
    """

    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn", "scipy")
    seeded: ClassVar[bool] = True
    predicts: ClassVar[bool] = True
    targets: ClassVar[tuple[str, ...]] = ("label",)
    positional: ClassVar[str | None] = "model"

    model: Annotated[tuple[Member, ...], Field(min_length=1)]
    method: Literal["temperature", "isotonic"] = "temperature"
    by: str = "subject"
    n_splits: Annotated[int, Field(ge=2)] = 5

    def members(self) -> list[ModelStep]:
        """Return the settings of the inner chain.

        Raises
        ------
        ConfigError
            If a member is unknown.
        """
        from .. import registry

        found = []
        for member in self.model:
            name, settings = (member, {}) if isinstance(member, str) else next(iter(member.items()))
            found.append(registry.get("models", name).model_validate(settings or {}))
        return [use for use in found if isinstance(use, ModelStep)]

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `_calibrated.Calibrated` round the inner chain."""
        from ._calibrated import Calibrated as Estimator
        from ._chain import build_chain
        from ._seeds import seed_from

        seed = seed_from(rng)
        return Estimator(build_chain(self.members(), seed), self.method, self.by, self.n_splits, seed)
