"""The difference of two recipes, told in words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from neurocli.pipelines.why import differences

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
