"""A convolutional net for implants."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from ..si import Seconds
from ..step import named
from ._deep_step import DeepStep


@named("edge_cnn")
class EdgeCNN(DeepStep):
    """Depthwise and pointwise convolutions at falling rates; ours, for implants."""

    network: ClassVar[str] = "neurocli.models._torch_edge:EdgeCNN"

    widths: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (16, 32, 32)
    kernel: Seconds = 0.06
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
