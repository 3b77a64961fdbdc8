"""What a pipeline says besides its steps: what it reads, what it predicts, how it is trained and judged."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator, model_validator

from ..data.entities import FOREIGN, SHORT
from ..errors import unknown
from ..evaluation.split import Split
from ..step import Settings
from .protocols import Ablation, Ahead, Clusters, FewShot, Forecast, OverTime


def _wanted(value: Any) -> Any:
    values = [value] if isinstance(value, (str, int)) else value
    if isinstance(values, (list, tuple)):
        for text in values:
            _check_pattern(str(text))
        return tuple(str(text) for text in values)
    return value


def _check_pattern(text: str) -> None:
    if _is_pattern(text):
        try:
            re.compile(text[1:-1])
        except re.error as error:
            raise ValueError(f"{text!r} is no regular expression: {error}.") from error


def _is_pattern(text: str) -> bool:
    return len(text) > 1 and text.startswith("/") and text.endswith("/")


_FILTER_SCHEMA = {
    "anyOf": [{"type": ["string", "number"]}, {"type": "array", "items": {"type": ["string", "number"]}}],
    "description": "A label, a list of labels, or a regular expression between slashes.",
}
Filter = Annotated[tuple[str, ...] | None, BeforeValidator(_wanted), WithJsonSchema(_FILTER_SCHEMA)]


class Input(Settings):
    """Which recordings a pipeline takes: BIDS entities, each a label, a list of labels or a ``/pattern/``."""

    name: ClassVar[str] = "input"

    datatype: str = Field(description="BIDS datatype: eeg, meg, ieeg, nirs, func, anat ...", pattern="^[a-z]+$")
    suffix: str | None = Field(default=None, description="BIDS suffix; by default as the datatype, bold or T1w.")
    extension: str | tuple[str, ...] | None = Field(
        default=None, description="Only files of this ending, such as .vhdr, where a recording is there in several."
    )
    derivatives: str | None = Field(default=None, description="Read this derivative dataset, such as fmriprep.")
    space: str | None = Field(default=None, description="The space it was brought to, such as MNI152NLin2009cAsym.")
    desc: str | None = Field(default=None, description="What was done to it, such as preproc.")
    subject: Filter = None
    session: Filter = None
    sample: Filter = None
    task: Filter = None
    tracksys: Filter = None
    acquisition: Filter = None
    ceagent: Filter = None
    tracer: Filter = None
    stain: Filter = None
    reconstruction: Filter = None
    direction: Filter = None
    run: Filter = None
    modality: Filter = None
    echo: Filter = None
    flip: Filter = None
    inversion: Filter = None
    mt: Filter = None
    part: Filter = None
    processing: Filter = None
    hemisphere: Filter = None
    split: Filter = None
    recording: Filter = None
    chunk: Filter = None
    segmentation: Filter = None
    resolution: Filter = None
    density: Filter = None
    label: Filter = None
    atlas: Filter = None
    reg: Filter = None  # of C-PAC, and the next: data.entities.FOREIGN
    filt: Filter = None

    def filters(self) -> dict[str, tuple[str, ...]]:
        """Return the entities that are restricted, space and desc apart: labels and ``/patterns/``."""
        names = [name for name in (*SHORT, *FOREIGN) if name not in ("space", "description")]
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


class Target(Settings):
    """What is predicted: an entity, a column of the events, or a column of ``participants.tsv``."""

    name: ClassVar[str] = "target"

    entity: str | None = Field(default=None, description="The label is this BIDS entity of the recording.")
    events: str | None = Field(default=None, description="The label is this column of the events.")
    participants: str | None = Field(default=None, description="The label is this column of participants.tsv.")
    positive: str | None = Field(default=None, description="The label that counts as positive, of two.")
    only: tuple[str, ...] | None = Field(default=None, description="With events: the labels to keep.")
    as_: Literal["label", "number"] = Field(
        default="label", alias="as", description="With participants: class or number."
    )
    otherwise: str | None = Field(
        default=None, min_length=1, description="With events and equal pieces: the label where no event is."
    )
    ahead: Ahead | None = Field(default=None, description="With events: foretell the positive event.")

    @property
    def source(self) -> Literal["entity", "events", "participants"]:
        """Where the label stands."""
        return "entity" if self.entity else "events" if self.events else "participants"

    @property
    def column(self) -> str:
        """The name of the entity or column."""
        return self.entity or self.events or self.participants or ""

    @property
    def is_number(self) -> bool:
        """Whether a quantity is predicted, so that the model must be a regression."""
        return self.as_ == "number"

    def document(self) -> dict[str, Any]:
        """Return what enters the recipe: nothing of what few ask for where it is not asked for."""
        left_out = {name for name in ("otherwise", "ahead") if getattr(self, name) is None}
        return self.model_dump(mode="json", exclude=left_out)

    @field_validator("otherwise", "ahead")
    @classmethod
    def _with_events(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and not info.data.get("events"):
            raise ValueError(f"'{info.field_name}' goes with events: an entity or a participant has one label.")
        return value

    @field_validator("ahead")
    @classmethod
    def _of_what(cls, ahead: Ahead | None, info: ValidationInfo) -> Ahead | None:
        if ahead is not None and not info.data.get("positive"):
            raise ValueError("'ahead' needs `positive`, the label of the event that is foretold.")
        if ahead is not None and (info.data.get("only") or info.data.get("otherwise")):
            raise ValueError("'ahead' makes classes of its own; leave 'only' and 'otherwise' out.")
        return ahead

    @field_validator("entity")
    @classmethod
    def _known(cls, entity: str | None) -> str | None:
        if entity is not None and entity not in SHORT:
            raise ValueError(unknown("BIDS entity", entity, SHORT))
        return entity

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("entity", "events", "participants") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"give one of entity, events or participants, got {' and '.join(given) or 'none'}.")
        if self.only is not None and not self.events:
            raise ValueError("'only' goes with events; choose recordings under input.")
        if self.is_number and not self.participants:
            raise ValueError("'as: number' goes with participants.")
        if self.is_number and self.positive:
            raise ValueError("a number has no positive label.")
        if self.only and self.positive and self.positive not in (*self.only, self.otherwise):
            raise ValueError(f"the positive label {self.positive!r} is not among only: {', '.join(self.only)}.")
        return self


class Null(Settings):
    """The null distribution: refits on labels permuted in exchangeable blocks."""

    name: ClassVar[str] = "null"
    positional: ClassVar[str | None] = "permutations"

    permutations: int = Field(default=200, ge=0, le=100_000, description="How many refits; 0 for none.")


class Search(Settings):
    """Settings of the model that are searched in an inner grouped split of each training set."""

    name: ClassVar[str] = "search"

    over: dict[str, tuple[Any, ...]] = Field(
        min_length=1, description="Setting of a member of the model, such as ridge.alpha, and its candidates."
    )
    folds: int = Field(default=3, ge=2, description="Inner folds; whole groups of the outer split.")
    metric: str = Field(default="balanced_accuracy", description="What the best candidate has most of.")


class Train(Settings):
    """How a model is fitted: the split, the chain that is fitted inside each fold, and the controls beside it."""

    name: ClassVar[str] = "train"

    split: Split
    model: tuple[Any, ...] = Field(description="A chain, all of it fitted inside the fold.")
    balance: Literal["weights", "subsample", "none"] = Field(
        default="none", description="What unequal classes call for."
    )
    null: Null = Null()
    search: Search | None = None
    seeds: tuple[int, ...] = Field(default=(), description="Fit with each; by default the pipeline's.")
    over_time: OverTime | None = Field(default=None, description="Decode each part of the epoch by itself, too.")
    few_shot: FewShot | None = Field(default=None, description="Score with a few samples of those held out, too.")
    ablation: Ablation | None = Field(default=None, description="Score with random columns taken away, too.")
    latency: bool = Field(default=False, description="Time the model on one sample; the figure differs by run.")

    def protocols(self) -> dict[str, dict[str, Any]]:
        """Return the settings of what is fitted beside the model, by role."""
        asked = {name: getattr(self, name) for name in ("over_time", "few_shot", "ablation")}
        return {
            name: {**found.model_dump(mode="json"), "version": found.version} for name, found in asked.items() if found
        }


class Seizures(Settings):
    """How windows become events, for the scorers of seizures: SzCORE, NEDC, latency, false alarms."""

    name: ClassVar[str] = "seizures"

    threshold: float = Field(0.5, ge=0, le=1, description="Probability from which a window is high.")
    k: int = Field(1, ge=1, description="An event is where k of the last n windows are high.")
    n: int = Field(1, ge=1, description="An event is where k of the last n windows are high.")
    sensitivity: float = Field(0.9, gt=0, le=1, description="Share of events at which false alarms are counted.")

    @model_validator(mode="after")
    def _k_of_n(self) -> Self:
        if self.k > self.n:
            raise ValueError(f"'k' windows of the last 'n' must be high, and {self.k} is more than {self.n}.")
        return self


class Evaluate(Settings):
    """Which scores are computed from the held-out predictions."""

    name: ClassVar[str] = "evaluate"
    positional: ClassVar[str | None] = "metrics"

    metrics: tuple[str, ...] = Field(min_length=1, description="Names of metrics.")
    seizures: Seizures | None = Field(None, description="Score windows of the positive class as seizures, too.")
    forecast: Forecast | None = Field(None, description="Score alarms against onsets, with `target.ahead`.")
    clusters: Clusters | None = Field(None, description="The test of `train.over_time`.")

    def document(self) -> dict[str, Any]:
        """Return what enters the recipe: nothing of what is not asked for."""
        asked = {name: getattr(self, name) for name in ("seizures", "forecast", "clusters")}
        given = {name: found.model_dump(mode="json") for name, found in asked.items() if found}
        return {"metrics": list(self.metrics), **given}
