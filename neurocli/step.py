"""The step: frozen settings and one pure method."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import numpy as np


class Settings(BaseModel):
    """Frozen settings of one registered definition; every field enters the key.

    The first line of the docstring is the sentence that `neurocli steps` prints. A definition whose computation
    changes gets its `version` bumped by hand, which voids what is cached of it and nothing else.
    """

    # a key is JSON, which has neither NaN nor infinity
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)

    name: ClassVar[str]
    version: ClassVar[int] = 1
    libraries: ClassVar[tuple[str, ...]] = ()  # distributions whose major.minor enters the key
    seeded: ClassVar[bool] = False  # True: the seed enters the key and `rng` is given
    positional: ClassVar[str | None] = None  # the field that a bare scalar or list in YAML sets


class Step(Settings, ABC):
    """A preprocessing step: `Recording`, `Image` or `Epochs` in, one of these out."""

    checkpoint: ClassVar[bool] = False  # True: the step ends a unit of its own, so what follows can change freely
    transductive: ClassVar[bool] = False  # True: fitted, without labels, on the recording it is applied to
    streams: ClassVar[bool] = False  # True: takes signals that are read when they are looked at (`data.lazy`)
    companions: ClassVar[tuple[str, ...]] = ()  # suffixes of images of the same person that the reader brings along

    def check_names(self, ch_names: Sequence[str]) -> tuple[str, str, str] | None:
        """Return why EEG channels of these names cannot be taken (code, sentence, remedy), or None; imports nothing.

        A run asks before anything is read, where ``channels.tsv`` has the names.
        """
        del ch_names
        return None

    def idle(self, recordings: Sequence[Mapping[str, str]]) -> Sequence[str]:
        """Return a warning for each setting that is about none of the recordings (their entities); imports nothing."""
        del recordings
        return ()

    @abstractmethod
    def run(self, data: Any, rng: np.random.Generator | None = None) -> Any:
        """Return new data; the input is left alone."""


class ModelStep(Settings, ABC):
    """A member of `train.model`: builds an unfitted estimator, which is fitted inside the fold.

    The estimator follows scikit-learn. One with ``needs_samples = True`` gets the sample table too, as the keyword
    `samples` of `fit`, `transform` and `predict`.

    What a chain must know of a member before anything is imported stands in class variables, so that a chain is checked
    when the YAML is read.
    """

    takes: ClassVar[str] = "any"  # what a sample must be: columns, covariances, epochs or any
    gives: ClassVar[str] = "same"  # what it is made into: columns, covariances, epochs or same
    predicts: ClassVar[bool] = False  # True: the last member of a chain, and only there
    targets: ClassVar[tuple[str, ...]] = ("label", "number")  # what a predicting member can learn
    uses_labels: ClassVar[bool] = True  # False: its fit is the same under every permutation of the labels
    accepts_nan: ClassVar[bool] = False
    transductive: ClassVar[bool] = False  # True: uses the unlabelled samples it is applied to
    deep: ClassVar[bool] = False  # True: too slow to refit for a null that nobody asked for

    @abstractmethod
    def build(self, rng: np.random.Generator | None = None) -> Any:
        """Return a fresh estimator."""


class Exporter(Settings, ABC):
    """A member of `export`: writes files below a folder, from payloads alone."""

    @abstractmethod
    def run(self, results: Any, folder: Any) -> None:
        """Write into `folder`; the bytes depend on `results` and on nothing else."""


Definition = TypeVar("Definition", bound=type[Settings])


def named(name: str) -> Callable[[Definition], Definition]:
    """Give a definition its YAML name; the registry finds it by that."""

    def decorate(definition: Definition) -> Definition:
        definition.name = name
        return definition

    return decorate
