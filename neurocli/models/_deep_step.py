"""What every deep decoder's settings share: how it is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from ..si import Hertz
from ..step import ModelStep
from ._seeds import seed_from

if TYPE_CHECKING:
    import numpy as np

Change = Literal["gaussian_noise", "time_shift", "channel_dropout", "fourier_surrogate"]


class DeepStep(ModelStep):
    """A network of torch; each subclass adds the settings of its own architecture.

    `augment` names changes of the training samples and their sizes: ``gaussian_noise`` in standard deviations,
    ``time_shift`` in s, ``channel_dropout`` a probability, ``fourier_surrogate`` a share of a whole turn of phase.
    """

    libraries: ClassVar[tuple[str, ...]] = ("torch",)
    seeded: ClassVar[bool] = True
    takes: ClassVar[str] = "epochs"
    predicts: ClassVar[bool] = True
    deep: ClassVar[bool] = True
    targets: ClassVar[tuple[str, ...]] = ("label",)
    network: ClassVar[str]  # module:class of the network

    n_epochs: PositiveInt = 100
    batch_size: PositiveInt = 32
    learning_rate: PositiveFloat = 1e-3
    weight_decay: NonNegativeFloat = 0.0
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    ordinal: bool = False  # classes lie in an order, and `label_smoothing` goes to the neighbours
    patience: NonNegativeInt = 0  # passes without a better loss on inner held-out groups before it ends; 0: never
    validate_by: str = "subject"  # the groups that `patience` holds out
    augment: dict[Change, NonNegativeFloat] = {}  # noqa: RUF012 - pydantic copies it
    precision: Literal["float32", "bfloat16"] = "float32"  # of products, in training on a GPU only
    sfreq: Hertz | None = None  # of the epochs, where the sample table does not say

    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return `_deep.Deep` with this architecture."""
        from ._deep import Deep

        shared = set(DeepStep.model_fields)
        training = self.model_dump(include=shared - {"sfreq"})
        return Deep(self.name, self.model_dump(exclude=shared), training, self.sfreq, seed_from(rng))
