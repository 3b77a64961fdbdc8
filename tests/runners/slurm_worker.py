"""A stand-in for `neurocli worker`: does what the tasks of a manifest say, and writes the ledger.

``python slurm_worker.py --manifest M --index FIRST-LAST``
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from neurocli.store.ledger import Ledger

arguments = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
lines = Path(arguments["--manifest"]).read_text().splitlines()
first, _, last = arguments["--index"].partition("-")
out = Path(json.loads(lines[0])["out"])
ledger = Ledger(out / ".neurocli" / "ledger")


def leave(*_):
    os._exit(75)


signal.signal(signal.SIGUSR1, leave)
signal.signal(signal.SIGTERM, leave)


def work(name: str, do: str, *arguments: str) -> None:
    is_first = os.environ.get("SLURM_RESTART_COUNT", "0") == "0"
    if do == "sleep":
        time.sleep(300)
    elif do == "wait":
        time.sleep(float(arguments[0]))
    elif do == "write":
        (out / name).write_text(arguments[0])
    elif do == "stubborn":
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(300)
    elif do == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif do == "hog":
        hoard = [os.urandom(1 << 20) * 10 for _ in range(int(arguments[0]) // 10)]
        time.sleep(4 if hoard else 0)
    elif do == "requeue" and is_first:
        element = f"{os.environ['SLURM_ARRAY_JOB_ID']}_{os.environ['SLURM_ARRAY_TASK_ID']}"
        subprocess.run(["scontrol", "requeue", element], check=True)
        time.sleep(300)
    elif do == "preempt" and is_first:
        leave()


for index in range(int(first), int(last or first) + 1):
    for unit in json.loads(lines[index])["units"]:
        base = {"unit": unit["id"], "key": unit["key"]}
        ledger.append({"event": "started", "job": os.environ["SLURM_ARRAY_JOB_ID"], **base})
        work(unit["id"], *unit["spec"]["do"].split())
        if unit["spec"]["do"] == "fail":
            ledger.append({"event": "failed", "error": {"code": "E-INPUT", "exit": 4, "message": "no"}, **base})
        else:
            ledger.append({"event": "done", "how": "executed", "wall_s": 0.1, **base})
