"""The local runner: a dead worker is one failed task, nothing hangs, nothing is lost in silence."""

from __future__ import annotations

import math
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from neurocli.runners import supervise
from neurocli.runners.deaths import WorkerError
from neurocli.runners.local import run_tasks
from neurocli.runners.stopping import Level, Stop
from neurocli.runners.tasks import Task


def test_every_task_is_run_and_answers_in_its_place(runner):
    outcomes = runner([["add", i, 1] for i in range(50)])
    assert {index: outcome.result["sum"] for index, outcome in outcomes.items()} == {i: i + 1 for i in range(50)}
    assert all(outcome.status == "done" and outcome.wall_s >= 0 for outcome in outcomes.values())
    assert [event["event"] for event in runner.events].count("done") == 50


def test_a_task_tells_how_far_it_is_before_it_ends(runner):
    outcomes = runner([["tell", 3], ["add", 1, 1]], n_workers=1)
    told = [(event["event"], event.get("done")) for event in runner.events[:5]]
    assert told == [("started", None), *[("progress", i) for i in (1, 2, 3)], ("done", None)]
    assert {outcome.status for outcome in outcomes.values()} == {"done"}


def test_workers_live_long_and_work_side_by_side(runner):
    """Two tasks that each wait for the other end only if they run at once; then both workers take more."""
    runner([["together", "a", 2], ["together", "a", 2], *[["add", 1, 1]] * 20])
    pids = {event["worker"] for event in runner.events if event["event"] == "started"}
    assert len(pids) == 2


@pytest.mark.parametrize(
    ("row", "signal_name", "code", "words"),
    [
        (["kill", int(signal.SIGKILL)], "SIGKILL", "E-RUN-KILLED", "--mem-gb"),
        (["segfault"], "SIGSEGV", "E-RUN-CRASH", "ended by SIGSEGV"),
        (["kill", int(signal.SIGABRT)], "SIGABRT", "E-RUN-CRASH", "ended by SIGABRT"),
        (["leave", 3], None, "E-RUN-CRASH", "exit status 3"),
        (["leave", 0], None, "E-RUN-CRASH", "exit status 0"),
    ],
)
def test_a_dead_worker_is_exactly_one_failed_task(runner, row, signal_name, code, words):
    outcomes = runner([["add", 1, 1], row, *[["add", 2, 2]] * 10])
    assert [index for index, outcome in outcomes.items() if outcome.status != "done"] == [1]
    assert outcomes[1].signal == signal_name
    assert outcomes[1].error["code"] == code
    assert words in outcomes[1].error["message"] + outcomes[1].error["remedy"]


def test_all_workers_may_die_again_and_again(runner):
    outcomes = runner([["kill", 9] if i % 3 else ["add", i, 0] for i in range(30)], n_workers=3)
    assert [outcomes[i].status for i in range(30)] == ["failed" if i % 3 else "done" for i in range(30)]


@pytest.mark.parametrize(
    ("row", "code", "status"),
    [(["refuse"], "E-INPUT-TRUNCATED", 4), (["stumble"], "E-INTERNAL", 1), (["hog"], "E-RUN-MEMORY", 8)],
)
def test_an_exception_is_the_failure_of_its_task_and_the_worker_lives_on(runner, row, code, status):
    outcomes = runner([row, ["add", 1, 1]], n_workers=1)
    assert outcomes[0].error["code"] == code
    assert outcomes[0].error["exit"] == status
    assert outcomes[1].status == "done"
    assert len({event["worker"] for event in runner.events if event["event"] == "started"}) == 1
    assert "Traceback" in (runner.folder / "logs" / "0.log").read_text()


def test_the_peak_and_the_request_that_would_have_worked_are_told(runner):
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    n_bytes = max(600 << 20, own + (200 << 20))  # more than this process, whose peak a child inherits
    outcome = runner([["allocate_and_die", n_bytes]])[0]
    assert outcome.peak_rss_bytes == pytest.approx(n_bytes, rel=0.2)
    n_gib = math.ceil(1.5 * outcome.peak_rss_bytes / 2**30)
    assert f"--mem-gb {n_gib} or more (SLURM: --mem={n_gib}G)" in outcome.error["remedy"]


def test_the_cost_of_each_task_is_its_own(runner):
    big = 200 << 20
    outcomes = runner([["allocate", big], ["add", 1, 1], ["spin", 0.1], ["sleep", 0.1]], n_workers=1)
    assert outcomes[0].peak_rss_bytes > big
    assert outcomes[1].peak_rss_bytes < big / 2
    assert outcomes[2].cpu_s >= 0.1
    assert outcomes[3].cpu_s < 0.1 <= outcomes[3].wall_s


def test_what_a_task_prints_goes_to_its_log_and_a_child_cannot_read_our_orders(runner):
    outcomes = runner([["say", "hello"], ["add", 1, 1]], n_workers=1)
    text = (runner.folder / "logs" / "0.log").read_text()
    assert sorted(text.splitlines()) == ["hello", "hello from a child", "hello from stderr"]
    assert not (runner.folder / "logs" / "1.log").exists()
    assert outcomes[1].status == "done"


def test_workers_have_one_numerical_thread_and_a_device_of_their_own(runner):
    tasks = [Task(0, "a", gpu=True), Task(1, "b", gpu=True), Task(2, "c")]
    outcomes = runner([["surroundings"]] * 3, tasks=tasks, gpus=["cuda:3"])
    assert outcomes[0].result["OMP_NUM_THREADS"] == "1"
    assert outcomes[0].result["NEUROCLI_DEVICE"] == outcomes[1].result["NEUROCLI_DEVICE"] == "cuda:3"
    assert outcomes[2].result["NEUROCLI_DEVICE"] == "-"


def test_a_task_on_the_processor_is_not_told_the_card_of_the_one_before(runner):
    """One worker carries out both."""
    tasks = [Task(0, "a", gpu=True), Task(1, "b")]
    outcomes = runner([["surroundings"]] * 2, tasks=tasks, gpus=["cuda:0"], n_workers=1)
    assert [outcome.result["NEUROCLI_DEVICE"] for outcome in outcomes.values()] == ["cuda:0", "-"]


def test_a_killed_task_may_run_again_alone(runner):
    tasks = [Task(0, "a", n_retries=1), Task(1, "b", n_retries=1), Task(2, "c")]
    outcomes = runner([["once", "flag", "SIGKILL"], ["kill", 9], ["add", 1, 1]], tasks=tasks)
    assert (outcomes[0].status, outcomes[0].attempts) == ("done", 2)
    assert (outcomes[1].status, outcomes[1].attempts) == ("failed", 2)
    assert [event["event"] for event in runner.events].count("retried") == 2


def test_a_crash_is_not_tried_again(runner):
    outcome = runner([["once", "flag", "SIGABRT"]], tasks=[Task(0, "a", n_retries=3)])[0]
    assert (outcome.status, outcome.attempts) == ("failed", 1)


@pytest.mark.parametrize("row", [["sleep", 60], ["stubborn", 60], ["catching", 60]])
def test_a_task_that_takes_too_long_is_ended(runner, row):
    tasks = [Task(0, "slow", timeout_s=0.3), Task(1, "quick")]
    outcomes = runner([row, ["add", 1, 1]], tasks=tasks, grace_s=0.2)
    assert outcomes[0].status == "failed"
    assert outcomes[0].error["code"] == "E-RUN-TIMEOUT"
    assert outcomes[0].error["exit"] == 8
    assert outcomes[1].status == "done"


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(condition, seconds=8.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_what_a_task_has_started_ends_with_it(runner):
    outcome = runner([["child", 60]], timeout_s=0.5)[0]
    assert outcome.error["code"] == "E-RUN-TIMEOUT"
    assert eventually(lambda: not is_alive(int((runner.folder / "child").read_text())))


PARENT = """
import sys
from neurocli.runners.local import run_tasks
from neurocli.runners.tasks import Task
run_tasks([Task(0, "a"), Task(1, "b")], sys.argv[1:], n_workers=2, on_event=lambda e: print(e["worker"], flush=True))
"""


def test_workers_and_their_children_die_with_a_killed_parent(runner):
    (runner.folder / "table.json").write_text('[["child", 60], ["stubborn", 60]]')
    command = [sys.executable, "-c", PARENT, *runner.command]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        pids = [int(parent.stdout.readline()) for _ in range(2)]
        assert eventually((runner.folder / "child").exists)
        assert eventually(lambda: (runner.folder / "child").read_text() != "")
        pids.append(int((runner.folder / "child").read_text()))
        assert all(is_alive(pid) for pid in pids)
        parent.kill()
    assert eventually(lambda: not any(is_alive(pid) for pid in pids))


def asked(runner, level, rows, *, when, n_workers=2, **more):
    """Run rows and ask to stop as soon as `when()`."""
    with Stop() as stop:
        stop_it = threading.Thread(target=lambda: eventually(when) and stop.ask(level))
        stop_it.start()
        try:
            return runner(rows, n_workers=n_workers, stop=stop, **more)
        finally:
            stop_it.join()


def test_asked_to_finish_what_runs_is_finished_and_nothing_else_started(runner):
    def sleeping():
        return any(runner.folder.glob("sleeping-*"))

    outcomes = asked(runner, Level.FINISH, [["sleep", 0.5], *[["add", 1, 1]] * 3], when=sleeping, n_workers=1)
    assert [outcomes[i].status for i in range(4)] == ["done", "unstarted", "unstarted", "unstarted"]
    told = [event for event in runner.events if event["event"] == "stopping"]
    assert told == [{"event": "stopping", "running": 1}]


@pytest.mark.parametrize("level", [Level.TERMINATE, Level.KILL])
@pytest.mark.parametrize("row", [["sleep", 60], ["stubborn", 60]])
def test_asked_to_leave_at_once_running_tasks_are_lost_not_failed(runner, level, row):
    def sleeping():
        return any(runner.folder.glob("sleeping-*"))

    outcomes = asked(runner, level, [row, ["add", 1, 1]], when=sleeping, n_workers=1, grace_s=0.2)
    assert [outcomes[i].status for i in range(2)] == ["lost", "unstarted"]
    assert [event["event"] for event in runner.events] == ["started", "lost"]


SIGNALLED = """
import json, sys
from neurocli.runners.local import run_tasks
from neurocli.runners.stopping import Stop
from neurocli.runners.tasks import Task
with Stop() as stop:
    found = run_tasks([Task(0, "a"), Task(1, "b")], sys.argv[1:], n_workers=1, stop=stop, grace_s=0.5,
                      on_event=lambda e: print(e["event"], flush=True))
print(json.dumps([found[0].status, found[1].status]))
sys.exit(int(stop.exit_status))
"""


@pytest.mark.parametrize(
    ("numbers", "seconds", "statuses", "exit_status"),
    [
        ([signal.SIGINT], 0.5, '["done", "unstarted"]', 130),
        ([signal.SIGINT, signal.SIGINT], 60, '["lost", "unstarted"]', 130),
        ([signal.SIGTERM], 60, '["lost", "unstarted"]', 75),
        ([signal.SIGUSR1], 60, '["lost", "unstarted"]', 75),
    ],
)
def test_signals_mean_what_people_expect(runner, numbers, seconds, statuses, exit_status):
    (runner.folder / "table.json").write_text(f'[["sleep", {seconds}], ["add", 1, 1]]')
    command = [sys.executable, "-c", SIGNALLED, *runner.command]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout.readline() == "started\n"
        assert eventually(lambda: any(runner.folder.glob("sleeping-*")))
        for number in numbers:
            parent.send_signal(number)
            time.sleep(0.1)  # two signals of one number that arrive together are one
        assert parent.stdout.read().splitlines()[-1] == statuses
        assert parent.wait() == exit_status


def test_fail_fast_starts_nothing_more(runner):
    outcomes = runner([["refuse"], *[["add", 1, 1]] * 5], n_workers=1, fail_fast=True)
    assert [outcome.status for outcome in outcomes.values()].count("unstarted") == 5


def test_a_command_that_cannot_work_is_told_with_its_last_words():
    bad = [sys.executable, "-c", "raise SystemExit('no such extra')"]
    with pytest.raises(WorkerError, match=r"No worker could be started\. Its last words: no such extra") as caught:
        run_tasks([Task(i, str(i)) for i in range(100)], bad, n_workers=2)
    assert caught.value.code == "E-RUN-START"
    with pytest.raises(WorkerError, match="No such file or directory"):
        run_tasks([Task(0, "a")], ["/no/such/program"], n_workers=1)


def test_without_pidfd_ends_are_noticed_too(runner, monkeypatch):
    def refuse(pid):
        raise OSError(38, f"Function not implemented for {pid}")

    monkeypatch.setattr(os, "pidfd_open", refuse)
    outcomes = runner([["kill", 9], ["add", 1, 1], ["leave", 1], ["add", 1, 1]])
    assert [outcomes[i].status for i in range(4)] == ["failed", "done", "failed", "done"]


def test_no_descriptor_and_no_child_is_left(runner):
    runner([["add", 1, 1]])
    before = len(list(Path("/proc/self/fd").iterdir()))
    runner([["kill", 9], ["add", 1, 1], ["segfault"], *[["add", 1, 1]] * 5])
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_rubbish_on_the_pipe_is_no_answer():
    assert supervise._parsed(b"\xff") is None
    assert supervise._parsed(b"[1]") is None
    assert supervise._parsed(b'{"index": 1}') == {"index": 1}


def test_nothing_to_do_starts_nothing():
    assert run_tasks([], ["/no/such/program"], n_workers=2) == {}
