"""A process that has imported everything, and forks runs of neurocli whose workers are forks too.

Only how a process begins differs from a real run; otherwise four random moments in five would fall into an import.
A line of stdin is a request: ``{"words": [...], "said": path, "die": null | ["worker" | "parent", n]}``. The answers
are ``{"pid": pid}`` and, at the end of that run, ``{"status": status, "operations": {"parent": n, "worker": n}}``.

Whoever is to die kills itself at its n-th operation on files: before an open for writing, a rename, an unlink, a
folder, a sync, or in the middle of a write. So half-finished states come up as often as there are any.
"""

from __future__ import annotations

import gc
import json
import mmap
import os
import signal
import struct
import subprocess
import sys
import traceback
from importlib import import_module
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

LIBRARIES = (
    *("numpy", "scipy.signal", "scipy.stats", "scipy.spatial", "torch", "numba", "onnx", "skl2onnx", "skops.io"),
    *("sklearn.linear_model", "sklearn.pipeline", "sklearn.metrics", "matplotlib.pyplot", "safetensors.numpy"),
    *("matplotlib.backends.backend_agg", "pyarrow.pandas_compat", "pyarrow.parquet", "edfio"),
    *("mne.io.edf", "mne.filter", "mne.stats", "mne.cov", "neurocli.commands", "neurocli.features.engine"),
    *("neurocli.runners.work", "neurocli.runners.run", "neurocli.runners.workers"),
)
OPERATIONS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink", "shutil.rmtree"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
WHO = ("parent", "worker")


class Counts:
    """How many operations the parent and its first worker have done, seen by all forks."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 8 * len(WHO))

    def reset(self) -> None:
        self._shared[:] = bytes(len(self._shared))

    def next(self, who: str) -> int:
        n = self.all()[who] + 1
        struct.pack_into("q", self._shared, 8 * WHO.index(who), n)
        return n

    def all(self) -> dict[str, int]:
        return dict(zip(WHO, struct.unpack("qq", self._shared), strict=True))


class Fate:
    """Counts the operations of this process, and ends it at one of them."""

    def __init__(self, counts: Counts, who: str, last: int) -> None:
        self.counts, self.who, self.last = counts, who, last
        self.write, self.fsync, self.pid = os.write, os.fsync, os.getpid()

    def attach(self) -> None:
        """Listen to what the interpreter tells auditors, and to the two calls it does not tell of."""
        sys.addaudithook(self._heard)
        os.write, os.fsync = self._write, self._fsync

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in OPERATIONS or (event == "open" and arguments[2] & WRITING):
            self._step()

    def _step(self) -> None:
        if self._is_over():
            os.kill(os.getpid(), signal.SIGKILL)

    def _is_over(self) -> bool:
        return os.getpid() == self.pid and self.counts.next(self.who) == self.last  # a fork has a fate of its own

    def _fsync(self, fd: int) -> None:
        self._step()
        self.fsync(fd)

    def _write(self, fd: int, data: bytes) -> int:
        if self._is_over():
            self.write(fd, bytes(data)[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return self.write(fd, data)


def fresh_start(fds: dict[int, int], kept: tuple[int, ...] = ()) -> None:
    """Give a fork what a new process has: signals, standard streams and no file of its parent's."""
    gc.freeze()  # what the parent left in cycles must not close descriptors that are ours by then
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    for number, fd in fds.items():
        os.dup2(fd, number)
    for below, above in pairwise([*sorted({2, *kept}), 4096]):
        os.closerange(below + 1, above)
    sys.stdout, sys.stderr = (open(number, "w", closefd=False) for number in (1, 2))  # noqa: SIM115


def neurocli(words: list[str]) -> None:
    """Be `neurocli WORDS`, and never return."""
    from neurocli.commands import main

    sys.argv = ["neurocli", *words]
    status = 1
    try:
        main()
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    finally:
        if isinstance(sys.exc_info()[1], Exception):
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(status)


class Forked:
    """What `supervise.Worker` needs of a `Popen`, by a fork."""

    def __init__(self, command: list[str], fate: Any, stdout: Any, pass_fds: tuple[int, ...], env: Any) -> None:
        self.returncode: int | None = None
        read, write = os.pipe2(os.O_CLOEXEC)
        self.pid = os.fork()
        if not self.pid:
            fresh_start({0: read, 1: stdout.fileno(), 2: stdout.fileno()}, pass_fds)
            os.environ.update(env)
            fate()
            neurocli(command[3:])
        os.close(read)
        self.stdin = os.fdopen(write, "wb", buffering=0)


def forking(counts: Counts, last: int) -> Any:
    """Return a `Popen` that forks workers; the first of them is the one that dies."""
    fates = [lambda: Fate(counts, "worker", last).attach()]

    def popen(command: list[str], **options: Any) -> Any:
        if "worker" not in command:
            return subprocess.Popen(command, **options)
        fate = fates.pop() if fates else int
        return Forked(command, fate, options["stdout"], options["pass_fds"], options["env"])

    return popen


def be_a_run(request: dict[str, Any], counts: Counts) -> None:
    """Run neurocli, with forked workers, in this fork of the nursery."""
    from neurocli.runners import supervise

    who, last = request["die"] or ("nobody", 0)
    nothing, said = os.open(os.devnull, os.O_RDWR), os.open(request["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    fresh_start({0: nothing, 1: nothing, 2: said})
    popen = forking(counts, last if who == "worker" else 0)
    supervise.subprocess = SimpleNamespace(Popen=popen, PIPE=subprocess.PIPE, DEVNULL=subprocess.DEVNULL)
    Fate(counts, "parent", last if who == "parent" else 0).attach()
    neurocli(request["words"])


def serve() -> None:
    """Fork one run after the other."""
    for name in LIBRARIES:
        import_module(name)
    counts = Counts()
    answer(ready=True)
    for line in iter(sys.stdin.readline, ""):
        counts.reset()
        pid = os.fork()
        if not pid:
            be_a_run(json.loads(line), counts)
        answer(pid=pid)
        _, status = os.waitpid(pid, 0)
        answer(status=os.waitstatus_to_exitcode(status), operations=counts.all())


def answer(**words: Any) -> None:
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    serve()
