"""A run of 60 units in three layers: ``small_run.py parent FOLDER``, which starts ``small_run.py worker FOLDER``."""

from __future__ import annotations

import sys
import time
from hashlib import blake2b
from pathlib import Path

from neurocli.runners.local import run_tasks
from neurocli.runners.tasks import Task
from neurocli.runners.worker import serve
from neurocli.store import Store
from neurocli.store._files import write_whole
from neurocli.store.ledger import Ledger

WIDTH, LAYERS = 20, 3
folder = Path(sys.argv[2])


def key(index: int) -> str:
    return blake2b(f"unit {index}".encode(), digest_size=32).hexdigest()


def upstream(index: int) -> list[int]:
    layer, place = divmod(index, WIDTH)
    return [(layer - 1) * WIDTH + place, (layer - 1) * WIDTH + (place + 1) % WIDTH] if layer else []


def run_one(index: int) -> dict[str, object]:
    import numpy as np

    store = Store(folder / "store")
    with store.claim(key(index)):
        if not store.has(key(index)):
            values = np.arange(500.0) + sum(store.read(key(other))[0]["x"] for other in upstream(index))
            time.sleep(0.005)
            store.write(key(index), {"x": values}, {"index": index}, {"stage": "preprocess"})
    total = float(store.read(key(index))[0]["x"].sum())
    write_whole(folder / "out" / f"{index}.tsv", f"total\n{total!r}\n".encode())
    return {"total": total}


def parent() -> int:
    (folder / "out").mkdir(exist_ok=True)
    ledger = Ledger(folder / "ledger")
    tasks = [Task(i, f"unit-{i}", depends_on=tuple(upstream(i))) for i in range(WIDTH * LAYERS)]
    command = [sys.executable, __file__, "worker", str(folder)]
    outcomes = run_tasks(tasks, command, n_workers=2, on_event=ledger.append)
    return sum(outcome.status != "done" for outcome in outcomes.values())


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        serve(int(sys.argv[sys.argv.index("--pipe") + 1]), run_one)
    else:
        sys.exit(min(parent(), 100))
