"""HiSTN."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from ..si import Seconds
from ..step import named
from ._deep_step import DeepStep


@named("histn")
class HiSTN(DeepStep):
    """Graphs of electrodes and of regions over log power in time, a thousand weights; ours, after a paper's abstract.

    For classes in an order, set `label_smoothing` and `ordinal: true`: what is smoothed away goes to the neighbours.
    """

    network: ClassVar[str] = "neurocli.models._torch_histn:HiSTN"

    n_filters: PositiveInt = 6
    width: PositiveInt = 8
    kernel: Seconds = 0.25
    window: Seconds = 0.5
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
