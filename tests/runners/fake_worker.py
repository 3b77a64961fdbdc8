"""A worker whose tasks do what a table says: ``python fake_worker.py TABLE.json --pipe FD``."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from neurocli.errors import InputError
from neurocli.runners.worker import answer, serve

PIPE = int(sys.argv[sys.argv.index("--pipe") + 1])

folder = Path(sys.argv[1])
table = json.loads((folder / "table.json").read_text())


def run_one(index: int) -> dict[str, object]:
    what, *arguments = table[index]
    return {"what": what} | (globals()[what](*arguments) or {})


def add(a, b):
    return {"sum": a + b}


def say(text):
    print(text)
    subprocess.run(["sh", "-c", f"echo {text} from a child; echo {text} from stderr >&2; cat"], check=True)


def kill(number):
    os.kill(os.getpid(), number)
    time.sleep(60)


def segfault():
    ctypes.string_at(0)


def leave(status):
    os._exit(status)


def once(name, then):
    """Die the first time, work the second."""
    path = folder / name
    if not path.exists():
        path.touch()
        kill(signal.Signals[then])


def refuse():
    raise InputError("The recording is cut off.", code="E-INPUT-TRUNCATED", where="sub-01")


def stumble():
    raise KeyError("x")


def hog():
    raise MemoryError("Unable to allocate 3 TiB")


def sleep(seconds):
    (folder / f"sleeping-{os.getpid()}").touch()
    time.sleep(seconds)


def catching(seconds):
    try:
        sleep(seconds)
    except Exception:
        pass


def stubborn(seconds):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sleep(seconds)


def child(seconds):
    process = subprocess.Popen(["sleep", str(seconds)])
    (folder / "child").write_text(str(process.pid))
    process.wait()


def allocate(n_bytes):
    data = bytearray(n_bytes)
    data[::4096] = b"x" * len(data[::4096])


def allocate_and_die(n_bytes):
    data = bytearray(n_bytes)
    data[::4096] = b"x" * len(data[::4096])
    kill(signal.SIGKILL)


def tell(n):
    for i in range(n):
        answer(PIPE, {"event": {"event": "progress", "unit": "long", "done": i + 1, "of": n}})


def spin(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def surroundings():
    return {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "NEUROCLI_DEVICE")}


def together(name, n):
    """End only when `n` tasks are here at the same time."""
    (folder / f"{name}-{os.getpid()}").touch()
    while len(list(folder.glob(f"{name}-*"))) < n:
        time.sleep(0.002)


def log_of(index: int) -> Path:
    return folder / "logs" / f"{index}.log"


serve(PIPE, run_one, log_of)
