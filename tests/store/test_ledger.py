"""The ledger: one line an event, torn lines ignored, merged by time."""

from __future__ import annotations

import os

from neurocli.store.ledger import Ledger, read, summary


def test_events_of_several_writers_are_merged_by_time(tmp_path):
    one, two = Ledger(tmp_path), Ledger(tmp_path)
    for time, ledger in [(1.0, one), (2.0, two), (3.0, one), (4.0, two)]:
        ledger.append({"event": "started", "unit": "u", "time": time})
    assert [event["time"] for event in read(tmp_path)] == [1, 2, 3, 4]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_torn_last_line_and_foreign_lines_are_left_out(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.append({"event": "done", "unit": "a"})
    path = next(tmp_path.iterdir())
    whole = path.read_bytes()
    for rubbish in [b"{}\n", b"[1]\n", b'{"time": "x"}\n', b"\xff\xfe\n", whole[: len(whole) // 2]]:
        path.write_bytes(whole + rubbish)
        assert [event["unit"] for event in read(tmp_path)] == ["a"]


def test_a_clock_set_back_does_not_turn_the_order_of_one_writer(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.append({"event": "started", "unit": "a", "time": 100.0})
    ledger.append({"event": "done", "unit": "a", "time": 50.0})
    assert summary(read(tmp_path))["a"]["state"] == "done"


def test_the_last_event_of_a_unit_is_its_state():
    events = [
        {"event": "planned", "unit": "a"},
        {"event": "planned", "unit": "b"},
        {"event": "planned", "unit": "c"},
        {"event": "started", "unit": "a"},
        {"event": "started", "unit": "b"},
        {"event": "failed", "unit": "b", "signal": "SIGKILL"},
        {"event": "run-finished"},
    ]
    found = summary(events)
    assert {unit: event["state"] for unit, event in found.items()} == {"a": "running", "b": "failed", "c": "planned"}
    assert found["b"]["signal"] == "SIGKILL"


def test_a_forked_child_writes_a_file_of_its_own(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.append({"event": "started", "unit": "a"})
    ledger._pid = os.getpid() - 1  # what a child finds
    ledger.append({"event": "done", "unit": "a"})
    assert len(list(tmp_path.iterdir())) == 2


def test_an_empty_folder_has_no_events(tmp_path):
    assert read(tmp_path / "none") == []
