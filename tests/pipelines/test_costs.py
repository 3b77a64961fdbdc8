"""What work will cost: a line over the size of what is read, learned from the ledger."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.pipelines.costs import Costs, fit, kind, size_of, what
from neurocli.pipelines.units import Unit

SIZES = st.lists(st.integers(1, 10**9), min_size=3, max_size=200, unique=True)


@given(sizes=SIZES, fixed=st.floats(0, 100), slope=st.floats(0, 1e-3))
def test_a_line_is_found(sizes, fixed, slope):
    line = fit([(size, fixed + slope * size) for size in sizes])
    for size in (0, *sizes):
        assert line.at(size) == pytest.approx(fixed + slope * size, rel=1e-6, abs=1e-5)
    assert line.worst == pytest.approx(1.0, abs=1e-3)


@given(sizes=st.lists(st.integers(1, 10**6), min_size=20, max_size=200, unique=True), data=st.data())
def test_a_few_first_units_of_new_workers_do_not_bend_it(sizes, data):
    slow = data.draw(st.sets(st.sampled_from(sizes), max_size=len(sizes) // 10))
    line = fit([(size, 1 + 1e-3 * size + (300.0 if size in slow else 0.0)) for size in sizes])
    assert line.at(10**6) == pytest.approx(1001, rel=0.35)
    assert line.worst >= 1


@given(points=st.lists(st.tuples(st.integers(0, 10**9), st.floats(0, 1e5)), min_size=1, max_size=60))
def test_more_is_never_cheaper_and_nothing_costs_less_than_nothing(points):
    line = fit(points)
    assert line.slope >= 0
    assert line.fixed >= 0
    assert all(line.at(size) * line.worst >= cost * (1 - 1e-9) for size, cost in points if line.at(size) > 0)


def unit(**recipe) -> Unit:
    recipe = {"stage": "train", **recipe}
    return Unit("u", recipe["stage"], "0" * 64, recipe, ("1" * 64, "2" * 64))


def done(of: Unit, **costs) -> dict[str, object]:
    return {"event": "done", "how": "executed", "what": what(of), "kind": kind(of), **costs}


def test_the_same_work_is_asked_first_and_similar_work_after_it():
    slow, fast, new = (unit(role="model", model=[{"name": name}]) for name in ("eegnet", "lda", "svm"))
    costs = Costs([done(slow, wall_s=90.0, size=8), done(fast, wall_s=1.0, size=8), done(fast, wall_s=3.0, size=8)])
    assert costs.wall_s(slow, 8) == 90
    assert costs.wall_s(fast, 8) == 2
    assert costs.wall_s(new, 8) == 3, "the median of all models"
    assert costs.wall_s(unit(role="null", model=[{"name": "lda"}]), 8) is None


def test_work_on_longer_recordings_is_dearer():
    costs = Costs([done(unit(), wall_s=0.5 + n / 100, peak_rss_bytes=10**8 + n, size=n) for n in (100, 200, 400)])
    assert costs.wall_s(unit(), 1000) == pytest.approx(10.5)
    assert costs.peak_rss_bytes(unit(), 1000) == pytest.approx(10**8 + 1000)
    assert costs.wall_s(unit(), None) == pytest.approx(2.5), "of unknown length: the median"


def test_what_was_cached_or_failed_teaches_nothing():
    events = [done(unit(), wall_s=1.0, size=1) | {"how": "cached"}, done(unit(), wall_s=1.0) | {"event": "failed"}]
    assert Costs(events).wall_s(unit(), 1) is None


def test_lines_of_a_ledger_that_say_too_little_are_left_out():
    events = [{"event": "done", "how": "executed"}, done(unit()), done(unit(), wall_s="long")]
    assert Costs(json.loads(json.dumps(events))).wall_s(unit(), 1) is None


def test_memory_is_the_most_that_was_seen():
    costs = Costs([done(unit(), peak_rss_bytes=peak, size=5) for peak in (100, 100, 100, 180)])
    assert costs.peak_rss_bytes(unit(), 5) == pytest.approx(180)


def test_the_size_of_a_recording_is_that_of_its_signals(tmp_path):
    for name, n in (("a.vhdr", 10), ("a.eeg", 1000), ("a.vmrk", 5), ("a_events.tsv", 77), ("a.json", 99)):
        (tmp_path / name).write_bytes(b"x" * n)
    item = {"path": "a.vhdr", "sidecars": ["a.eeg", "a.vmrk", "a.json", "a_events.tsv"]}
    units = [Unit("preprocess/a", "preprocess", "0" * 64, {}, spec={"item": item}), unit()]
    assert size_of(tmp_path, units, units[1]) == 1015
    (tmp_path / "a.eeg").unlink()
    assert size_of(tmp_path, units, units[0]) is None
    assert size_of(tmp_path, [unit()], unit()) == 2, "a gathering unit: how many payloads it reads"


def test_a_recording_that_is_a_folder_is_as_large_as_what_is_in_it(tmp_path):
    (tmp_path / "a.ds" / "deep").mkdir(parents=True)
    (tmp_path / "a.ds" / "a.meg4").write_bytes(b"x" * 100)
    (tmp_path / "a.ds" / "deep" / "b").write_bytes(b"x" * 10)
    units = [Unit("preprocess/a", "preprocess", "0" * 64, {}, spec={"item": {"path": "a.ds", "sidecars": []}})]
    assert size_of(tmp_path, units, units[0]) == 110
