"""A recurrent net for implants."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from ..si import Seconds
from ..step import named
from ._deep_step import DeepStep


@named("edge_lstm")
class EdgeLSTM(DeepStep):
    """An LSTM over log power and line length of short windows; ours, for implants."""

    network: ClassVar[str] = "neurocli.models._torch_edge:EdgeLSTM"

    window: Seconds = 0.125
    width: PositiveInt = 32
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
