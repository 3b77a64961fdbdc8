"""`neurocli.run(...)`: what the commands call, and what a Python program may call."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError, unknown
from ..pipelines.choose import chosen
from ..pipelines.request import Request
from .detached import Detached
from .document import document
from .outfolder import prepare_out
from .run import Carry, Report, Run

if TYPE_CHECKING:
    from ..pipelines.config import Pipeline


def run(pipeline: str, bids_dir: str | Path, out: str | Path, **settings: Any) -> dict[str, Any]:
    """Run a pipeline on a BIDS dataset and return the document that ``run --json`` prints.

    Parameters
    ----------
    pipeline : str
        Name in the pipelines file.
    bids_dir, out : path
        The dataset, and the derivative dataset to write.
    **settings
        Fields of `neurocli.pipelines.request.Request`, such as ``until="featurize"`` or ``n_cpus=4``.

    Returns
    -------
    document : dict
        ``status``, ``units``, ``outputs``, ``scores`` and more; of a matrix, the document of its first pipeline under
        ``matrix`` with all of them.

    Raises
    ------
    NeurocliError
        If nothing could be started; what failed on the way is in the document.
    """
    documents = execute(Request(pipeline, Path(bids_dir), Path(out), **settings))
    return documents[0] if len(documents) == 1 else {**documents[0], "matrix": documents}


def print_nothing(event: dict[str, Any]) -> None:
    """Take an event and leave it: what the Python API does unless told otherwise."""
    del event


def execute(request: Request, report: Report = print_nothing) -> list[dict[str, Any]]:
    """Run every pipeline that the request names (a matrix names several) and return a document each."""
    pipelines = chosen(request)  # first, so that a misspelt name leaves no folder behind
    prepare_out(request.out, request.bids_dir)
    return [_one(request, pipeline, report) for pipeline in pipelines]


def _one(request: Request, pipeline: Pipeline, report: Report) -> dict[str, Any]:
    started = time.perf_counter()
    with carrier(request) as carry:
        run = Run(request, pipeline, carry, report)
        try:
            tally = run.execute()
        except Detached as left:
            return left.document(document(pipeline.name, request, run.tally, time.perf_counter() - started))
    return document(pipeline.name, request, tally, time.perf_counter() - started)


def carrier(request: Request) -> AbstractContextManager[Carry]:
    """Return who carries tasks out: local workers, SLURM, or a nipype plugin."""
    if request.executor == "local":
        from . import workers

        return workers.carrier(request)
    if request.executor == "slurm":
        from . import slurm_run

        return slurm_run.carrier(request)
    if request.executor.startswith("nipype:"):
        from . import nipype_run

        return nipype_run.carrier(request)
    known = ["local", "slurm", "nipype:PLUGIN"]
    raise UsageError(unknown("executor", request.executor, known), code="E-USAGE-EXECUTOR")
