"""Attention over features."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from ..step import named
from ._deep_step import DeepStep


@named("feature_attention")
class FeatureAttention(DeepStep):
    """A transformer whose tokens are the columns of `featurize`, for interpretable descriptors; ours."""

    takes: ClassVar[str] = "columns"
    network: ClassVar[str] = "neurocli.models._torch_feature_attention:FeatureAttention"

    width: PositiveInt = 16
    depth: PositiveInt = 2
    n_heads: PositiveInt = 4
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
