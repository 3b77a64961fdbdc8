"""`neurocli score-events`: two folders in, all scorers out, and the right word where something is missing."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from neurocli.commands import build
from neurocli.data.hed_score import Annotation, Annotations, to_tsv
from neurocli.errors import InputError


@pytest.fixture
def folders(tmp_path):
    """Return two folders of one recording of an hour: half of what was there was found."""
    for name, onsets in (("ref", (100.0, 2000.0)), ("hyp", (110.0,))):
        (tmp_path / name).mkdir()
        rows = tuple(Annotation(onset, 60.0) for onset in onsets)
        (tmp_path / name / "sub-01_events.tsv").write_text(to_tsv(Annotations(rows, 3600.0)))
    return str(tmp_path / "ref"), str(tmp_path / "hyp")


def test_all_scorers_stand_side_by_side(folders):
    done = CliRunner().invoke(build(), ["score-events", *folders])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "1 recording of 1 subject"
    assert [line[:14].strip() for line in lines[2:7]] == [
        "SzCORE event", "SzCORE sample", "NEDC OVLP", "NEDC TAES", "NEDC EPOCH",
    ]  # fmt: skip
    assert lines[2].split()[2:5] == ["0.500", "1.000", "0.667"]
    assert lines[-1] == "median latency of 1 of 2 events: 10.000 s"


def test_a_program_gets_one_document(folders):
    document = json.loads(CliRunner().invoke(build(), ["score-events", *folders, "--json"]).stdout)
    assert document["schema_version"] == 1
    assert document["scorers"][0]["counts"] == {"tp": 1, "fn": 1, "fp": 0}


def test_a_recording_without_detections_is_named(folders, tmp_path):
    (tmp_path / "hyp" / "sub-01_events.tsv").unlink()
    done = CliRunner().invoke(build(), ["score-events", *folders])
    assert isinstance(done.exception, InputError)
    assert done.exception.code == "E-INPUT-EVENTS"
    assert done.exception.exit_status == 4
    assert "sub-01_events.tsv" in str(done.exception)


@pytest.mark.parametrize(("missing", "said"), [(0, "no table of seizures"), (1, "no such folder of detections")])
def test_a_folder_that_is_not_there_is_named(folders, tmp_path, missing, said):
    asked = list(folders)
    asked[missing] = str(tmp_path / "nowhere")
    done = CliRunner().invoke(build(), ["score-events", *asked])
    assert isinstance(done.exception, InputError)
    assert said in str(done.exception)
    assert "nowhere" in str(done.exception)
