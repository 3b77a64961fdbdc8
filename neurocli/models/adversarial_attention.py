"""Adversarial spatio-temporal attention."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, NonNegativeFloat, PositiveInt

from ..si import Seconds
from ..step import named
from ._deep_step import DeepStep


@named("adversarial_attention")
class AdversarialAttention(DeepStep):
    """Attention in space and time with a Wasserstein critic beside the classes, for seizure forecasting; ours."""

    network: ClassVar[str] = "neurocli.models._torch_stan:AdversarialAttention"

    patch: Seconds = 0.25
    width: PositiveInt = 32
    depth: PositiveInt = 2
    n_heads: PositiveInt = 4
    adversary: NonNegativeFloat = 0.1
    gradient_penalty: NonNegativeFloat = 10.0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
