"""How a run is asked to stop: Ctrl-C once, twice, or SIGTERM/SIGUSR1; seen by a selector, without polling."""

from __future__ import annotations

import os
import signal
import threading
from enum import IntEnum
from types import FrameType
from typing import Any, Self

from ..errors import Exit


class Level(IntEnum):
    """How much of a hurry there is."""

    GO = 0
    FINISH = 1  # start nothing new, let what runs come to its end
    TERMINATE = 2  # ask what runs to leave at its last checkpoint
    KILL = 3


class Stop:
    """The wish to stop; as a context manager it listens to signals, where it may (only a main thread can).

    The first SIGINT asks to finish, the second kills; SIGTERM and SIGUSR1 ask to terminate, which SLURM sends before
    it preempts a job or ends its time. The loop that obeys waits for `fileno` to become readable.
    """

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)

    def __init__(self) -> None:
        self.level = Level.GO
        self.signal: int | None = None
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._before: dict[int, Any] = {}

    def fileno(self) -> int:
        """Return what a selector waits for."""
        return self._read

    def ask(self, level: Level) -> None:
        """Ask to stop; a lesser wish than the one before changes nothing."""
        self.level = max(self.level, level)
        os.write(self._write, b".")

    def seen(self) -> Level:
        """Return the wish, and make `fileno` quiet again."""
        try:
            os.read(self._read, 4096)
        except BlockingIOError:
            pass
        return self.level

    @property
    def exit_status(self) -> Exit:
        """Return what the process should exit with: 130 after SIGINT, 75 after SIGTERM or SIGUSR1, else 0."""
        if self.signal is None:
            return Exit.OK
        return Exit.SIGINT if self.signal == signal.SIGINT else Exit.TEMPORARY

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  the shape of a handler
        if number != signal.SIGINT:
            level = Level.TERMINATE
        else:
            level = Level.FINISH if self.level < Level.FINISH else Level.KILL
        self.signal = self.signal or number
        self.ask(level)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._handle) for number in self.signals}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
        os.close(self._read)
        os.close(self._write)
