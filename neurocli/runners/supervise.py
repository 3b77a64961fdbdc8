"""One long-lived worker process: started, fed, listened to, ended; whatever happens to it is noticed at once."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from .deaths import TAIL, Death, cannot_start
from .threads import single_threaded
from .worker import Order


class Worker:
    """A worker and the three ways to hear of it: answers, its end, its last words.

    Parameters
    ----------
    command : sequence of str
        Started as ``command --pipe FD`` in a session of its own, so that Ctrl-C reaches us and not it, and so that
        whatever it starts can be ended with it.
    """

    def __init__(self, command: Sequence[str]) -> None:
        # a new process inherits the peak of the one that forked it, so a smaller peak than ours is not its own
        self._floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.pipe, write = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self.pipe, False)
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  closed with the worker
        env = os.environ | single_threaded()
        try:
            self._process = subprocess.Popen(
                [*command, "--pipe", str(write)],
                stdin=subprocess.PIPE,
                stdout=self._words,
                stderr=self._words,
                pass_fds=(write,),
                env=env,
                start_new_session=True,
            )
        except OSError as error:
            os.close(self.pipe)
            self._words.close()
            raise cannot_start(" ".join(command), str(error)) from error
        finally:
            os.close(write)
        self.pid = self._process.pid
        self.end = _end_of(self.pid)
        self._buffer = b""
        self.ready = False
        self.is_silent = False  # it has closed its pipe: nothing more will be heard but its end
        self.started = 0.0

    def give(self, order: Order) -> None:
        """Send the order for a task; a worker that is already dead will be noticed by its end."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            os.write(self._process.stdin.fileno(), f"{order}\n".encode())

    def answers(self) -> Iterator[dict[str, Any]]:
        """Give the answers that have come in whole."""
        while block := self._receive():  # until there is nothing yet, or never again
            *lines, self._buffer = (self._buffer + block).split(b"\n")
            yield from (answer for line in lines if (answer := _parsed(line)) is not None)

    def _receive(self) -> bytes:
        try:
            block = os.read(self.pipe, 1 << 16)
        except BlockingIOError:
            return b""
        self.is_silent = not block
        return block

    def signal(self, number: int) -> None:
        """Send a signal to the worker and whatever it has started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def retire(self) -> None:
        """Tell it that there is no more work."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def bury(self) -> Death:
        """Collect a process that has ended, end what it has left running, and close everything."""
        _, status, usage = os.wait4(self.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)  # or Popen would wait for it again
        self.signal(signal.SIGKILL)
        self.retire()
        os.close(self.pipe)
        os.close(self.end)
        words = self._last_words()
        self._words.close()
        return Death(status, usage.ru_maxrss * 1024 if usage.ru_maxrss > self._floor else 0, words)

    def _last_words(self) -> str:
        self._words.seek(max(0, self._words.seek(0, os.SEEK_END) - TAIL))
        return self._words.read().decode(errors="replace")


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _end_of(pid: int) -> int:
    """Return a descriptor that becomes readable when a child of ours ends."""
    try:
        return os.pidfd_open(pid)
    except OSError:  # an old kernel, or a container that forbids it
        read, write = os.pipe2(os.O_CLOEXEC)
        threading.Thread(target=_wait_and_close, args=(pid, write), daemon=True).start()
        return read


def _wait_and_close(pid: int, write: int) -> None:
    with suppress(ChildProcessError):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # the status stays for `bury`
    os.close(write)


class Undertaker:
    """A tiny shell that outlives us: if we are killed, it ends the sessions of our workers and what they started."""

    script = 'while read -r groups; do last=$groups; done; for group in $last; do kill -9 "-$group"; done'

    def __init__(self) -> None:
        self._shell: subprocess.Popen[bytes] | None = None

    def watch(self, pids: Sequence[int]) -> None:
        """Tell it which workers there are now."""
        if self._shell is None:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", self.script],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        assert self._shell.stdin is not None
        with suppress(BrokenPipeError):
            os.write(self._shell.stdin.fileno(), (" ".join(map(str, pids)) + "\n").encode())

    def dismiss(self) -> None:
        """End it; there are no workers any more."""
        if self._shell is not None:
            self.watch([])
            assert self._shell.stdin is not None
            with suppress(BrokenPipeError):
                self._shell.stdin.close()
            self._shell.wait()
