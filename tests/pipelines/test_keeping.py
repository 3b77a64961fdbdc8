"""A payload may go when all that reads it is there; whatever is missing brings it back."""

from __future__ import annotations

from itertools import chain, combinations

import pytest

from neurocli.pipelines.keeping import is_replaced, spent, superseded
from neurocli.pipelines.plan import Plan
from neurocli.pipelines.units import Task, Unit

# id -> the ids of the units that read its payload
READ_BY = {
    "preprocess/a/ica": ["preprocess/a"],
    "preprocess/a": ["featurize/a", "export/report"],
    "featurize/a": ["train/01/model", "export/report"],
}
GATHERING = ["train/01/model", "train/predictions", "evaluate/scores", "export/report"]


def unit(name: str) -> Unit:
    role = {"train/01/model": "model", "train/predictions": "collect"}.get(name)
    return Unit(name, name.split("/")[0], name, {"role": role}, spec={"final": not name.endswith("/ica")})


def plan_of(gathering: list[str]) -> Plan:
    task = Task("a", tuple(unit(name) for name in READ_BY))
    return Plan(None, (), (task,), tuple((Task(name, (unit(name),)),) for name in gathering))


def names(plan: Plan, there: set[str], unpublished: set[str] = frozenset()) -> set[str]:
    return {found.id for found in spent(plan, there, lambda unit: None if unit.id in unpublished else [])}


def expected(there: set[str]) -> set[str]:
    """Return what nobody reads: the definition, applied until nothing changes."""
    free: set[str] = set()
    while True:
        more = {name for name, by in READ_BY.items() if all(reader in there | free for reader in by)}
        if more == free:
            return free
        free = more


every = [*READ_BY, *GATHERING]


@pytest.mark.parametrize("present", [*chain.from_iterable(combinations(every, n) for n in range(len(every) + 1))])
def test_nothing_goes_that_is_still_read(present):
    there = {*present}
    found = names(plan_of(GATHERING), there)
    assert found <= expected(there)
    if {"train/01/model", "export/report"} <= there:
        assert found == {*READ_BY}


def test_what_was_asked_for_stays_where_nothing_follows():
    there = {*READ_BY}
    assert names(plan_of([]), there) == {"preprocess/a/ica", "preprocess/a"}


def test_a_new_evaluation_reads_fits_alone():
    assert names(plan_of(GATHERING), {"train/01/model", "export/report"}) == {*READ_BY}


def test_what_is_not_published_comes_back():
    there = {"train/01/model", "export/report"}
    assert names(plan_of(GATHERING), there, {"featurize/a"}) == set()
    assert names(plan_of(GATHERING), there, {"preprocess/a"}) == {"featurize/a"}


def test_only_checkpoints_are_of_no_use_to_another_configuration():
    assert superseded(plan_of(GATHERING).recordings) == ["preprocess/a/ica"]


@pytest.mark.parametrize(
    ("name", "until", "replaced"),
    [
        ("preprocess/a", "preprocess", True),
        ("preprocess/a/asr", "preprocess", True),  # a checkpoint that the configuration no longer has
        ("preprocess/b", "export", False),  # a recording that the run did not take
        ("featurize/a", "preprocess", False),  # a stage that it did not reach
        ("featurize/a", "featurize", True),
        ("train/01/model", "featurize", False),
        ("train/02/model", "export", True),
    ],
)
def test_a_run_replaces_what_it_has_a_unit_for_and_leaves_the_rest(name, until, replaced):
    assert is_replaced(name, plan_of(GATHERING), until) is replaced
