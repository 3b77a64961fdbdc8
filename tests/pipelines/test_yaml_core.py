"""The YAML core: the 1.2 schema, marks, and nothing that could surprise."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from neurocli.errors import ConfigError
from neurocli.pipelines import yaml_core
from neurocli.pipelines.yaml_core import plain, read, read_value, resolve

CORE = {  # the table of section 10.3.2 of the YAML 1.2.2 specification, and what YAML 1.1 made of some
    "null": None, "Null": None, "NULL": None, "~": None, "": None, "nuLL": "nuLL",
    "true": True, "True": True, "FALSE": False, "on": "on", "yes": "yes", "No": "No", "y": "y",
    "0": 0, "0o7": 7, "0x3A": 58, "-19": -19, "+12": 12, "010": 10, "1_000": "1_000", "0b1": "0b1",
    "0.": 0.0, "-0.0": -0.0, ".5": 0.5, "+12e03": 12000.0, "-2E+05": -200000.0, "1e-4": 1e-4, "1e5": 1e5,
    ".inf": float("inf"), "-.Inf": -float("inf"), "+.INF": float("inf"),
    "1:30": "1:30", "12:30:45": "12:30:45", "2024-01-01": "2024-01-01", "1 Hz": "1 Hz", ".": ".", "1e": "1e",
    "=": "=", "0o8": "0o8", "0xG": "0xG", "e3": "e3", "..5": "..5",
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), CORE.items())
def test_an_unquoted_scalar_follows_the_core_schema(text, value):
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_nan_is_no_number_equal_to_itself(text):
    assert resolve(text) != resolve(text)


# JSON and YAML differ in what they allow unescaped: control characters and the separators of lines
TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp"), exclude_characters="\ufeff"), max_size=8
)


@given(TEXT)
def test_a_quoted_scalar_is_always_its_text(text):
    node = read(json.dumps({"a": text}, ensure_ascii=False).encode(), "f.yaml")  # JSON is YAML 1.2
    assert plain(node) == {"a": text}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(TEXT, JSON, min_size=1, max_size=4))
def test_every_json_document_is_read_as_json_reads_it(document):
    """Oracle: the json module, on the subset of YAML that JSON is."""
    assert plain(read(json.dumps(document, ensure_ascii=False).encode(), "f.yaml")) == document


def test_every_value_knows_its_line_and_column():
    root = read(b"a: 1\nb:\n  - x\n  - {c: d}\n", "f.yaml")
    assert root.fields["a"].where == "f.yaml:1:4"
    assert root.fields["b"].key_where == "f.yaml:2:1"
    assert root.fields["b"].items[0].where == "f.yaml:3:5"
    assert root.fields["b"].items[1].fields["c"].key_where == "f.yaml:4:6"
    assert root.fields["b"].items[1].fields["c"].where == "f.yaml:4:9"


def test_columns_count_characters_not_bytes():
    assert read("µ: é\n".encode(), "f.yaml").fields["µ"].where == "f.yaml:1:4"


def test_a_byte_order_mark_is_no_part_of_the_first_key():
    assert plain(read(b"\xef\xbb\xbfa: 1\n", "f.yaml")) == {"a": 1}


def test_a_label_keeps_its_text():
    assert plain(read(b"a: [010, 1e3, null, x]", "f.yaml"), as_text=True) == {"a": ["010", "1e3", None, "x"]}


def test_a_key_is_the_text_that_was_written():
    assert list(read(b"null: 1\n010: 2\non: 3\n", "f.yaml").fields) == ["null", "010", "on"]


def test_an_alias_repeats_its_anchor():
    assert plain(read(b"a: &x {b: 1}\nc: *x\n", "f.yaml")) == {"a": {"b": 1}, "c": {"b": 1}}


def test_a_value_of_the_command_line_has_one_place():
    node = read_value("{l_freq: 1 Hz}", "--set x={l_freq: 1 Hz}")
    assert node.fields["l_freq"].where == "--set x={l_freq: 1 Hz}"
    assert plain(read_value("", "--set x=")) is None


def refusal(content):
    try:
        read(content, "f.yaml")
    except ConfigError as error:
        return error
    return None


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_config_error(content):
    error = refusal(content)
    assert error is None or error.where.startswith("f.yaml")


@given(st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,?\n\t 1~<", max_size=60))
def test_no_text_raises_anything_but_a_config_error(text):
    error = refusal(text.encode())
    assert error is None or error.code.startswith("E-CONFIG")


def test_the_pure_python_parser_gives_the_same_nodes(monkeypatch):
    """PyYAML without libyaml is slower and must not differ."""
    text = b"a: &x [1, 'b', {c: 1e-4}]\nd: *x\ne: |\n  two\n  lines\n"
    fast = read(text, "f.yaml")
    monkeypatch.setattr(yaml_core, "Parser", yaml.SafeLoader)
    assert read(text, "f.yaml") == fast
