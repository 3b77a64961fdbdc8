"""Presets on recordings of full length, made from real geometry: exit 0, and the output is a BIDS dataset."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from bench.presets import valid
from tests.conftest import SHARED
from tests.runs.heads import MOVED, NOD, write_study

ROOT = Path(__file__).resolve().parents[2]
QUICK = ["--set", "preprocess.normalize.resolution=8"]
ROUGH = [*QUICK, "--set", "preprocess.normalize.how=affine", "--set", "preprocess.coregister.extract=false"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("heads") / "study")


@pytest.mark.slow
def test_bold_clean(cli, study, tmp_path):
    done = cli("run", "bold-clean", "--bids-dir", study, "-o", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    assert valid(tmp_path / "out") is not False
    assert "Carpet of sub-01_task-rest" in (tmp_path / "out/quality/boldclean/sub-01.html").read_text()


@pytest.mark.slow
def test_bold_by_way_of_the_t1(cli, study, tmp_path):
    pytest.importorskip("ants", reason="antspyx is not installed")
    done = cli("run", "bold-t1-clean", "--bids-dir", study, "-o", tmp_path / "out", "--json", *ROUGH)
    assert done.returncode == 0, done.stderr
    assert valid(tmp_path / "out") is not False
    [row] = rows(tmp_path / "out/group/desc-boldt1clean_quality.tsv")
    assert float(row["overlap"]) > 0.8
    assert float(row["tsnr_after"]) > float(row["tsnr"])
    lines = rows(tmp_path / "out/quality/boldt1clean/sub-01_task-rest_timeseries.tsv")
    moved = [float(line["framewise_displacement"]) for line in lines[1:]]
    assert int(np.argmax(moved)) + 1 == MOVED
    # a nod about the origin: 50 mm times the angle, and what it shifts the middle of the image by
    assert 50 * np.deg2rad(NOD) * 0.8 < max(moved) < 50 * np.deg2rad(NOD) * 2.2


def test_without_any_t1_the_run_is_refused_before_it_starts(cli, study, tmp_path):
    bare = tmp_path / "bids"
    for path in study.rglob("*"):
        if path.is_file() and "anat" not in path.parts:
            (bare / path.relative_to(study)).parent.mkdir(parents=True, exist_ok=True)
            (bare / path.relative_to(study)).write_bytes(path.read_bytes())
    done = cli("run", "bold-t1-clean", "--bids-dir", bare, "-o", tmp_path / "out")
    assert done.returncode == 4
    assert "E-INPUT-COMPANION" in done.stderr


def rows(path):
    head, *lines = (line.split("\t") for line in path.read_text().splitlines())
    return [dict(zip(head, line, strict=True)) for line in lines]


@pytest.mark.slow
def test_meg_clean(cli, tmp_path):
    """Twelve seconds under the helmet of a real recording, with coils and a head that moves."""
    from tests.preprocessing.helmet import helmet, recorded

    path = SHARED / "formats" / "meg-fif" / "sample_audvis_trunc_raw_sss.fif"
    if not path.is_file():
        pytest.skip("real recordings (../shared/data) are not on this machine")
    folder = tmp_path / "bids/sub-01/meg"
    folder.mkdir(parents=True)
    (tmp_path / "bids/dataset_description.json").write_text('{"Name": "m", "BIDSVersion": "1.10.0"}')
    recorded(helmet(path), 12.0, 0.005, noise=1.0).save(folder / "sub-01_task-rest_meg.fif", verbose="ERROR")
    sidecar = {"TaskName": "rest", "PowerLineFrequency": 60, "SamplingFrequency": 600}
    (folder / "sub-01_task-rest_meg.json").write_text(json.dumps(sidecar))
    more = ["--set", "preprocess.ica.n_components=10", "--set", "preprocess.ica.decim=5"]
    done = cli("run", "meg-clean", "--bids-dir", tmp_path / "bids", "-o", tmp_path / "out", "--json", *more)
    assert done.returncode == 0, done.stderr
    assert valid(tmp_path / "out") is not False
    page = (tmp_path / "out/quality/megclean/sub-01.html").read_text()
    assert re.search("movement&quot;: &quot;compensated", page)
    assert re.search("freq&quot;: 60", page)


def commands():
    """Return what the page on MRI tells people to type."""
    text = (ROOT / "docs/howto/mri.md").read_text(encoding="utf-8")
    return re.findall(r"^\$ neurocli (.*)$", text, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("line", commands(), ids=lambda line: " ".join(line.split()[:2]))
def test_what_the_page_on_mri_says_works(cli, study, tmp_path, line):
    """Heads are coarse and have no skull here, so that a run takes seconds; the words are those of the page."""
    pytest.importorskip("ants", reason="antspyx is not installed")
    words = [str(study) if word == "study" else word for word in shlex.split(line)]
    words[words.index("-o") + 1] = str(tmp_path / "out")
    if "bold-t1-clean" in words:
        words += QUICK if "preprocess.coregister.extract=false" in words else ROUGH
    done = cli(*words, "--json")
    assert done.returncode == 0, done.stderr
