"""What each of the five stages does with one unit."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import registry
from ..data.captured import capturing
from ..step import ModelStep, Settings, Step
from ..store.scratch import Scratch
from .keys import seed_of
from .manifest import Context
from .progress import Progress, Tell, silent
from .units import Unit

if TYPE_CHECKING:
    import numpy as np

    from ..data.payload import Payload
    from ..store import Store


@dataclass
class Made:
    """What a unit leaves: arrays and a JSON document, and maybe a tree of files."""

    arrays: Mapping[str, np.ndarray]
    meta: Mapping[str, Any]
    files: Path | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)  # for the last event of the unit
    scratch: Scratch | None = None

    def close(self) -> None:
        """Drop the temporary tree of files, whether the store has taken it or not."""
        if self.files:
            shutil.rmtree(self.files, ignore_errors=True)

    def kept(self) -> None:
        """Drop the parts from which a killed unit would resume: the store has the whole."""
        if self.scratch:
            self.scratch.drop()


@dataclass
class Inputs:
    """Where units read from; the last payload of a chain stays in memory for the unit that follows."""

    context: Context
    store: Store
    memory: dict[str, Payload] = field(default_factory=dict)
    tell: Tell = silent

    def payload(self, key: str) -> Payload:
        """Return the object kept under a key, memory-mapped unless this process has just made it."""
        from ..data import features, fitted, payload, recording  # noqa: F401 - they register their kinds

        if key in self.memory:
            return self.memory[key]
        return payload.restore(*self.store.read(key))

    def remember(self, key: str, data: Payload) -> Made:
        """Hand `data` to the store, and to the next unit of the chain unless it is too large for memory."""
        from ..data.lazy import Lazy

        arrays, meta = data.to_payload()
        streams = any(isinstance(array, Lazy) for array in arrays.values())
        self.memory = {} if streams else {key: data}  # one is enough: a chain only looks back one step
        return Made(arrays, meta)


def settings_of(kind: str, recipe: Mapping[str, Any]) -> Settings:
    """Return the definition with the settings that a recipe froze."""
    return registry.get(kind, recipe["name"]).model_validate(recipe["settings"])


def preprocess(unit: Unit, inputs: Inputs) -> Made:
    """Read a recording, or take up the last checkpoint, and run the steps one after the other."""
    from ..data.lazy import lying_in

    data: Any = inputs.payload(unit.upstream[0]) if unit.upstream else _read(unit, inputs)
    with inputs.store.building(unit.key) as folder, lying_in(Path(folder)), capturing() as captured:
        for i, recipe in enumerate(unit.recipe["steps"]):
            data = _stepped(data, unit, i, recipe)
    return replace(inputs.remember(unit.key, data), files=captured.folder)


def _stepped(data: Any, unit: Unit, i: int, recipe: Mapping[str, Any]) -> Any:
    from ..data.lazy import settled

    step = settings_of("steps", recipe)
    assert isinstance(step, Step)
    data = data if step.streams else settled(data)
    return step.run(data, _rng(unit, i, recipe)) if step.seeded else step.run(data)


def _rng(unit: Unit, position: int, recipe: Mapping[str, Any]) -> np.random.Generator:
    import numpy as np

    return np.random.default_rng(seed_of(recipe["seed"], unit.recipe["unit"], position, recipe["name"]))


def _read(unit: Unit, inputs: Inputs) -> Payload:
    from ..bids.question import Item
    from ..bids.read import read

    item = Item(unit.spec["item"]["path"], unit.spec["item"]["entities"], tuple(unit.spec["item"]["sidecars"]))
    return read(Path(inputs.context.dataset), item, lazily=True)


def featurize(unit: Unit, inputs: Inputs) -> Made:
    """Compute the features of one recording's epochs."""
    from ..features.featurize import featurize as compute

    uses = [(recipe["name"], recipe["settings"]) for recipe in unit.recipe["features"]]
    data: Any = inputs.payload(unit.upstream[0])
    progress, keep = Progress(unit, inputs.tell), Scratch(inputs.store, unit.key)
    if unit.stage in inputs.context.force:
        keep.drop()
    how = {"backend": unit.recipe["backend"], "dtype": unit.recipe["dtype"], "n_threads": inputs.context.threads}
    found = compute(data, uses, keep=keep, progress=progress, **how)
    return replace(inputs.remember(unit.key, found), facts=progress.facts(), scratch=keep)


def train(unit: Unit, inputs: Inputs) -> Made:
    """Fit one fold of one role, or collect the held-out predictions."""
    if unit.recipe["role"] == "collect":
        return Made({}, {"kind": "collected", "fits": list(unit.upstream)})
    from .train import fit_unit

    with _checkpointing(unit, inputs):
        return Made(*fit_unit(unit.recipe, list(inputs.context.cohort), inputs).to_payload())


@contextmanager
def _checkpointing(unit: Unit, inputs: Inputs) -> Iterator[None]:
    """Let a deep decoder go on from the epoch at which an earlier attempt at this unit was stopped."""
    uses = [registry.get("models", member["name"]) for member in unit.recipe.get("model", ())]
    if not any(use.deep for use in uses if issubclass(use, ModelStep)):
        yield
        return
    from ..models._training import checkpointing

    folder = Path(inputs.context.out) / ".neurocli" / "checkpoints" / unit.key
    with checkpointing(folder):
        yield
    shutil.rmtree(folder, ignore_errors=True)


def evaluate(unit: Unit, inputs: Inputs) -> Made:
    """Judge the held-out predictions."""
    from .evaluate import judge_unit

    judged = judge_unit(unit.recipe, list(unit.upstream), inputs)
    return Made({}, judged | stamped(unit.recipe["asked"], unit.recipe["scored"], judged["warnings"]))


def stamped(asked: Sequence[str], scored: Sequence[str], warnings: Sequence[str]) -> dict[str, Any]:
    """Return how many recordings were asked for and scored; an incomplete cohort cannot pass for a whole one."""
    missing = sorted({*asked} - {*scored})
    recordings = {"n_asked": len(asked), "n_scored": len(scored), "missing": missing}
    if not missing:
        return {"recordings": recordings}
    stamp = f"n = {len(scored)} of {len(asked)} recordings, missing: {', '.join(missing)}."
    return {"recordings": recordings, "warnings": [stamp, *warnings]}


def export(unit: Unit, inputs: Inputs) -> Made:
    """Let one exporter write its files from payloads alone."""
    from ..step import Exporter
    from .results import results_of

    exporter = settings_of("exporters", unit.recipe["exporter"])
    assert isinstance(exporter, Exporter)
    folder = Path(tempfile.mkdtemp(prefix="neurocli-export-"))
    exporter.run(results_of(unit, inputs), folder)
    listing = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return Made({}, json.loads(json.dumps({"kind": "files", "files": listing})), folder)


STAGE_WORK: dict[str, Callable[[Unit, Inputs], Made]] = {
    "preprocess": preprocess,
    "featurize": featurize,
    "train": train,
    "evaluate": evaluate,
    "export": export,
}
