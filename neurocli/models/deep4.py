"""Deep4."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from ..si import Seconds
from ..step import named
from ._deep_step import DeepStep


@named("deep4")
class Deep4(DeepStep):
    """Four blocks of convolution and max pooling (Schirrmeister et al. 2017)."""

    version: ClassVar[int] = 2  # its statistics are measured again after training
    network: ClassVar[str] = "neurocli.models._torch_deep4:Deep4"

    n_filters: PositiveInt = 25
    kernel: Seconds = 0.04
    pool: PositiveInt = 3
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5
