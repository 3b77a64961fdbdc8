"""What a pipeline may ask for beside its score: decoding over time, few-shot curves, ablation, forecasts."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, field_validator

from ..si import Seconds
from ..step import Settings


class OverTime(Settings):
    """Fit the model on each part of the epoch by itself, and tell when the classes can be told apart."""

    name: ClassVar[str] = "over_time"
    positional: ClassVar[str | None] = "window"

    window: Seconds | None = Field(None, gt=0, description="Length of a part of the epoch; by default one sample.")
    step: Seconds | None = Field(None, gt=0, description="From one part to the next; by default one sample.")
    generalise: bool = Field(False, description="Score every part by the fit of every other one, too.")


class FewShot(Settings):
    """Fit the model with the first samples of those held out besides, and score what comes after the most of them."""

    name: ClassVar[str] = "few_shot"
    positional: ClassVar[str | None] = "shots"

    shots: tuple[int, ...] = Field((0, 1, 2, 5, 10), min_length=2, description="Samples a class; rising from 0 on.")

    @field_validator("shots")
    @classmethod
    def _rising(cls, shots: tuple[int, ...]) -> tuple[int, ...]:
        if min(shots) < 0 or list(shots) != sorted(set(shots)):
            raise ValueError(f"numbers of shots rise from 0 on, got {', '.join(map(str, shots))}.")
        return shots


class Ablation(Settings):
    """Score the fitted model when it is told less and less: random columns replaced by their classes' mean means."""

    name: ClassVar[str] = "ablation"
    version: ClassVar[int] = 2  # columns are replaced by the mean of the classes' means
    positional: ClassVar[str | None] = "shares"

    shares: tuple[float, ...] = Field(
        (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0), min_length=2, description="Shares of the columns that are replaced."
    )
    repeats: int = Field(20, ge=1, le=1000, description="Random draws of columns for each share.")

    @field_validator("shares")
    @classmethod
    def _shares(cls, shares: tuple[float, ...]) -> tuple[float, ...]:
        if min(shares) < 0 or max(shares) > 1 or list(shares) != sorted(set(shares)):
            raise ValueError(f"shares rise from 0 to 1, got {', '.join(f'{share:g}' for share in shares)}.")
        return shares


class Clusters(Settings):
    """The test of decoding over time: sign flips over subjects, corrected for the size of the map."""

    name: ClassVar[str] = "clusters"
    positional: ClassVar[str | None] = "permutations"

    permutations: int = Field(1000, ge=1, le=100_000, description="Sign flips; all of them where there are fewer.")
    tfce: bool = Field(False, description="Threshold-free cluster enhancement instead of clusters cut at p = .05.")


class Forecast(Settings):
    """How probabilities of windows become alarms, for the scores of a forecast; goes with ``target.ahead``."""

    name: ClassVar[str] = "forecast"

    threshold: float = Field(0.5, ge=0, le=1, description="Probability from which a window is high.")
    k: int = Field(1, ge=1, description="An alarm is raised where k of the last n windows are high.")
    n: int = Field(1, ge=1, description="An alarm is raised where k of the last n windows are high.")
    refractory: Seconds | None = Field(
        None, ge=0, description="Time after an alarm without another; by default as long as its warning lasts."
    )
    surrogates: int = Field(999, ge=19, le=100_000, description="Rotated onsets, and random alarms of the same rate.")

    @field_validator("n")
    @classmethod
    def _k_of_n(cls, n: int, info: object) -> int:
        k = getattr(info, "data", {}).get("k", 1)
        if k > n:
            raise ValueError(f"'k' windows of the last 'n' must be high, and {k} is more than {n}.")
        return n


class Ahead(Settings):
    """Predict whether the positive event begins within some time, instead of whether it is there."""

    name: ClassVar[str] = "ahead"
    positional: ClassVar[str | None] = "occurrence"

    occurrence: Seconds = Field(gt=0, description="Time after the horizon in which the event begins.")
    horizon: Seconds = Field(0.0, ge=0, description="Time between a window and the earliest onset it may foretell.")
    recovery: Seconds = Field(600.0, ge=0, description="Time after an event whose windows take no part.")
