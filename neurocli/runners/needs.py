"""What a task needs before it starts: memory, learned from earlier runs or guessed from what it reads; time; a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import MissingError
from ..pipelines.costs import Costs, size_of
from ..pipelines.manifest import Context
from ..pipelines.units import Task, Unit
from ..store import Store, ledger

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
    """

    memory_bytes: int
    wall_s: float | None
    gpu: bool


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
            gpu=any(unit.recipe.get("backend") == "cuda" for unit in task.units),
        )

    def _memory(self, unit: Unit, size: int | None) -> int:
        learned = self._costs.peak_rss_bytes(unit, size)
        if learned is not None:
            return round(MARGIN * learned)
        if unit.spec.get("item") or unit.stage in ("preprocess", "featurize"):
            return BASE_BYTES + PER_BYTE * (size or 0)
        return BASE_BYTES + PER_PAYLOAD_BYTE * self._gathered(unit.upstream)

    def _gathered(self, keys: tuple[str, ...]) -> int:
        """Return the bytes of payloads that are there; units of a stage mostly read the same."""
        if keys not in self._payloads:
            self._payloads[keys] = sum(self._size(key) for key in set(keys) if self._store.has(key))
        return self._payloads[keys]

    def _size(self, key: str) -> int:
        return int(self._store.manifest(key)["payload"]["size"])


def check_gpus(needs: Sequence[Needs], gpus: Sequence[str]) -> None:
    """See that what needs a GPU can have one.

    Raises
    ------
    MissingError
        If there is none (``E-RUN-GPU``).
    """
    if not gpus and any(need.gpu for need in needs):
        remedy = "Run on a machine that has one, or with --device cpu."
        raise MissingError("Some units compute on a GPU, and none is visible here.", code="E-RUN-GPU", remedy=remedy)
