"""The difference of two recipes, told in words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from neurocli.pipelines.membership import Move, failures, moves
from neurocli.pipelines.units import make_unit
from neurocli.pipelines.why import differences
from neurocli.store.ledger import Ledger

documents = st.recursive(
    st.integers(0, 3), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=6
)


def test_only_what_changed_is_told():
    before = {"steps": [{"name": "filter", "settings": {"l_freq": 1.0, "h_freq": 40.0}}], "unit": "sub-01"}
    after = {"steps": [{"name": "filter", "settings": {"l_freq": 2.0, "h_freq": 40.0}}], "unit": "sub-01"}
    assert list(differences(before, after)) == [(("steps", 0, "settings", "l_freq"), 1.0, 2.0)]


def test_a_step_more_is_told_as_a_whole():
    assert list(differences({"steps": [1]}, {"steps": [1, 2]})) == [(("steps",), [1], [1, 2])]


def test_a_tuple_is_the_list_that_it_is_written_as():
    assert (
        list(differences({"by": ["subject"], "held_out": [["00"]]}, {"by": ("subject",), "held_out": (("00",),)})) == []
    )
    assert list(differences({"by": ["subject"]}, {"by": ("run",)})) == [(("by", 0), "subject", "run")]


@given(documents, documents)
def test_equal_documents_and_only_they_have_no_difference(a, b):
    told = list(differences(a, b))
    assert (told == []) == (a == b or {**_none(a), **_none(b)} == {})


def _none(document) -> dict:
    """Return a mapping: an empty one and a missing key read the same."""
    return document if isinstance(document, dict) else {"": document}


NAMES = {"a1": "preprocess/sub-01", "b1": "featurize/sub-01", "b2": "featurize/sub-02", "c": "train/sub-01/model"}


def moved(before, after, out):
    earlier = {"recipe": {"stage": "train"}, "upstream": before}
    return list(moves(earlier, make_unit("train/sub-01/model", {"stage": "train"}, after), NAMES, out))


def test_a_recording_that_left_or_came_is_named_once(tmp_path):
    assert moved(["b1", "b2"], ["b1"], tmp_path) == [Move("sub-02", "taken in", "left out")]
    assert moved(["b1"], ["a1", "b1", "b2", "c"], tmp_path) == [Move("sub-02", "left out", "taken in")]
    assert moved(["a1"], ["b1"], tmp_path) == []


def test_a_recording_that_failed_is_named_with_its_error(tmp_path):
    events = Ledger(tmp_path / ".neurocli" / "ledger")
    events.append({"event": "failed", "unit": "featurize/sub-02", "error": {"code": "E-INPUT-NAN"}})
    events.append({"event": "failed", "unit": "train/sub-01/model", "error": {"code": "E-INTERNAL"}})
    events.close()
    assert moved(["b1"], ["b1", "b2"], tmp_path) == [Move("sub-02", "left out, as it failed: E-INPUT-NAN", "taken in")]


def test_only_what_failed_at_last_has_an_error(tmp_path):
    events = Ledger(tmp_path / ".neurocli" / "ledger")
    for unit, event in [("preprocess/a", "failed"), ("preprocess/a", "done"), ("preprocess/b", "failed")]:
        events.append({"event": event, "unit": unit})
    events.close()
    assert failures(tmp_path) == {"preprocess/b": "no error was written"}


def test_of_recordings_that_only_a_shared_store_knows_nothing_is_said(tmp_path):
    assert moved(["b1", "unknown"], ["b1"], tmp_path) == []


def test_the_scores_say_themselves_who_was_scored(tmp_path):
    after = make_unit("evaluate/scores", {"stage": "evaluate", "scored": ["sub-01"]}, ["x"])
    before = {"recipe": {"stage": "evaluate", "scored": ["sub-01", "sub-03"]}, "upstream": ["y"]}
    assert list(moves(before, after, {}, tmp_path)) == [Move("sub-03", "taken in", "left out")]
