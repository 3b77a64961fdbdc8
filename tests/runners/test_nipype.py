"""Tasks as nodes of nipype: whoever is killed is one failed unit, the others end, and nothing hangs."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from neurocli.errors import UsageError
from neurocli.pipelines.manifest import Context
from neurocli.pipelines.request import Request
from neurocli.pipelines.units import Task, make_unit
from neurocli.runners import nipype_run
from neurocli.runners.tail import Tail
from neurocli.store.ledger import Ledger

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # of nipype and what it imports, which are not ours to mend
    pytest.mark.skipif(sys.platform != "linux", reason="counts processes in /proc"),
]
FAKE = Path(__file__).with_name("fake_node.py")
SBATCH = """#!/bin/sh
while [ $# -gt 1 ]; do shift; done
setsid bash "$1" >/dev/null 2>&1 &
touch "$QUEUE/$!"
echo "Submitted batch job $!"
"""
SQUEUE = """#!/bin/sh
echo asked >> "$QUEUE/calls"
for job in "$QUEUE"/[0-9]*; do
  id=${job##*/}
  grep -q '^State:.[^Z]' "/proc/$id/status" 2>/dev/null || continue
  echo "$id|RUNNING|None"
done
"""


@pytest.fixture
def cluster(tmp_path, monkeypatch) -> Path:
    """Put a pretended SLURM on the path: a job is a process in the background."""
    tools, queue = tmp_path / "tools", tmp_path / "queue"
    tools.mkdir()
    queue.mkdir()
    for name, text in (("sbatch", SBATCH), ("squeue", SQUEUE)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setenv("QUEUE", str(queue))
    monkeypatch.delenv("LOGNAME", raising=False)
    return queue


@pytest.fixture
def carry(tmp_path, monkeypatch):
    """Return a function that has a plugin carry out a task for each fate, and returns what became of them."""
    monkeypatch.setenv("PYTHONPATH", str(FAKE.parents[2]))
    out = tmp_path / "a folder"

    def carried(plugin: str, fates: dict[str, str], n_procs: int = 2):
        out.mkdir()
        (out / "fates.json").write_text(json.dumps(fates))
        units = {name: make_unit(f"preprocess/{name}", {"stage": "preprocess", "name": name}) for name in fates}
        context = Context(run="r1", pipeline="p", dataset="", out=str(out), store=str(out / "store"))
        request = Request("p", tmp_path, out, n_cpus=n_procs, executor=f"nipype:{plugin}")
        reported: list[dict] = []
        phase = nipype_run.Phase(request, context, [Task(n, (u,)) for n, u in units.items()], reported.append)
        phase.command = [sys.executable, str(FAKE), phase.command[-1]]
        events = phase.carry(nipype_run.find(plugin))
        assert sorted(e["unit"] for e in reported) == sorted(e["unit"] for e in events)
        assert not phase.folder.exists()
        return {event["unit"].partition("/")[2]: event for event in events}

    return carried


FATES = {"a": "", "b": "kill worker", "c": "fail", "d": ""}


@pytest.mark.parametrize("plugin", ["Linear", "MultiProc"])
def test_a_killed_worker_is_one_failed_unit(carry, plugin):
    events = carry(plugin, FATES)
    assert {name: e["event"] for name, e in events.items()} == {"a": "done", "b": "failed", "c": "failed", "d": "done"}
    assert events["b"]["error"]["code"] == "E-RUN-KILLED"
    assert events["b"]["signal"] == "SIGKILL"
    assert events["c"]["error"]["message"] == "It was told to."


def test_a_killed_node_of_multiproc_is_one_failed_unit(carry):
    events = carry("MultiProc", {"a": "", "b": "kill node", "c": "", "d": "", "e": ""})
    assert [name for name, event in events.items() if event["event"] != "done"] == ["b"]
    assert events["b"]["error"]["code"] == "E-NIPYPE-LOST"
    assert "SIGKILL" in events["b"]["error"]["message"]


@pytest.mark.slow
@pytest.mark.parametrize("plugin", ["SLURM", "SLURMGraph"])
def test_a_killed_job_is_one_failed_unit(carry, cluster, plugin):
    events = carry(plugin, {"a": "", "b": "kill node", "c": "fail", "d": ""})
    assert {name: e["event"] for name, e in events.items()} == {"a": "done", "b": "failed", "c": "failed", "d": "done"}
    assert events["b"]["error"]["code"] == "E-NIPYPE-LOST"
    assert (cluster / "calls").exists()


def test_one_question_a_poll_serves_all_jobs(monkeypatch, tmp_path):
    nipype_run.quiet()
    from neurocli.runners import _nipype_slurm

    plugin = _nipype_slurm.SLURMPlugin(plugin_args={})
    plugin._pending = dict.fromkeys(range(100, 150), str(tmp_path))
    asked = []
    monkeypatch.setattr(_nipype_slurm, "queue", lambda: asked.append(1) or {"100", "120"})
    for n_polls in (1, 2, 3):
        assert [job for job in plugin._pending if plugin._is_pending(job)] == [100, 120]
        assert len(asked) == n_polls


def test_an_unanswered_question_ends_no_job(monkeypatch, tmp_path):
    nipype_run.quiet()
    from neurocli.runners import _nipype_slurm

    plugin = _nipype_slurm.SLURMPlugin(plugin_args={})
    plugin._pending = {7: str(tmp_path)}
    monkeypatch.setattr(_nipype_slurm, "queue", lambda: None)
    assert plugin._get_result(7) is None


def test_multiproc_waits_for_ends_and_not_for_time_to_pass(tmp_path, monkeypatch):
    nipype_run.quiet()
    from nipype.interfaces.base import CommandLine
    from nipype.pipeline.engine import Node, Workflow
    from nipype.pipeline.plugins import base

    naps = []
    monkeypatch.setattr(base, "sleep", lambda seconds: naps.append(seconds) or time.sleep(0))
    for _ in ("cold", "warm"):
        workflow = Workflow("w", base_dir=str(tmp_path))
        workflow.add_nodes([Node(CommandLine("true"), name=f"n{i}") for i in range(5)])
        workflow.run(nipype_run.find("MultiProc")(plugin_args={"n_procs": 2}))
    assert sum(naps) == 0
    assert len(naps) < 50  # it did not spin either


@pytest.mark.parametrize("name", ["Linea", "os.path", "no.such.Plugin", "nipype.pipeline.plugins.PBSGraphPlugin"])
def test_a_plugin_that_cannot_be_used_is_refused_with_those_that_can(name):
    with pytest.raises(UsageError, match="MultiProc") as caught:
        nipype_run.find(name)
    assert caught.value.code == "E-USAGE-EXECUTOR"


def test_a_tail_gives_each_whole_line_once(tmp_path):
    Ledger(tmp_path).append({"event": "before"})
    tail = Tail(tmp_path)
    assert tail.new() == []
    path = tmp_path / "other.jsonl"
    path.write_bytes(b'{"event": "one"}\nno json\n[1]\n{"event": "tw')
    assert [event["event"] for event in tail.new()] == ["one"]
    with path.open("ab") as file:
        file.write(b'o"}\n')
    assert [event["event"] for event in tail.new()] == ["two"]
    assert tail.new() == []
