"""What a task needs before it starts: memory, learned from earlier runs or guessed from what it reads; time; a GPU."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import MissingError, ResourceError
from ..pipelines.costs import Costs, size_of
from ..pipelines.manifest import Context
from ..pipelines.units import GATHERING, SINGLE, Task, Unit
from ..store import Store, ledger
from . import machine

MARGIN = 1.2  # over the most that was ever seen of such work
BASE_BYTES = 600_000_000  # MNE, SciPy, torch and numba, loaded (0.54 GB measured)
PER_BYTE = 24  # of a recording: 16-bit samples filtered as 64-bit floats and cut into epochs took 15
PER_PAYLOAD_BYTE = 4  # of what a gathering unit reads: the cohort, a fold's two sides, a scaled copy


@dataclass(frozen=True)
class Needs:
    """What one task needs.

    Parameters
    ----------
    memory_bytes : int
        An estimate of its peak that it will hardly exceed.
    wall_s : float or None
        What it is expected to take; None where nothing like it ever ran.
    gpu : bool
        Whether it computes on one.
    least_bytes : int
        What such work took in earlier runs, without any margin; 0 where nothing like it ever ran.
    """

    memory_bytes: int
    wall_s: float | None
    gpu: bool
    least_bytes: int = 0


class Estimates:
    """The needs of the tasks of one phase.

    Parameters
    ----------
    context : Context
        Of the phase; its output folder has the ledger of earlier runs.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._costs = Costs(ledger.read(Path(context.out) / ".neurocli" / "ledger"))
        self._store = Store(Path(context.store), [Path(path) for path in context.store_from])
        self._payloads: dict[tuple[str, ...], int] = {}

    def of(self, task: Task) -> Needs:
        """Return what a task needs: the most of its units' memory, the sum of their time."""
        sizes = [(unit, size_of(self._context.dataset, task.units, unit)) for unit in task.units]
        walls = [self._costs.wall_s(unit, size) for unit, size in sizes]
        known = [wall for wall in walls if wall is not None]
        return Needs(
            memory_bytes=max(self._memory(unit, size) for unit, size in sizes),
            wall_s=sum(known) if len(known) == len(walls) else None,
            gpu=any(on_gpu(unit) for unit in task.units),
            least_bytes=round(max(self._costs.likely_rss_bytes(unit, size) or 0.0 for unit, size in sizes)),
        )

    def _memory(self, unit: Unit, size: int | None) -> int:
        learned = self._costs.peak_rss_bytes(unit, size)
        if learned is not None:
            return round(MARGIN * learned)
        if unit.spec.get("item") or unit.stage in SINGLE:
            return BASE_BYTES + PER_BYTE * (size or 0)
        return BASE_BYTES + PER_PAYLOAD_BYTE * self._gathered(unit.upstream)

    def _gathered(self, keys: tuple[str, ...]) -> int:
        """Return the bytes of payloads that are there; units of a stage mostly read the same."""
        if keys not in self._payloads:
            self._payloads[keys] = sum(self._size(key) for key in set(keys) if self._store.has(key))
        return self._payloads[keys]

    def _size(self, key: str) -> int:
        return int(self._store.manifest(key)["payload"]["size"])


def check_memory(tasks: Sequence[Task], needs: Sequence[Needs], limit: int | None) -> None:
    """See that each gathering task can have the memory that such work took before.

    A recording that is too large fails alone; a fit on the cohort that cannot work is not begun at all.

    Raises
    ------
    ResourceError
        If there is never so much (``E-RUN-TOO-BIG``).
    """
    for task, need in zip(tasks, needs, strict=True):
        if limit is not None and need.least_bytes > limit and task.units[0].stage in GATHERING:
            took, there, ask = need.least_bytes / 1e9, limit / 1e9, math.ceil(MARGIN * need.least_bytes / 1e9)
            said = f"{task.id} would take about {took:.1f} GB, as such work did before; there are {there:.1f} GB."
            remedy = (
                f"Run with --mem-gb {ask} where there is so much (SLURM: --mem={ask}G), "
                "or make the cohort smaller: longer epochs, a lower rate, fewer channels or recordings."
            )
            raise ResourceError(said, code="E-RUN-TOO-BIG", where=task.id, remedy=remedy)


def on_gpu(unit: Unit) -> bool:
    """Return whether a unit computes on a GPU."""
    return bool(unit.recipe.get("backend") == "cuda")


def check_gpus(device: str) -> None:
    """See that units which need a GPU can have one of those that `device` names.

    Raises
    ------
    MissingError
        If there is none (``E-RUN-GPU``).
    """
    if machine.gpus(device):
        return
    others = len(machine.gpus("cuda"))
    there = f"{device} is not among the {others} that are visible" if others else "none is visible"
    remedy = "Run on a machine that has one, or with --device cpu; `neurocli doctor` shows what is here."
    raise MissingError(f"Some units compute on a GPU, and {there} here.", code="E-RUN-GPU", remedy=remedy)
