"""DBConformer."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from ..si import Seconds
from ..step import named
from ._deep_step import DeepStep


@named("dbconformer")
class DBConformer(DeepStep):
    """A transformer over patches of time beside one over channels (Wang et al. 2025)."""

    network: ClassVar[str] = "neurocli.models._torch_dbconformer:DBConformer"

    width: PositiveInt = 40
    depth: PositiveInt = 2
    n_heads: PositiveInt = 10
    n_filters: PositiveInt = 16
    patch: Seconds = 0.5
    kernel: Seconds = 0.252
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5
