"""SLURM without SLURM: the text we write, the text we read, and a scheduler played by small scripts."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.errors import MissingError, TemporaryError
from neurocli.runners import slurm, slurm_run
from neurocli.runners.slurm_jobs import Jobs, ending_of
from neurocli.runners.watching import Watcher
from neurocli.store.ledger import Ledger


@given(first=st.integers(0, 50), n=st.integers(1, 5000), mean=st.none() | st.floats(0, 1e5))
def test_ranges_cover_every_task_once_within_what_a_site_allows(first, n, mean):
    found = slurm.ranges(first, n, mean)
    assert [index for start, last in found for index in range(start, last + 1)] == list(range(first, first + n))
    assert len(found) <= slurm.MAX_ELEMENTS


def test_short_tasks_are_grouped_and_long_ones_are_not():
    assert len(slurm.ranges(0, 640, 1.0)) == slurm.MIN_ELEMENTS
    assert len(slurm.ranges(0, 640, 60.0)) == 128
    assert len(slurm.ranges(0, 640, 3600.0)) == 640
    assert len(slurm.ranges(0, 640)) == 640


def array(folder, command=("true",), **more) -> slurm.Array:
    return slurm.Array("test", tuple(command), ((1, 4), (5, 5)), folder, **more)


def test_the_batch_file_asks_for_what_one_element_needs(tmp_path):
    lines = slurm.batch_text(array(tmp_path, limit_s=90, mem_gb=1.5)).splitlines()
    assert lines[0] == "#!/bin/bash"
    assert "#SBATCH --array=0-1" in lines
    assert "#SBATCH --mem=1500M" in lines
    assert "#SBATCH --time=8" in lines, "4 tasks of 90 s, and two minutes for the notice"
    assert "ranges=(1-4 5)" in lines


def played(folder: Path, text: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "batch.sh").write_text(text)
    environment = {"SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_JOB_ID": "7", **environment}
    path = f"{folder}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", str(folder / "batch.sh")], capture_output=True, text=True, check=False,
        env={**os.environ, **environment, "PATH": path},
    )  # fmt: skip


def scontrol(folder: Path, state: str = "RUNNING") -> None:
    """Play a scheduler that tells a state, and notes what else it is asked."""
    asked = f'echo "$@" > {shlex.quote(str(folder))}/asked'
    script(folder / "scontrol", f"case $1 in show) echo JobId=7 JobState={state} Reason=None ;; *) {asked} ;; esac")


def asked_of(folder: Path) -> str:
    return (folder / "asked").read_text().strip() if (folder / "asked").exists() else ""


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(("status", "restarts", "asked"), [(0, "0", ""), (6, "0", ""), (75, "0", "requeue 7_0"),
                                                           (75, "2", "requeue 7_0"), (75, "3", "")])  # fmt: skip
def test_only_preempted_work_goes_back_into_the_queue_and_not_for_ever(tmp_path, status, restarts, asked):
    folder = tmp_path / "a folder"
    folder.mkdir()
    scontrol(folder)
    command = ("bash", "-c", f'echo "$2" > {shlex.quote(str(folder))}/range; exit {status}', "worker")
    text = slurm.batch_text(array(folder, command))
    (folder / "7_0.out").touch()
    found = played(folder, text, SLURM_RESTART_COUNT=restarts)
    assert found.returncode == status, found.stderr
    assert (folder / "range").read_text() == "1-4\n"
    assert asked_of(folder) == asked
    assert not (folder / "7_0.out").exists()


def test_the_notice_of_the_scheduler_reaches_the_worker(tmp_path):
    script(tmp_path / "scontrol", "true")
    trap = f"trap 'touch {tmp_path}/told; exit 75' USR1; touch {tmp_path}/ready; while :; do sleep 0.05; done"
    (tmp_path / "batch.sh").write_text(slurm.batch_text(array(tmp_path, ("bash", "-c", trap, "worker"))))
    env = {**os.environ, "SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_JOB_ID": "7", "PATH": f"{tmp_path}:/usr/bin:/bin"}
    with subprocess.Popen(["bash", str(tmp_path / "batch.sh")], env=env) as batch:
        while not (tmp_path / "ready").exists():
            time.sleep(0.01)
        subprocess.run(["kill", "-USR1", str(batch.pid)], check=True)
        assert batch.wait(9) == 75
    assert (tmp_path / "told").exists()


TRAP, FORKED, WAIT = "trap tell USR1 TERM\n", "worker=$!\n", 'wait "$worker"\n'
HEEDING = "trap 'exit 75' USR1; while :; do sleep 0.05; done"


@pytest.mark.parametrize(
    ("moment", "worker", "status", "asked"),
    [
        (TRAP, HEEDING, 75, "requeue 7_0"),  # before there is a worker: it is told as soon as there is one
        (FORKED, HEEDING, 75, "requeue 7_0"),  # a worker that may not heed signals yet is ended, and has left
        (WAIT, "exit 0", 0, ""),  # after its end the signal changes nothing
        (WAIT, "exit 6", 6, ""),
        ("", "kill -USR1 $$", 75, "requeue 7_0"),
        ("", "kill -KILL $$", 137, ""),
        ("", "exit 10", 10, ""),  # the number of USR1, and of a status of ours
    ],
)
def test_a_signal_may_come_at_any_moment(tmp_path, moment, worker, status, asked):
    scontrol(tmp_path)
    text = slurm.batch_text(array(tmp_path, ("bash", "-c", worker, "worker")))
    assert text.count(moment) == 1 or not moment
    found = played(tmp_path, text.replace(moment, f"{moment}kill -USR1 $$\n") if moment else text)
    assert found.returncode == status, found.stderr
    assert asked_of(tmp_path) == asked


@pytest.mark.parametrize(("state", "asked"), [("RUNNING", "requeue 7_0"), ("COMPLETING", ""), ("CANCELLED", "")])
def test_a_job_that_was_cancelled_does_not_put_itself_back_into_the_queue(tmp_path, state, asked):
    scontrol(tmp_path, state)
    assert played(tmp_path, slurm.batch_text(array(tmp_path, ("bash", "-c", "exit 75", "worker")))).returncode == 75
    assert asked_of(tmp_path) == asked


@pytest.mark.parametrize(
    ("text", "job"),
    [("12\n", "12"), ("12;cluster\n", "12"), ("Submitted batch job 12\n", "12"), ("Welcome!\n12\n\n", "12")],
)
def test_a_job_id_is_found_whatever_a_site_prints_around_it(text, job):
    assert slurm.parse_job_id(text) == job


def test_an_answer_without_a_job_id_is_refused():
    with pytest.raises(slurm.SlurmError, match="without a job id: 'hello 12 years'"):
        slurm.parse_job_id("hello 12 years")


def test_the_queue_is_read_element_by_element():
    found = slurm.parse_queue("7_0|RUNNING|None\n7_1|PENDING|(Priority)\n8|PENDING|DependencyNeverSatisfied\n\n")
    assert list(found) == ["7_0", "7_1", "8"]
    assert [element.is_dead for element in found.values()] == [False, False, True]


def test_accounting_is_read():
    text = "7_0|COMPLETED\n7_1|CANCELLED by 0\n7_2|OUT_OF_MEMORY\n7_3|\n"
    assert slurm.parse_accounting(text) == {"7_0": "COMPLETED", "7_1": "CANCELLED", "7_2": "OUT_OF_MEMORY"}


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("slurmstepd: error: *** JOB 12 ON vm CANCELLED AT 2026-01-01T00:00:00 DUE TO TIME LIMIT ***", "TIMEOUT"),
        ("slurmstepd: error: *** JOB 12 ON vm CANCELLED AT 2026-01-01T00:00:00 ***", "CANCELLED"),
        ("slurmstepd: error: Detected 1 oom-kill event(s) in StepId=12.batch.", "OUT_OF_MEMORY"),
        ("slurmstepd: error: Exceeded job memory limit", "OUT_OF_MEMORY"),
        ("slurmstepd: error: *** JOB 1 ON n1 CANCELLED AT 2026-01-01T00:00:00 DUE TO PREEMPTION ***", "PREEMPTED"),
        ("Segmentation fault", "FAILED"),
        ("", "FAILED"),
    ],
)
def test_the_last_words_of_a_job_tell_its_end_without_accounting(words, state):
    assert slurm.state_in_log(words) == state


def test_without_slurm_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError, match="sbatch is not here") as caught:
        slurm.submit(tmp_path / "batch.sh")
    assert (caught.value.code, caught.value.exit_status) == ("E-SLURM-MISSING", 9)


def test_what_sbatch_refuses_is_told_in_its_words(tmp_path, monkeypatch):
    script(tmp_path / "sbatch", "echo 'sbatch: error: invalid partition specified: x' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(slurm.SlurmError, match="invalid partition specified: x"):
        slurm.submit(tmp_path / "batch.sh")


def test_a_busy_scheduler_is_asked_again(tmp_path, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    script(tmp_path / "sbatch", f"echo x >> {tmp_path}/tries; [ $(wc -l < {tmp_path}/tries) -ge 3 ] && echo 5 && exit\n"
           "echo 'sbatch: error: Socket timed out on send/recv operation' >&2; exit 1")  # fmt: skip
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert slurm.submit(tmp_path / "batch.sh", ["--partition=long --qos 'a b'"], after=["3", "4"]) == "5"
    (tmp_path / "tries").unlink()
    script(tmp_path / "sbatch", "echo 'Unable to contact slurm controller' >&2; exit 1")
    with pytest.raises(TemporaryError) as caught:
        slurm.submit(tmp_path / "batch.sh")
    assert (caught.value.code, caught.value.exit_status) == ("E-SLURM-BUSY", 75)


def test_arguments_and_dependencies_are_handed_on(tmp_path, monkeypatch):
    script(tmp_path / "sbatch", f'printf "%s\\n" "$@" > {tmp_path}/got; echo 5')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    slurm.submit(tmp_path / "b.sh", ["--partition=long --comment 'a b'"], after=["3", "4"])
    assert (tmp_path / "got").read_text().splitlines() == [
        "--parsable", "--dependency=afterany:3:4", "--partition=long", "--comment", "a b", str(tmp_path / "b.sh"),
    ]  # fmt: skip


class Unit:
    def __init__(self, name):
        self.id = self.key = name


class Task:
    def __init__(self, *names):
        self.id, self.units = names[-1], tuple(Unit(name) for name in names)


def test_jobs_are_found_again_by_any_later_process(tmp_path):
    jobs = Jobs(tmp_path)
    with jobs.submitting():
        jobs.note("7", [[Task("a"), Task("b")], [Task("c")]])
        jobs.note("8", [[Task("b")]])
    (tmp_path / ".neurocli" / "slurm" / "9.json").write_text('{"job": ')
    places = Jobs(tmp_path).known()
    assert {key: place.element for key, place in places.items()} == {"a": "7_0", "b": "8_0", "c": "7_1"}


def test_a_task_has_ended_when_all_its_units_have_since_it_was_submitted():
    endings = {("a", "a"): {"event": "done", "time": 5.0}, ("b", "b"): {"event": "failed", "time": 7.0}}
    assert ending_of(Task("a", "b"), endings, 4.0) == [endings["a", "a"], endings["b", "b"]]
    assert ending_of(Task("a", "b"), endings, 6.0) is None, "what ended before belongs to an earlier run"
    assert ending_of(Task("a", "c"), endings, 0.0) is None


def test_the_follower_is_a_plain_job(tmp_path):
    text = slurm.follow_text("next", ["neurocli", "attach", "-o", "a b"], tmp_path)
    assert "exec neurocli attach -o 'a b'" in text
    assert "--array" not in text
    assert slurm_run.SESSION not in text, "it travels in the environment, not in a file"
    assert json.dumps(text)


def test_a_unit_whose_job_has_left_the_queue_does_not_run(tmp_path, monkeypatch):
    script(tmp_path / "squeue", f'echo x >> {tmp_path}/asked; echo "7_1|RUNNING|None"')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for index in (0, 1):
        event = {"event": "started", "unit": f"u{index}", "host": "node1", "pid": 1, "job": f"7_{index}"}
        Ledger(tmp_path / "out" / ".neurocli" / "ledger").append(event)
    watcher = Watcher(tmp_path / "out")
    found = [watcher.status() for _ in range(3)][-1]
    assert {name: unit["state"] for name, unit in found["units"].items()} == {"u0": "lost", "u1": "running"}
    assert found["states"] == {"lost": 1, "running": 1}
    assert asked_of(tmp_path) == "x", "a person who looks often does not ask SLURM often"


def test_what_runs_on_another_machine_without_slurm_is_believed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    event = {"event": "started", "unit": "u", "host": "node1", "pid": 1, "job": "7_0"}
    Ledger(tmp_path / "out" / ".neurocli" / "ledger").append(event)
    assert Watcher(tmp_path / "out").status()["states"] == {"running": 1}
