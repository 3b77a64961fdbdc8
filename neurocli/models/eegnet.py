"""EEGNet."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from ..si import Seconds
from ..step import named
from ._deep_step import DeepStep


@named("eegnet")
class EEGNet(DeepStep):
    """EEGNet: temporal filters, a spatial filter for each, separable convolution (Lawhern et al. 2018)."""

    network: ClassVar[str] = "neurocli.models._torch_eegnet:EEGNet"

    n_temporal: PositiveInt = 8
    n_spatial: PositiveInt = 2
    n_separable: PositiveInt = 16
    kernel: Seconds = 0.5
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5
