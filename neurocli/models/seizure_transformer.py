"""SeizureTransformer."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from ..step import named
from ._deep_step import DeepStep


@named("seizure_transformer")
class SeizureTransformer(DeepStep):
    """A U-shaped convolutional network with a transformer at its bottom, 41 million weights (Wu et al. 2025)."""

    network: ClassVar[str] = "neurocli.models._torch_seizure_transformer:SeizureTransformer"

    widths: Annotated[tuple[PositiveInt, ...], Field(min_length=1, max_length=5)] = (32, 64, 128, 256, 512)
    depth: PositiveInt = 8
    n_heads: PositiveInt = 4
    n_hidden: PositiveInt = 2048
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
