"""What a run refers to while it is going on and after it, and what it lets go when it has ended well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from ..pipelines.keeping import is_replaced, spent, superseded
from ..pipelines.keys import digest_of
from ..pipelines.pipeline import Pipeline
from ..pipelines.plan import Plan
from ..pipelines.publish import label_of, published
from ..pipelines.request import Request
from ..pipelines.units import Task
from ..store import Store, care
from ..store.ledger import writer


class Keeper:
    """Tells the store what one run needs, so that neither `gc` nor a quota takes it away.

    Parameters
    ----------
    store : Store
        Which remembers.
    request : Request
        What was asked for.
    pipeline : Pipeline
        Says with `keep` what may go.
    run : str
        The name of the run.
    """

    def __init__(self, store: Store, request: Request, pipeline: Pipeline, run: str) -> None:
        self._store, self._request, self._pipeline = store, request, pipeline
        self._held: set[str] = set()
        self._running = f"running-{run}"
        out = str(request.out.absolute())
        self._name = f"{label_of(pipeline.name)}-{digest_of(out)}"

    def hold(self, tasks: Sequence[Task]) -> None:
        """Keep what tasks read and make, as long as the run is going on."""
        units = [unit for task in tasks for unit in task.units]
        self._held |= {key for unit in units for key in (unit.key, *unit.upstream)}
        who = writer() if self._request.executor == "local" else {"executor": self._request.executor}
        self._store.roots(self._running, self._held, self._request.out, running=who)

    def release(self) -> None:
        """Say that the run has ended."""
        if self._held:
            self._store.forget(self._running)

    def close(self, plan: Plan, done: Mapping[str, str], *, whole: bool, worked: bool) -> None:
        """Refer to what the latest runs of this pipeline made, and let go what `keep` says nobody needs.

        Parameters
        ----------
        done : dict
            Ids of the units that are done, with their keys.
        whole : bool
            Whether all that was planned is done; else everything stays for the next attempt.
        worked : bool
            Whether anything was executed.
        """
        free = self._free(plan, done) if whole else set()
        known, spare = self._store.rooted(self._name)
        staying = {name: key for name, key in known.items() if not is_replaced(name, plan, self._request.until)}
        before = spare - {*staying.values()} if worked and self._pipeline.keep != "all" else set()
        if worked or free:
            now = staying | {name: key for name, key in done.items() if key not in free}
            spare = (spare & {*staying.values()}) | {*superseded(plan.recordings)}
            self._store.roots(self._name, now, self._request.out, spare=spare)
        self.release()
        if free or before:
            care.drop(self._store, free | before)

    def _free(self, plan: Plan, done: Mapping[str, str]) -> set[str]:
        if self._pipeline.keep != "none":
            return set()
        free = spent(plan, done, partial(published, self._request.out))
        return self._store.among({unit.key for unit in free})
