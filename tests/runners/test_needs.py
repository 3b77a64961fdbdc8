"""Units of the real worker, held to what they need: memory, time, GPUs, signals."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from types import SimpleNamespace

import pytest

from neurocli.errors import MissingError, ResourceError
from neurocli.pipelines import device, execute, manifest
from neurocli.pipelines.manifest import Context
from neurocli.pipelines.request import Request
from neurocli.pipelines.status import status
from neurocli.pipelines.units import Task, Unit
from neurocli.runners import machine, needs, workers
from neurocli.store import Store, ledger

WORKER = Path(__file__).with_name("unit_worker.py")
MB = 1_000_000


def task(name: str, *do, **recipe) -> Task:
    key = blake2b(name.encode(), digest_size=32).hexdigest()
    spec = {"do": do, "final": False}  # nothing of it is published
    return Task(name, (Unit(f"preprocess/{name}", "preprocess", key, {"stage": "preprocess", **recipe}, spec=spec),))


class Lab:
    """An output folder, and tasks carried out in it by the real worker."""

    def __init__(self, folder: Path) -> None:
        self.out, self.store = folder / "out", folder / "store"
        self.context = Context("run-1", "test", str(folder), str(self.out), str(self.store))
        self.events: list[dict[str, object]] = []

    def __call__(self, *waiting: Task, **settings) -> dict[str, dict[str, object]]:
        """Return the final event of each unit, by the name of its task."""
        self.out.mkdir(exist_ok=True)
        request = Request("test", self.out.parent, self.out, store=self.store, n_cpus=2, **settings)
        context = replace(self.context, device=settings.get("device", "cpu"))
        with workers.carrier(request) as carry:
            events = carry(context, waiting, self.events.append)
        return {str(event["unit"]).partition("/")[2]: event for event in events}

    def marks(self, name: str) -> list[str]:
        path = self.out / name
        return path.read_text().split() if path.exists() else []


@pytest.fixture
def lab(tmp_path, monkeypatch) -> Lab:
    monkeypatch.setenv("PYTHONPATH", str(WORKER.parents[2]))
    command = [sys.executable, str(WORKER), "--manifest"]
    monkeypatch.setattr(workers, "worker_command", lambda path: [*command, str(path)])
    return Lab(tmp_path)


def test_a_unit_over_its_share_is_refused_memory_and_succeeds_with_more(lab):
    """Two processes share 2 GB, so a unit gets 1 GB first; the second time it gets everything."""
    found = lab(task("big", "allocate", 1400 * MB), task("small", "nothing"), mem_gb=2, retries=1)
    assert {name: event["event"] for name, event in found.items()} == {"big": "done", "small": "done"}
    assert lab.marks("asked") == [str(1400 * MB)] * 2
    assert ledger.summary(ledger.read(lab.out / ".neurocli" / "ledger"))["preprocess/big"]["state"] == "done"


def test_without_a_retry_one_unit_may_take_all_of_the_memory_and_no_more(lab):
    found = lab(task("fits", "allocate", 1400 * MB), task("huge", "allocate", 2400 * MB), mem_gb=2)
    assert found["fits"]["event"] == "done"
    error = found["huge"]["error"]
    assert (error["code"], error["exit"]) == ("E-RUN-MEMORY", 8)
    assert "within 2.00 GB" in error["message"]
    assert "--mem-gb 4 or more" in error["remedy"]
    assert lab.marks("asked").count(str(2400 * MB)) == 1


def test_a_unit_that_is_too_big_for_the_machine_is_tried_as_often_as_was_asked(lab):
    found = lab(task("huge", "allocate", 2400 * MB), mem_gb=2, retries=2)
    assert found["huge"]["error"]["code"] == "E-RUN-MEMORY"
    assert len(lab.marks("asked")) == 3


def test_a_unit_that_was_killed_says_so_and_runs_again_when_asked_to(lab):
    found = lab(task("killed", "kill", int(signal.SIGKILL)), task("b", "nothing"))
    assert (found["killed"]["signal"], found["b"]["event"]) == ("SIGKILL", "done")
    error = found["killed"]["error"]
    assert (error["code"], error["where"]) == ("E-RUN-KILLED", "killed")
    assert "ended by SIGKILL after" in error["message"]
    assert "--mem-gb 2 or more (SLURM: --mem=2G)" in error["remedy"]
    (lab.out / "killed").unlink()
    assert lab(task("killed", "kill", int(signal.SIGKILL), 1), retries=1)["killed"]["event"] == "done"
    assert [event["event"] for event in lab.events].count("retried") == 1


def test_a_unit_over_its_time_limit_fails_and_the_others_go_on(lab):
    found = lab(task("slow", "sleep", 60), task("b", "nothing"), time_limit=1.0)
    assert found["b"]["event"] == "done"
    error = found["slow"]["error"]
    assert (error["code"], error["exit"]) == ("E-RUN-TIMEOUT", 8)
    assert "its time limit of 1 s" in error["message"]


@pytest.fixture
def cards(monkeypatch, tmp_path):
    """Return a function that gives this machine GPUs, as far as the runner can see."""
    monkeypatch.setattr(device, "CARDS", ((tmp_path / "cards", "*"),))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)

    def make(n):
        for i in range(n):
            (tmp_path / "cards" / str(i)).mkdir(parents=True)

    return make


def test_two_units_that_need_the_one_gpu_never_run_together(lab, cards):
    cards(2)
    tasks = [task(f"gpu-{i}", "alone", 0.3, backend="cuda") for i in range(3)]
    found = lab(*tasks, task("cpu", "nothing"), device="cuda:1")
    assert {event["event"] for event in found.values()} == {"done"}, found
    assert lab.marks("devices") == ["cuda:1"] * 3


@pytest.mark.parametrize(
    ("asked", "n_cards", "sentence"),
    [
        ("cpu", 0, "none is visible here"),
        ("cuda", 0, "none is visible here"),
        ("cuda:3", 2, "cuda:3 is not among the 2"),
    ],
)
def test_a_unit_that_needs_a_gpu_is_refused_where_there_is_none(lab, cards, asked, n_cards, sentence):
    cards(n_cards)
    with pytest.raises(MissingError, match=sentence) as caught:
        lab(task("gpu", "alone", 0.3, backend="cuda"), device=asked)
    assert (caught.value.code, caught.value.exit_status) == ("E-RUN-GPU", 9)
    assert "--device cpu" in caught.value.remedy
    assert not lab.marks("devices")


def test_units_that_do_not_fit_beside_each_other_run_one_after_the_other(lab):
    """What one of them took before is known from the ledger, whatever its size."""
    peaks = [{"event": "done", "how": "executed", "what": "preprocess:", "size": None, "wall_s": 1.0,
              "peak_rss_bytes": 900 * MB}] * 3  # fmt: skip
    for event in peaks:
        ledger.Ledger(lab.out / ".neurocli" / "ledger").append(event)
    found = lab(*[task(f"u{i}", "alone", 0.3) for i in range(2)], mem_gb=2)
    assert {event["event"] for event in found.values()} == {"done"}, found


def test_a_worker_loads_nothing_heavy_before_a_unit_needs_it(lab):
    assert lab(task("light", "loaded"))["light"]["event"] == "done"
    assert lab.marks("loaded") == ["this:"]


# estimates


def recording(folder: Path, name: str, n_bytes: int) -> Task:
    (folder / name).write_bytes(b"x" * n_bytes)
    (folder / f"{name}.json").write_bytes(b"x" * 999)
    item = {"path": name, "entities": {}, "sidecars": [f"{name}.json"]}
    return Task(
        name, (Unit(f"preprocess/{name}", "preprocess", "0" * 64, {"stage": "preprocess"}, spec={"item": item}),)
    )


def test_without_experience_memory_is_guessed_from_what_is_read(lab, tmp_path):
    need = needs.Estimates(lab.context).of(recording(tmp_path, "a.edf", 1000))
    assert need.memory_bytes == needs.BASE_BYTES + 1000 * needs.PER_BYTE
    assert need.wall_s is None


def test_with_experience_memory_and_time_follow_the_size(lab, tmp_path):
    for size in (1000, 2000, 4000):
        event = {"event": "done", "how": "executed", "what": "preprocess:", "size": size}
        cost = {"wall_s": 1 + size / 1000, "peak_rss_bytes": 10**8 + 10**5 * size}
        ledger.Ledger(lab.out / ".neurocli" / "ledger").append(event | cost)
    need = needs.Estimates(lab.context).of(recording(tmp_path, "a.edf", 8000))
    assert need.wall_s == pytest.approx(9)
    assert need.memory_bytes == pytest.approx(needs.MARGIN * (10**8 + 10**5 * 8000))


def test_a_gathering_unit_is_guessed_from_the_payloads_it_reads(lab):
    import numpy as np

    Store(lab.store).write("1" * 64, {"x": np.zeros(100_000)}, {}, {"stage": "featurize"})
    unit = Unit("train/all/all", "train", "0" * 64, {"stage": "train", "role": "all"}, ("1" * 64,))
    need = needs.Estimates(lab.context).of(Task("train/all/all", (unit,)))
    assert need.memory_bytes == pytest.approx(needs.BASE_BYTES + needs.PER_PAYLOAD_BYTE * 800_000, abs=20_000)


def test_the_machine_tells_what_is_free(monkeypatch):
    free = machine.free_bytes()
    total = next(int(line.split()[1]) for line in Path("/proc/meminfo").read_text().splitlines() if "MemTotal" in line)
    assert 0 < free <= total * 1024
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "1")
    assert machine.free_bytes() == 1 << 20


def test_the_limit_of_a_control_group_counts(monkeypatch, tmp_path):
    group = next((line for line in Path("/proc/self/cgroup").read_text().splitlines() if "memory" in line), None)
    folder = tmp_path / "memory" / f".{group.split(':', 2)[2]}" if group else tmp_path
    names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if group else ("memory.max", "memory.current")
    if not group:
        folder = tmp_path / f".{Path('/proc/self/cgroup').read_text().strip().rpartition(':')[2]}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in zip(names, ("5000000\n", "1000000\n"), strict=True):
        (folder / name).write_text(text)
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    assert machine.free_bytes() == 4_000_000


@pytest.mark.parametrize(
    ("asked", "visible", "found"),
    [("cpu", "0,1", ()), ("cuda:3", "0", ()), ("cuda:1", "0,2", ("cuda:1",)), ("auto", "0,2", ("cuda:0", "cuda:1")),
     ("cuda", "", ()), ("auto", "-1", ()), ("auto", "0,1,2,3,4", ("cuda:0", "cuda:1", "cuda:2")),
     ("cuda", None, ("cuda:0", "cuda:1", "cuda:2"))],
)  # fmt: skip
def test_devices_are_those_that_are_here_and_visible(monkeypatch, cards, asked, visible, found):
    cards(3)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert machine.gpus(asked) == found


def test_an_interpreter_of_kernels_is_a_card_for_those_who_ask_for_one(monkeypatch, cards):
    cards(0)
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    assert [machine.gpus(asked) for asked in ("cuda", "cuda:0", "cuda:1", "auto", "cpu")] == [
        ("cuda:0",), ("cuda:0",), (), (), (),
    ]  # fmt: skip


# a parent that is killed

PARENT = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from types import SimpleNamespace
from test_needs import Lab, WORKER, task, workers
workers.worker_command = lambda path: [sys.executable, str(WORKER), "--manifest", str(path)]
Lab(Path(sys.argv[2]))(task("cut-off", "sleep", 60))
"""


def eventually(condition, seconds=60.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def test_a_run_whose_parent_was_killed_is_not_said_to_run(lab, tmp_path):
    command = [sys.executable, "-c", PARENT, str(WORKER.parent), str(tmp_path)]
    with subprocess.Popen(command) as parent:
        assert eventually(lambda: lab.marks("sleeping"))
        assert status(lab.out)["states"] == {"running": 1}
        parent.kill()
    assert eventually(lambda: status(lab.out)["states"] == {"lost": 1})
    error = status(lab.out)["units"]["preprocess/cut-off"]["error"]
    assert (error["code"], "ended without a word" in error["message"]) == ("E-RUN-STOPPED", True)


def test_a_worker_of_an_array_leaves_at_the_first_notice_and_does_not_mind_the_next(lab):
    lab.out.mkdir()
    path = workers.run_folder(lab.context) / "tasks.jsonl"
    first = manifest.append(path, lab.context, [task("long", "sleep", 60)])
    with subprocess.Popen([*workers.worker_command(path), "--index", str(first)]) as worker:
        assert eventually(lambda: lab.marks("sleeping"))
        while worker.poll() is None:
            worker.send_signal(signal.SIGUSR1)
            time.sleep(0.01)
        assert worker.returncode == 75
    assert status(lab.out)["states"] == {"lost": 1}, "it began, and its process has ended"


def fit(name: str = "train/01/model") -> Task:
    return Task(name, (Unit(name, "train", "0" * 64, {"stage": "train", "role": "model"}, ("1" * 64,) * 4),))


def has_taken(lab: Lab, n_bytes: int) -> None:
    event = {"event": "done", "how": "executed", "what": "train:model", "size": 4, "wall_s": 1.0}
    ledger.Ledger(lab.out / ".neurocli" / "ledger").append({**event, "peak_rss_bytes": n_bytes})


def test_a_fit_that_took_more_than_there_is_is_not_begun(lab):
    has_taken(lab, 3_000_000_000)
    with pytest.raises(ResourceError, match=r"would take about 3.0 GB.*there are 2.0 GB.*--mem-gb 4") as caught:
        lab(fit(), mem_gb=2)
    assert (caught.value.code, caught.value.exit_status) == ("E-RUN-TOO-BIG", 8)
    assert ledger.read(lab.out / ".neurocli" / "ledger")[-1]["event"] == "done", "it was begun"


def test_a_fit_that_fits_or_was_never_seen_is_not_refused(lab):
    estimates = needs.Estimates(lab.context)
    needs.check_memory([fit()], [estimates.of(fit())], 1)
    has_taken(lab, 3_000_000_000)
    needs.check_memory([fit()], [needs.Estimates(lab.context).of(fit())], 3_000_000_000)


def test_a_recording_that_is_too_large_is_left_to_fail_alone(lab, tmp_path):
    event = {"event": "done", "how": "executed", "what": "preprocess:", "size": 8000, "peak_rss_bytes": 10**10}
    ledger.Ledger(lab.out / ".neurocli" / "ledger").append(event)
    task = recording(tmp_path, "a.edf", 8000)
    needs.check_memory([task], [needs.Estimates(lab.context).of(task)], 10**9)


def test_the_memory_of_a_gpu_is_told_where_one_is_used(monkeypatch):
    seen = []
    cuda = SimpleNamespace(
        is_available=lambda: True, is_initialized=lambda: True,
        max_memory_allocated=lambda: 123, reset_peak_memory_stats=lambda: seen.append("reset"),
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    clock = execute._Clock()
    assert (seen, clock.read()["peak_gpu_bytes"]) == (["reset"], 123)
    monkeypatch.delitem(sys.modules, "torch")
    assert "peak_gpu_bytes" not in execute._Clock().read()
