"""Stands for the worker command under nipype: does to its task what the table says, in words of the ledger."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from neurocli.pipelines.manifest import Manifest
from neurocli.store.ledger import Ledger

manifest, index = Path(sys.argv[1]), int(sys.argv[-1])
context, task = Manifest(manifest).task(index)
fate = json.loads((Path(context.out) / "fates.json").read_text()).get(task.id)
if fate == "kill worker":
    os.kill(os.getpid(), signal.SIGKILL)
if fate == "kill node":  # with all that belongs to it, as a scheduler does
    os.killpg(0, signal.SIGKILL)
ledger = Ledger(Path(context.out) / ".neurocli" / "ledger")
for unit in task.units:
    ledger.append({"event": "started", "unit": unit.id, "key": unit.key, "run": context.run})
    if fate == "fail":
        error = {"code": "E-INPUT", "exit": 4, "message": "It was told to."}
        ledger.append({"event": "failed", "unit": unit.id, "key": unit.key, "run": context.run, "error": error})
        sys.exit(4)
    ledger.append({"event": "done", "how": "executed", "unit": unit.id, "key": unit.key, "run": context.run})
