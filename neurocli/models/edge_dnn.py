"""A dense net for implants."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from ..step import named
from ._deep_step import DeepStep


@named("edge_dnn")
class EdgeDNN(DeepStep):
    """Dense layers over log power and line length of a few windows; ours, for implants."""

    network: ClassVar[str] = "neurocli.models._torch_edge:EdgeDNN"

    n_windows: PositiveInt = 4
    hidden: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (64, 32)
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
