"""The real worker with units that do what their spec says: ``python unit_worker.py --manifest M --pipe FD``."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from neurocli.pipelines import stages
from neurocli.runners import work


def do(unit, inputs):
    """Do what a unit of a test asks for; `inputs.context.out` is where it may leave marks."""
    what, *arguments = unit.spec["do"]
    MARKS[what](Path(inputs.context.out), *arguments)
    return stages.Made({}, {"did": what})


def allocate(out, n_bytes):
    """Ask for memory without touching it: a limit refuses it, and the machine does not feel it."""
    with (out / "asked").open("a") as file:
        file.write(f"{n_bytes}\n")
    assert len(bytearray(n_bytes)) == n_bytes


def kill(out, number, n_times=10**6):
    with (out / "killed").open("a") as file:
        file.write("x")
    if (out / "killed").stat().st_size <= n_times:
        os.kill(os.getpid(), number)


def sleep(out, seconds):
    (out / "sleeping").write_text(str(os.getpid()))
    time.sleep(seconds)


def alone(out, seconds):
    """Fail if another such unit is at work; remember the device."""
    with (out / "working").open("x"):
        time.sleep(seconds)
    (out / "working").unlink()
    with (out / "devices").open("a") as file:
        file.write(os.environ.get("NEUROCLI_DEVICE", "none") + "\n")


def loaded(out):
    """Say which of the heavy libraries a worker has loaded that had nothing to do with them."""
    heavy = {"numpy", "scipy", "mne", "torch", "numba", "sklearn", "pandas", "pyarrow", "nibabel", "nipype"}
    (out / "loaded").write_text(" ".join(["this:", *sorted(heavy & sys.modules.keys())]))


def nothing(out):
    """Do nothing; not even `out` is looked at."""
    del out


MARKS = {mark.__name__: mark for mark in (allocate, kill, sleep, alone, loaded, nothing)}

if __name__ == "__main__":
    stages.STAGE_WORK["preprocess"] = do
    given = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    if "--pipe" in given:
        work.serve_pipe(Path(given["--manifest"]), int(given["--pipe"]))
    else:
        sys.exit(work.run_range(Path(given["--manifest"]), given["--index"]))
