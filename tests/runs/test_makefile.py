"""The Makefile and the batch script of the how-to do what their comments say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

EXAMPLE = ROOT / "docs" / "howto" / "example"


class Shell:
    """A folder with the example, and ``neurocli`` on the path, which notes that it was called."""

    def __init__(self, home: Path, env: dict[str, str]) -> None:
        self.home = home
        shutil.copytree(EXAMPLE, home, dirs_exist_ok=True)
        self.put("neurocli", f'echo "$1" >> {home}/calls\nexec {sys.executable} -m neurocli "$@"')
        self.env = {**env, "PATH": f"{home}/bin:{os.environ['PATH']}"}

    def put(self, name: str, text: str) -> None:
        """Put a command on the path."""
        (self.home / "bin").mkdir(exist_ok=True)
        (self.home / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.home / "bin" / name).chmod(0o755)

    def __call__(self, *words: str, **env: str) -> int:
        """Run a command and return its exit status."""
        done = subprocess.run(
            words, cwd=self.home, env=self.env | env, capture_output=True, text=True, timeout=240, check=False
        )
        (self.home / "said").write_text(done.stdout + done.stderr)
        return done.returncode

    @property
    def calls(self) -> list[str]:
        """The sub-commands that were called since one last asked."""
        path = self.home / "calls"
        found = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return found


@pytest.fixture
def shell(finished, dataset, tmp_path) -> Shell:
    """Return a shell beside a finished run."""
    shutil.copytree(dataset, tmp_path / "data")
    shutil.copytree(finished[0], tmp_path / "out")
    shutil.copy(finished[1], tmp_path / "pipelines.yaml")
    return Shell(tmp_path, finished[3].env)


def make(shell: Shell, *goals: str) -> int:
    return shell("make", "PIPELINE=tiny", *goals)


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make")
def test_make_redoes_nothing_that_did_not_change(shell):
    report = shell.home / "out" / "report.html"
    assert make(shell) == 0, (shell.home / "said").read_text()
    assert shell.calls == ["make-deps", "export"]
    times = report.stat().st_mtime_ns, (shell.home / "summary.txt").stat().st_mtime_ns
    assert make(shell) == 0
    assert shell.calls == []
    next((shell.home / "data").glob("sub-*/eeg/*.edf")).touch()
    assert make(shell) == 0
    assert shell.calls == ["export"]
    assert "0 executed" in (shell.home / "said").read_text()
    assert (report.stat().st_mtime_ns, (shell.home / "summary.txt").stat().st_mtime_ns) == times
    assert make(shell) == 0
    assert shell.calls == []
    report.unlink()
    assert make(shell) == 0
    assert report.is_file()


def test_the_job_runs_the_pipeline(shell):
    names = {"PIPELINE": "tiny", "DATA": "data", "OUT": "out", "FILE": "pipelines.yaml", "SLURM_CPUS_PER_TASK": "1"}
    assert shell("bash", "job.sh", **names) == 0, (shell.home / "said").read_text()
    assert "0 executed" in (shell.home / "said").read_text()


@pytest.mark.parametrize(
    ("ends", "state", "status", "requeued"),
    [
        ("exit 75", "RUNNING", 75, True),
        ("exit 75", "CANCELLED", 75, False),
        ("exit 5", "RUNNING", 5, False),
        ("kill -USR1 $$", "RUNNING", 75, True),  # the notice came before the run heeded it
        ("kill -USR1 $PPID; exec sleep 60", "RUNNING", 75, True),
    ],
)
def test_a_job_whose_time_ran_out_queues_again(tmp_path, ends, state, status, requeued):
    shell = Shell(tmp_path, dict(os.environ))
    shell.put("neurocli", ends)
    asked = f'echo "$@" > {tmp_path}/requeued'
    shell.put("scontrol", f"case $1 in show) echo JobState={state} ;; *) {asked} ;; esac")
    assert shell("bash", "job.sh", PIPELINE="p", DATA="d", OUT="o", SLURM_JOB_ID="17") == status
    assert (tmp_path / "requeued").exists() == requeued
    assert not requeued or (tmp_path / "requeued").read_text() == "requeue 17\n"
