"""A run that goes on without us: on a real SLURM the jobs of a stage submit those of the next."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from neurocli.store.ledger import read

from ..runners.clusters import started
from .conftest import PIPELINES, write_dataset

pytestmark = [pytest.mark.slow, pytest.mark.slurm]


def has_left() -> bool:
    answer = subprocess.run(["squeue", "--noheader"], capture_output=True, text=True, check=False)
    return answer.returncode == 0 and not answer.stdout.strip()


def test_stages_after_the_recordings_run_in_dependent_jobs_without_the_submitter(cli, tmp_path):
    """Collected, trained and evaluated by jobs alone; the scores are those of a run on this machine, byte for byte."""
    dataset, file = write_dataset(tmp_path / "bids", 3), tmp_path / "pipelines.yaml"
    file.write_text(PIPELINES.replace("permutations: 20", "permutations: 0"))
    words = ["tiny", "--bids-dir", dataset, "-f", file]
    with started(tmp_path / "slurm"):
        cli.env = cli.env | {"SLURM_CONF": str(tmp_path / "slurm" / "slurm.conf")}
        left = cli.document("evaluate", *words, "-o", tmp_path / "far", "--executor", "slurm", "--detach")
        assert left["status"] == "submitted"
        assert len(left["jobs"]) == 2, "the array, and the job that goes on"
        end = time.monotonic() + 1200  # minutes, and more where others use the machine
        while not has_left():
            assert time.monotonic() < end, subprocess.run(["squeue"], capture_output=True, text=True, check=True).stdout
            time.sleep(1)
    cli.document("evaluate", *words, "-o", tmp_path / "here", "--n-cpus", "2")
    scores = Path("group") / "desc-tiny_scores.tsv"
    assert (tmp_path / "far" / scores).read_bytes() == (tmp_path / "here" / scores).read_bytes()
    events = read(tmp_path / "far" / ".neurocli" / "ledger")
    done = [event for event in events if event["event"] == "done"]
    assert {event["stage"] for event in done} == {"preprocess", "featurize", "train", "evaluate"}
    began = {event["unit"]: event.get("job") for event in events if event["event"] == "started"}
    jobs = {stage: {str(job).partition("_")[0] for unit, job in began.items() if unit.startswith(stage)}
            for stage in ("featurize", "train/sub", "evaluate")}  # fmt: skip
    assert all(len(found) == 1 and None not in found for found in jobs.values()), jobs
    assert len(set.union(*jobs.values())) == 3, "an array a stage"
    states = json.loads(cli("status", "-o", tmp_path / "far", "--json").stdout)["states"]
    assert set(states) == {"done"}
