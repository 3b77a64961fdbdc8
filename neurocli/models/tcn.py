"""Temporal convolutional network."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from ..si import Seconds
from ..step import named
from ._deep_step import DeepStep


@named("tcn")
class TCN(DeepStep):
    """Dilated causal convolutions, each block seeing twice as far back (Bai et al. 2018)."""

    network: ClassVar[str] = "neurocli.models._torch_tcn:TCN"

    n_blocks: PositiveInt = 4
    n_filters: PositiveInt = 24
    kernel: Seconds = 0.04
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
