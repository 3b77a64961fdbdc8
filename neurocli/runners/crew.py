"""Workers that outlive a phase: importing the scientific libraries once is enough."""

from __future__ import annotations

import selectors
import signal
import time
from collections.abc import Sequence

from .supervise import Undertaker, Worker

GRACE_S = 10.0  # between the end of the work and SIGKILL


class Crew:
    """Workers of one command; a pool takes them and gives back those that are idle.

    Parameters
    ----------
    command : sequence of str
        The worker (see `Worker`).
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.command = list(command)
        self._idle: list[Worker] = []
        self._undertaker = Undertaker()

    def take(self) -> Worker:
        """Return an idle worker that is alive, or a new one."""
        while self._idle:
            worker = self._idle.pop()
            if not _has_ended(worker):
                return worker
            worker.bury()
        return Worker(self.command)

    def give_back(self, worker: Worker) -> None:
        """Keep a worker for the next pool."""
        self._idle.append(worker)

    def watch(self, busy: Sequence[Worker]) -> None:
        """Have these workers and the idle ones ended if we are killed."""
        self._undertaker.watch([worker.pid for worker in (*busy, *self._idle)])

    def close(self, grace_s: float = GRACE_S) -> None:
        """End every worker, politely."""
        for worker in self._idle:
            worker.retire()
        deadline = time.monotonic() + grace_s
        while self._idle:
            leave(self._idle.pop(), deadline)
        self._undertaker.dismiss()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def leave(worker: Worker, deadline: float) -> None:
    """Wait until a worker has ended, and end it by force at the deadline."""
    with selectors.DefaultSelector() as selector:
        selector.register(worker.end, selectors.EVENT_READ)
        if not selector.select(max(0.0, deadline - time.monotonic())):
            worker.signal(signal.SIGKILL)
            selector.select()
    worker.bury()


def _has_ended(worker: Worker) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(worker.end, selectors.EVENT_READ)
        return bool(selector.select(0))
