"""ShallowConvNet."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from ..si import Seconds
from ..step import named
from ._deep_step import DeepStep


@named("shallow_convnet")
class ShallowConvNet(DeepStep):
    """Temporal and spatial filters and their log power in moving windows (Schirrmeister et al. 2017)."""

    network: ClassVar[str] = "neurocli.models._torch_shallow:ShallowConvNet"

    n_filters: PositiveInt = 40
    kernel: Seconds = 0.1
    window: Seconds = 0.3
    stride: Seconds = 0.06
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5
