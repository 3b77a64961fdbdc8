"""What comes from files beside the signal: annotations, and a person's decisions."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from neurocli.errors import ConfigError, InputError
from neurocli.preprocessing.annotations_to_events import AnnotationsToEvents
from neurocli.preprocessing.epoch import Epoch
from neurocli.preprocessing.overrides import Overrides
from tests.preprocessing.simulated import eeg

MARKS = ((12.0, 0.5, "S 1"), (3.0, 0.5, "S 2"), (5.0, 1.0, "BAD_jump"), (7.0, 0.0, "note"), (8.0, 0.0, "EDGE"))


def test_annotations_become_events_in_the_order_of_time():
    found = AnnotationsToEvents(only=["S *"]).run(eeg(events={}, annotations=MARKS))
    assert found.events == {"onset": [3.0, 12.0], "duration": [0.5, 0.5], "trial_type": ["S 2", "S 1"]}
    assert found.annotations == MARKS
    assert Epoch(events="trial_type", tmax=1.0).run(found).samples["events/trial_type"] == ["S 2", "S 1"]


def test_they_join_the_events_that_are_there():
    found = AnnotationsToEvents(column="value").run(eeg(annotations=MARKS))
    assert found.events["onset"] == [2.0, 3.0, 6.013, 7.0, 10.5, 12.0, 15.0]
    assert found.events["value"] == ["n/a", "S 2", "n/a", "note", "n/a", "S 1", "n/a"]
    assert found.events["trial_type"][:2] == ["left", "n/a"]


def test_no_such_annotation_is_said():
    with pytest.raises(InputError, match=r"No annotation is S \*\. There: BAD_x\."):
        AnnotationsToEvents(only=["S *"]).run(eeg(annotations=((1.0, 1.0, "BAD_x"),)))


@pytest.fixture
def table(tmp_path) -> Path:
    path = tmp_path / "overrides.tsv"
    path.write_text(
        "participant_id\ttask\twhat\tvalue\tonset\tduration\treason\n"
        "sub-01\trest\tbad_channel\tCz\tn/a\tn/a\tloose wire\n"
        "01\tn/a\tgood_channel\tFz\tn/a\tn/a\tthe detector was wrong\n"
        "n/a\trest\tbad_span\tn/a\t3.5\t2\tsneeze\n"
        "sub-01\trest\tdrop_component\t4\tn/a\tn/a\tmuscle\n"
        "sub-01\trest\tkeep_component\t0\tn/a\tn/a\talpha\n"
        "sub-01\tother\tbad_channel\tPz\tn/a\tn/a\tanother task\n"
        "sub-02\trest\tbad_channel\tO1\tn/a\tn/a\tanother person\n"
    )
    return path


def test_decisions_reach_the_recording_they_are_about(table):
    found = Overrides(file=str(table)).run(eeg(bads=("Fz", "O2")))
    assert found.bads == ("Cz", "O2")
    assert found.annotations == ((3.5, 2.0, "BAD_sneeze"),)
    note = found.notes[-1]
    assert (note["drop_components"], note["keep_components"]) == ([4], [0])
    assert [decision["reason"] for decision in note["decisions"]] == [
        "loose wire", "the detector was wrong", "sneeze", "muscle", "alpha",
    ]  # fmt: skip
    assert Epoch(duration=1.0).run(found).notes[-1]["dropped"] == {"under 'BAD_sneeze'": 3}


def test_a_changed_decision_is_another_setting(table):
    before = Overrides(file=str(table))
    table.write_text(table.read_text().replace("Cz", "C3"))
    assert Overrides(file=str(table)).digest != before.digest


def test_an_index_is_a_number_and_a_quotation_mark_is_a_letter(tmp_path):
    """BIDS counts runs, so 1 is 01; and its tables know no quoting: what begins with a mark ends with its cell."""
    path = tmp_path / "overrides.tsv"
    rows = ['1\tbad_channel\tCz\t"loose', '01\tbad_channel\tPz\tas before"', "2\tbad_channel\tO1\tanother run"]
    path.write_text("\n".join(["run\twhat\tvalue\treason", *rows]) + "\n")
    found = Overrides(file=str(path)).run(eeg(entities={**eeg().entities, "run": "01"}))
    assert found.bads == ("Cz", "Pz")
    assert [decision["reason"] for decision in found.notes[-1]["decisions"]] == ['"loose', 'as before"']


def test_components_are_decided_on_before_they_are_removed(table):
    done = eeg(notes=({"step": "ica", "removed": []},))
    with pytest.raises(ConfigError, match=r"E-CONFIG-ORDER .*Put overrides above ica"):
        Overrides(file=str(table)).run(done)
    table.write_text("what\tvalue\treason\nbad_channel\tCz\tloose\n")
    assert Overrides(file=str(table)).run(done).bads == ("Cz",)


HEAD = "what\tvalue\tonset\tduration\treason\n"


@pytest.mark.parametrize(
    ("text", "kind", "code", "sentence"),
    [
        (HEAD + "bad_channel\tCzz\t\t\tx\n", InputError, "E-INPUT-OVERRIDES", "Did you mean 'Cz'?"),
        (HEAD + "bad_span\t\t30\t2\tx\n", InputError, "E-INPUT-OVERRIDES", "30 to 32 s is not within the 20 s"),
        (HEAD + "bad_span\t\t\t2\tx\n", InputError, "E-INPUT-OVERRIDES", "needs an onset and a duration"),
        (HEAD + "badchannel\tCz\t\t\tx\n", ConfigError, "E-CONFIG-FILE", "Did you mean 'bad_channel'?"),
        (HEAD + "bad_channel\tCz\t\t\t\n", ConfigError, "E-CONFIG-FILE", "A decision needs a reason."),
        (HEAD + "drop_component\tfour\t\t\tx\n", ConfigError, "E-CONFIG-FILE", "whole number from 0, got 'four'"),
        ("what\tvalue\treasn\nbad_channel\tCz\tx\n", ConfigError, "E-CONFIG-FILE", "Unknown column 'reasn'"),
    ],
)
def test_rows_that_do_not_fit_are_refused(tmp_path, text, kind, code, sentence):
    path = tmp_path / "overrides.tsv"
    path.write_text(text)
    with pytest.raises(kind) as error:
        Overrides(file=str(path)).run(eeg())
    assert error.value.code == code
    assert sentence in error.value.message


def test_a_missing_table_is_refused_when_yaml_is_read():
    with pytest.raises(ValidationError, match="there is no file 'nowhere"):
        Overrides(file="nowhere.tsv")


def test_rows_that_are_about_no_recording_are_told_of(table):
    recordings = [{"subject": "01", "task": "rest"}, {"subject": "01", "task": "other"}]
    [said] = Overrides(file=str(table)).idle(recordings)
    assert said.startswith(f"{table}:8 is about no recording")
    assert "participant_id sub-02" in said
    assert not Overrides(file=str(table)).idle([*recordings, {"subject": "02", "task": "rest"}])
