"""What was asked for: one frozen object that every verb, the Python API and a manifest share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError
from .units import STAGES


@dataclass(frozen=True)
class Request:
    """A pipeline, a dataset, a place for the results, and a selection.

    Parameters
    ----------
    pipeline : str
        Name in the pipelines file; a matrix is asked for by its plain name.
    bids_dir, out : Path
        The dataset, and the derivative dataset to write.
    until : str
        The last stage to run.
    file : Path or None
        The pipelines file; None for the one in the current folder, else the shipped one.
    sets : tuple of str
        ``stage.step.setting=value``.
    store : Path or None
        None for ``NEUROCLI_STORE``, else a folder below `out`.
    force : tuple of str
        Stages to run again whatever is cached.
    mem_gb : float or None
        What units that run at a time may take together, in GB; None for what the machine has free.
    device : str or None
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; None for what the pipeline says.
    retries : int
        How often a unit that was killed or ran out of memory runs again, with more of it.
    """

    pipeline: str
    bids_dir: Path
    out: Path
    until: str = "export"
    file: Path | None = None
    sets: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    exclude: Path | None = None
    filter_file: Path | None = None
    store: Path | None = None
    store_from: tuple[Path, ...] = ()
    n_cpus: int | None = None
    mem_gb: float | None = None
    device: str | None = None
    executor: str = "local"
    seed: int | None = None
    force: tuple[str, ...] = ()
    fail_fast: bool = False
    verify: bool = False
    allow_leak: str | None = None
    time_limit: float | None = None
    retries: int = 0
    slurm_args: tuple[str, ...] = ()
    detach: bool = False
    dry_run: bool = False

    def __post_init__(self) -> None:
        for stage in (self.until, *self.force):
            if stage not in STAGES:
                raise UsageError(f"{stage!r} is no stage; the stages are {', '.join(STAGES)}.", code="E-USAGE-STAGE")

    @property
    def store_folder(self) -> Path:
        """Where payloads are kept."""
        named = self.store or os.environ.get("NEUROCLI_STORE")
        return Path(named).absolute() if named else self.out.absolute() / ".neurocli" / "store"

    @property
    def workers(self) -> int:
        """How many processes may compute at a time."""
        given = self.n_cpus or os.environ.get("SLURM_CPUS_PER_TASK")
        return max(1, int(given)) if given else len(os.sched_getaffinity(0))
