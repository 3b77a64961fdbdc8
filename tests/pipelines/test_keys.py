"""A key is a pure function of the recipe; a change of any of these voids what people have cached."""

from __future__ import annotations

import math
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.pipelines.keys import FORMAT, canonical, key_of, seed_of

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_the_golden_key():
    # a different key here means that every cache in every lab is void: bump FORMAT and say so in the changelog
    recipe = {"stage": "preprocess", "steps": [{"name": "filter", "version": 1, "settings": {"l_freq": 1.0}}]}
    assert key_of(recipe) == "f43f37729594eeda07b3d01153cc75a7fb1c0d21f7b2d1de0939830f6427ae94"


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_the_order_of_settings_does_not_matter(recipe):
    assert key_of(recipe) == key_of(dict(reversed(recipe.items())))


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_a_key_is_the_hash_of_the_canonical_text(recipe):
    text = canonical({"format": FORMAT, **recipe})
    assert key_of(recipe) == blake2b(text.encode(errors="surrogatepass"), digest_size=32).hexdigest()


@given(json_values, json_values)
def test_different_recipes_have_different_texts(a, b):
    if canonical(a) == canonical(b):
        assert a == b


def test_a_key_that_cannot_be_made_is_an_error():
    with pytest.raises(ValueError, match="not JSON compliant"):
        key_of({"l_freq": math.nan})


def test_seeds_differ_by_unit_and_by_step():
    assert len({seed_of(42, unit, step) for unit in ("sub-01", "sub-02") for step in ("ica", "asr")}) == 4
    assert seed_of(42, "sub-01", "ica") == seed_of(42, "sub-01", "ica")
