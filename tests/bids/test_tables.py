"""Tables: strings stay strings, and every fault has its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.bids.tables import numbers, read_json, read_participants, read_tsv
from neurocli.errors import InputError

cells = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=5).filter(lambda v: v != "n/a")


@given(rows=st.lists(st.tuples(cells, st.none() | cells), max_size=5), bom=st.booleans(), crlf=st.booleans())
def test_what_was_written_is_read(rows, bom, crlf, tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "x.tsv"
    end = "\r\n" if crlf else "\n"
    text = end.join(["a\tb", *(f"{a}\t{b or 'n/a'}" for a, b in rows)]) + end
    path.write_bytes(text.encode("utf-8-sig" if bom else "utf-8"))
    assert read_tsv(path) == {"a": [a for a, _ in rows], "b": [b for _, b in rows]}


def test_an_identifier_keeps_its_zeros(tmp_path):
    (tmp_path / "x.tsv").write_text("id\n010\n1e5\n")
    assert read_tsv(tmp_path / "x.tsv")["id"] == ["010", "1e5"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x.tsv: The table is empty"),
        (b"a\tb\n1\n", "x.tsv:2: The line has 1 values, the table has 2 columns"),
        (b"a\tb\n1\t2\n\n3\t4\n", "x.tsv:3: The line has 1 values"),
        (b"a\tb\n1\t2\t3\n", "x.tsv:2: The line has 3 values"),
        (b"a\ta\n", "x.tsv:1: Columns stand twice: a"),
        (b"\xff\xfe\x00", "x.tsv: The table is not UTF-8 text"),
        (b"onset duration\n1 2\n", "x.tsv:1: The table lacks the column onset; it has onset duration"),
    ],
)
def test_a_broken_table_is_an_error_with_its_line(tmp_path, content, message):
    (tmp_path / "x.tsv").write_bytes(content)
    with pytest.raises(InputError, match=f"E-INPUT-TSV {message}"):
        read_tsv(tmp_path / "x.tsv", "x.tsv", ("onset",) if b"onset" in content else ())


@pytest.mark.parametrize("value", ["1,5", "soon", "nan", "inf"])
def test_what_is_no_number_is_an_error_with_its_line(value):
    with pytest.raises(InputError, match=f"E-INPUT-TSV e.tsv:3: onset is '{value}', expected a number"):
        numbers({"onset": ["1", value]}, "onset", "e.tsv")


def test_a_missing_number_is_none_unless_it_is_required():
    assert numbers({"onset": [None, "2.5"]}, "onset", "e.tsv") == [None, 2.5]
    with pytest.raises(InputError, match=r"e.tsv:2: onset is 'n/a'"):
        numbers({"onset": [None]}, "onset", "e.tsv", required=True)


def test_participants_are_known_by_label(tmp_path):
    (tmp_path / "participants.tsv").write_text("participant_id\tage\nsub-01\t30\nsub-010\tn/a\n")
    assert read_participants(tmp_path) == {"01": {"age": "30"}, "010": {"age": None}}


def test_no_participants_table_is_fine(tmp_path):
    assert read_participants(tmp_path) == {}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("sub-01\nsub-01\n", "E-INPUT-PARTICIPANTS participants.tsv:3: sub-01 stands in line 2 already"),
        ("sub-01\n01\n", "E-INPUT-PARTICIPANTS participants.tsv:3"),
        ("n/a\n", "E-INPUT-TSV participants.tsv:2: A participant_id is missing"),
    ],
)
def test_a_participant_stands_there_once(tmp_path, rows, message):
    (tmp_path / "participants.tsv").write_text("participant_id\n" + rows)
    with pytest.raises(InputError, match=message):
        read_participants(tmp_path)


def test_every_real_table_is_read(shared_data):
    tables = [p for p in shared_data.glob("*/**/*.tsv") if p.stat().st_size and "bids-skeletons" not in p.parts]
    assert len(tables) > 30
    for path in tables:
        assert read_tsv(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1,}', "x.json:1:9: This is not JSON"),
        (b"", "x.json:1:1: This is not JSON"),
        (b"[1]", "x.json: The sidecar holds no JSON object"),
        (b"\xff", "x.json: The sidecar is not UTF-8"),
    ],
)
def test_a_broken_sidecar_is_an_error_with_its_place(tmp_path, content, message):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(InputError, match=f"E-INPUT-SIDECAR {message}"):
        read_json(tmp_path / "x.json", "x.json")
