"""Apply an exported model to new recordings: replay preprocessing and features, check, predict, write tables."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import registry
from ..data.entities import stem
from ..data.tables import tsv
from ..errors import NeurocliError
from ..pipelines import device
from ..pipelines.bundle import Bundle
from ..pipelines.gather import Cohort
from ..pipelines.pipeline import Pipeline
from ..pipelines.plan import Chain, Source
from ..pipelines.publish import label_of, write_changed
from ..pipelines.request import Request
from ..pipelines.settings import Input
from ..pipelines.sources import find_sources
from ..pipelines.stages import Inputs
from ..pipelines.units import Task
from ..store import Store
from .api import carrier
from .document import document
from .outfolder import prepare_out
from .run import Report, Run


def predict(folder: Path, request: Request, report: Report) -> dict[str, Any]:
    """Predict for every recording that the request selects and return the document of the run.

    Raises
    ------
    InputError
        If the bundle is unusable; a recording that does not match fails alone.
    """
    started = time.perf_counter()
    bundle = Bundle.read(folder)
    prepare_out(request.out, request.bids_dir)
    with carrier(request) as carry:
        pipeline = replace(replayed(bundle), device=device.resolved(request.device or "cpu", request.executor))
        job = _carried(bundle, Run(request, pipeline, carry, report))
    return document(f"predict {job.pipeline.name}", request, job.tally, time.perf_counter() - started)


def _carried(bundle: Bundle, job: Run) -> Run:
    """Carry out the chain of every recording, then apply the model to those that match it."""
    request = job.request
    recipe = bundle.card["pipeline"]
    steps = [registry.get("steps", step["name"]) for step in recipe["preprocess"]]
    sources = find_sources(request, job.pipeline, steps=steps)
    computing = device.of_features([one["name"] for one in recipe["featurize"]], job.pipeline.device)
    chain = Chain((("", recipe["preprocess"]),), recipe["featurize"] or None, computing)
    tasks = [chain.task(source) for source in sources]
    context = job.context(sources, Cohort(asked=tuple(source.id for source in sources)))
    job.phase(context, tasks)
    inputs = Inputs(context, Store(request.store_folder, request.store_from))
    for source, task in zip(sources, tasks, strict=True):
        if source.id not in job.tally.faults():
            _apply(bundle, source, task, inputs, job)
    job.keeper.release()
    job.tally.n_recordings = len(sources)
    return job


def replayed(bundle: Bundle) -> Pipeline:
    """Return a pipeline that only selects: what is done to the recordings stands in the bundle as recipes."""
    recipe = bundle.card["pipeline"]
    given = {name: value for name, value in recipe["input"].items() if value is not None}
    return Pipeline(
        name=recipe["name"], title=recipe["title"], citation=recipe["citation"], input=Input.model_validate(given),
        target=None, preprocess=(), featurize=(), train=None, evaluate=None, export=(), seed=recipe["seed"],
    )  # fmt: skip


def _apply(bundle: Bundle, source: Source, task: Task, inputs: Inputs, job: Run) -> None:
    signal, data = _payloads(task, inputs)
    try:
        bundle.check(source.id, data, signal)
    except NeurocliError as error:
        unit = {"unit": f"predict/{source.id}", "key": task.units[-1].key}
        job.tally.add([{"event": "failed", **unit, "error": error.to_dict()}])
        return
    header, rows = bundle.table(data, bundle.predict(data))
    folder = job.request.out / f"sub-{source.entities.get('subject', 'unknown')}" / source.entities["datatype"]
    name = f"{stem(source.entities)}_desc-{label_of(job.pipeline.name)}_predictions.tsv"
    path = write_changed(folder / name, tsv(header, rows))
    job.tally.outputs.append(path.relative_to(job.request.out).as_posix())


def _payloads(task: Task, inputs: Inputs) -> Sequence[Any]:
    signal = next(unit for unit in reversed(task.units) if unit.stage == "preprocess")
    return inputs.payload(signal.key), inputs.payload(task.units[-1].key)
