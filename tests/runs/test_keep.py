"""What a store keeps: `keep: none` lets payloads of recordings go until they are needed; a quota is kept or refused."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.slow


def stages(out):
    found = [
        json.loads(path.read_text())["recipe"]["stage"] for path in (out / ".neurocli/store").glob("*/*/manifest.json")
    ]
    return {stage: found.count(stage) for stage in {*found}}


def published(out):
    return {path.name: path.read_bytes() for path in sorted(out.glob("**/*_scores.tsv"))}


def test_what_nobody_reads_goes_and_is_made_again_when_a_later_step_changes(cli, dataset, file, tmp_path):
    words = ["--bids-dir", dataset, "-f", file, "--n-cpus", "2", "--set", "train.null=0"]
    first = cli.document("run", "tiny", "-o", tmp_path / "out", *words, "--set", "keep=none")
    assert first["status"] == "ok"
    left = stages(tmp_path / "out")
    assert not {"preprocess", "featurize"} & {*left}
    assert left["evaluate"] == 1
    again = cli.document("run", "tiny", "-o", tmp_path / "out", *words, "--set", "keep=none")
    assert again["units"] == {"executed": 0, "cached": first["units"]["executed"], "failed": 0, "blocked": 0}
    assert again["outputs"] == first["outputs"]
    check = cli(
        "plan", "tiny", "-o", tmp_path / "out", "--bids-dir", dataset, "-f", file, "--set", "train.null=0", "--check"
    )
    assert check.returncode == 0
    anew = [*words, "--set", "keep=none", "--force", "preprocess"]
    promised = cli.document("run", "tiny", "-o", tmp_path / "out", *anew, "--dry-run")
    assert promised["stages"]["preprocess"]["to run"] == 8
    cli.document("run", "tiny", "-o", tmp_path / "out", *anew)
    assert stages(tmp_path / "out") == left
    changed = [*words, "--set", "train.model.logistic_regression.C=0.1"]
    third = cli.document("run", "tiny", "-o", tmp_path / "out", *changed, "--set", "keep=all")
    other = cli.document("run", "tiny", "-o", tmp_path / "other", *changed)
    assert third["status"] == other["status"] == "ok"
    assert stages(tmp_path / "out")["featurize"] == 8
    assert published(tmp_path / "out") == published(tmp_path / "other")


def test_a_quota_that_nothing_can_be_freed_for_ends_the_run_with_7_and_more_lets_it_finish(
    cli, dataset, file, tmp_path
):
    words = ["preprocess", "tiny", "-o", tmp_path / "out", "--bids-dir", dataset, "-f", file, "--n-cpus", "2"]
    words += ["--participant-label", "01", "--participant-label", "02"]
    assert cli("cache", "quota", "100 KB", "-o", tmp_path / "out").returncode == 0
    done = cli(*words)
    assert done.returncode == 7, done.stderr
    assert "E-STORE-QUOTA" in done.stderr
    assert cli("cache", "quota", "1 GB", "-o", tmp_path / "out").returncode == 0
    assert cli.document(*words)["units"] == {"executed": 4, "cached": 0, "failed": 0, "blocked": 0}
