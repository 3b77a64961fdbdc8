"""Whatever stands in a file, it is used or refused in words: no other exception leaves the loader."""

from __future__ import annotations

import copy
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurocli.errors import ConfigError

GOOD = {
    "version": 1,
    "defaults": {"seed": 7},
    "pipelines": {
        "a": {
            "title": "A",
            "input": {"datatype": "eeg", "task": ["rest", "/x.*/"], "run": 1},
            "target": {"entity": "task", "positive": "rest"},
            "preprocess": [
                {"filter": {"l_freq": "1 Hz", "h_freq": 45}},
                {"notch": "50 Hz"},
                {"epoch": {"duration": "4 s"}},
            ],
            "featurize": [{"band_power": {"bands": {"alpha": ["8 Hz", "13 Hz"]}, "psd": {"method": "welch"}}}],
            "train": {
                "split": {"leave_out": "subject"},
                "model": ["standardize", {"logistic_regression": {"C": 0.1}}],
                "null": {"permutations": 3},
                "search": {"over": {"logistic_regression.C": [0.1, 1]}},
            },
            "evaluate": {"metrics": ["accuracy"]},
            "export": ["report"],
        },
        "b": {"extends": "a", "matrix": {"train.model.logistic_regression.C": [0.1, 1]}},
    },
}


def places(document, path=()):
    """Return the path of every value."""
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [path, *(place for key, child in inner for place in places(child, (*path, key)))]


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats()
    | st.sampled_from(["", "x", "filter", "4 s", "a[0]", "/("]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["x", "filter", "leave_out", "C", "a.b", "[", ""]), inner, max_size=3)
    ),
    max_leaves=6,
)


def replaced(document, path, value):
    if not path:
        return value
    changed = copy.copy(document)
    changed[path[0]] = replaced(document[path[0]], path[1:], value)
    return changed


def outcome(call):
    try:
        return call()
    except ConfigError as error:
        return [error]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(places(GOOD)), ODD)
def test_any_value_at_any_place_is_used_or_refused(loads, path, value):
    text = json.dumps(replaced(GOOD, path, value)).replace("NaN", ".nan").replace("Infinity", ".inf")
    for problem in outcome(lambda: loads(text).problems()):
        assert problem.where.startswith("pipelines.yaml")


ADDRESSES = [".".join(map(str, path[2:])) for path in places(GOOD) if len(path) > 2] + [
    "preprocess.filter.l_freq", "preprocess.notch", "train.model.logistic_regression.C", "preprocess.epoch[1]", "x", "",
    "featurize.band_power.bands.alpha[1]", "export.report", "train.model.standardize.x.y",
]  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(ADDRESSES), ODD)
def test_any_setting_of_the_command_line_is_used_or_refused(loads, address, value):
    setting = f"{address}={json.dumps(value)}"
    for problem in outcome(lambda: loads(json.dumps(GOOD), setting).problems()):
        assert problem.code.startswith("E-CONFIG")


def test_what_is_mutated_was_right(loads):
    assert loads(json.dumps(GOOD)).problems() == []
