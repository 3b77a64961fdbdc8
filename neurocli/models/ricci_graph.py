"""Graph network on curvature."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, NonNegativeFloat, PositiveInt

from ..si import Hertz, Seconds
from ..step import named
from ._deep_step import DeepStep


@named("ricci_graph")
class RicciGraph(DeepStep):
    """Spectra of channels mixed along a graph weighted by Ollivier-Ricci curvature, behind an attention denoiser; ours.

    The graph is learned from the training samples without labels: strongest edges, their curvature, and the Laplacian
    eigenmap as the place of each channel.
    """

    libraries: ClassVar[tuple[str, ...]] = ("torch", "scipy")
    network: ClassVar[str] = "neurocli.models._torch_ricci:RicciGraph"

    n_bands: PositiveInt = 16
    h_freq: Hertz = 40.0
    n_neighbours: PositiveInt = 3
    n_components: PositiveInt = 2
    width: PositiveInt = 16
    depth: PositiveInt = 2
    denoise: NonNegativeFloat = 0.1  # weight of the denoiser's loss; 0 leaves the denoiser out
    snr: float = 2.0  # dB, of the noise it learns to take away
    patch: Seconds = 0.1
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
