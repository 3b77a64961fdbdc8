"""EEG Conformer."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from ..si import Seconds
from ..step import named
from ._deep_step import DeepStep


@named("eeg_conformer")
class EEGConformer(DeepStep):
    """Convolutional patches in time and a transformer over them (Song et al. 2023)."""

    network: ClassVar[str] = "neurocli.models._torch_conformer:EEGConformer"

    width: PositiveInt = 40
    depth: PositiveInt = 6
    n_heads: PositiveInt = 10
    kernel: Seconds = 0.1
    window: Seconds = 0.3
    stride: Seconds = 0.06
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5
