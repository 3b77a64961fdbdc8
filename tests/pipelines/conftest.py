"""Fake definitions, so that these tests hold whatever the science rooms offer."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from neurocli import registry
from neurocli.pipelines.config import load
from neurocli.si import Band, Bands, Hertz, Seconds, Volts
from neurocli.step import Exporter, ModelStep, Settings, Step, named


class Nothing(Step):
    def run(self, data: Any, rng: Any = None) -> Any:  # noqa: ARG002
        return data


@named("filter")
class Filter(Nothing):
    """Keep a band of frequencies."""

    l_freq: Hertz | None = Field(default=None, description="Lower edge of the pass band.")
    h_freq: Hertz | None = None
    method: Literal["fir", "iir"] = "fir"
    order: int = Field(default=4, ge=1)
    version = 3
    libraries = ("mne",)


@named("notch")
class Notch(Nothing):
    """Cut narrow bands out."""

    freqs: list[Hertz]
    positional = "freqs"


@named("epoch")
class Epoch(Nothing):
    """Cut into pieces."""

    duration: Seconds = Field(description="Length of a piece.")
    reject: dict[str, Volts] | None = None
    only: list[str] | None = None
    positional = "duration"


class Psd(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    method: Literal["welch", "multitaper"] = "welch"


@named("band_power")
class BandPower(Settings):
    """Power in bands."""

    bands: Bands | None = None
    log: bool = False
    psd: Psd = Psd()


class Builds(ModelStep):
    def build(self, rng: Any = None) -> Any:  # noqa: ARG002
        return None


@named("standardize")
class Standardize(Builds):
    """Zero mean, unit variance."""


@named("logistic_regression")
class LogisticRegression(Builds):
    """Logistic regression."""

    C: float = Field(default=1.0, gt=0)
    predicts: ClassVar[bool] = True
    targets: ClassVar[tuple[str, ...]] = ("label",)
    seeded = True


@named("network")
class Network(Builds):
    """A deep one."""

    band: Band | None = None
    deep: ClassVar[bool] = True
    predicts: ClassVar[bool] = True


class Writes(Exporter):
    def run(self, results: Any, folder: Any) -> None:  # noqa: ARG002
        return None


@named("report")
class Report(Writes):
    """An HTML page."""


FAKES: dict[str, list[type[Settings]]] = {
    "steps": [Filter, Notch, Epoch],
    "features": [BandPower],
    "models": [Standardize, LogisticRegression, Network],
    "exporters": [Report],
}

HEAD = "version: 1\npipelines:\n"


@pytest.fixture
def fakes(monkeypatch):
    """Put the fake definitions in the place of the real ones."""
    monkeypatch.setattr(registry, "definitions", lambda kind: {d.name: d for d in FAKES.get(kind, [])})
    monkeypatch.setattr(registry, "_shortcut", lambda *_: None)


@pytest.fixture
def loads(fakes, tmp_path, monkeypatch):  # noqa: ARG001
    """Return a function from the text of a file, or of its pipelines, to its `Config`."""
    monkeypatch.chdir(tmp_path)

    def loaded(text, *sets):
        path = tmp_path / "pipelines.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(path, sets)

    return loaded
