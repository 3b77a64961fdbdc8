"""A remembered selection: the same answer, and never that of another dataset, another question or an earlier day."""

from __future__ import annotations

import re

import pytest

from neurocli.bids import select as module
from neurocli.bids.cache import Cache
from neurocli.bids.exclusions import Exclusion
from neurocli.bids.index import scan
from neurocli.bids.question import Question
from neurocli.bids.remembered import KEPT
from neurocli.bids.select import select
from neurocli.errors import InputError
from tests.bids.strategies import written
from tests.bids.test_index import age

COHORT = [{"subject": s, "task": t} for s in ("01", "02", "10") for t in ("rest", "work")]
QUESTIONS = [
    Question("eeg"),
    Question("eeg", filters={"task": "rest"}),
    Question("eeg", filters={"task": re.compile("re.*")}),
    Question("eeg", filters={"task": re.compile("RE.*")}),
    Question("eeg", filters={"task": re.compile("RE.*", re.IGNORECASE)}),
    Question("eeg", task_id=["work"]),
    Question("eeg", participant_label=("01", "10")),
    Question("eeg", exclude=[Exclusion({"subject": "01"}, "slept")]),
]


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "data"
    written(root, COHORT)
    age(root)
    return root


@pytest.fixture
def asked(monkeypatch):
    """Count the questions that are worked out."""
    seen = []
    work = module._selected
    monkeypatch.setattr(module, "_selected", lambda index, question: seen.append(question) or work(index, question))
    return seen


def answer(root, question):
    try:
        return select(scan(root, root.parent / "cache"), question)
    except InputError as error:
        return str(error)


def test_the_same_question_is_worked_out_once(root, asked):
    assert answer(root, QUESTIONS[0]) == answer(root, QUESTIONS[0])
    assert len(asked) == 1


def test_every_question_has_its_own_answer(root, asked):
    first = [answer(root, question) for question in QUESTIONS]
    assert [answer(root, question) for question in QUESTIONS] == first
    assert len(asked) == len(QUESTIONS) + 1  # an error is not kept
    assert [len(found) for found in first if isinstance(found, list)] == [6, 3, 3, 3, 3, 4, 4]


@pytest.mark.parametrize("name", ["sub-02/eeg/sub-02_task-rest_events.tsv", "task-rest_eeg.json"])
def test_a_new_sidecar_is_seen(root, name):
    answer(root, QUESTIONS[0])
    (root / name).write_text("{}")
    assert any(name in item.sidecars for item in answer(root, QUESTIONS[0]))


def test_a_subject_that_goes_and_comes_back_is_seen(root, asked):
    answer(root, QUESTIONS[0])
    (root / "sub-02").rename(root.parent / "elsewhere")
    assert len(answer(root, QUESTIONS[0])) == 4
    (root.parent / "elsewhere").rename(root / "sub-02")
    assert len(answer(root, QUESTIONS[0])) == 6
    age(root)
    asked.clear()
    assert len(answer(root, QUESTIONS[0])) == 6
    assert asked == []  # the same folders as in the beginning


def test_a_folder_that_has_just_changed_is_asked_again(root, asked):
    (root / "sub-02" / "eeg" / "notes.txt").write_text("")
    assert [len(answer(root, QUESTIONS[0])) for _ in range(2)] == [6, 6]
    assert len(asked) == 2


def test_masks_beside_the_images_belong_to_the_question(root, asked):
    answer(root, QUESTIONS[0])
    (root / "derivatives" / "masks" / "sub-01").mkdir(parents=True)
    age(root)
    answer(root, QUESTIONS[0])
    assert len(asked) == 2


def test_nonsense_in_the_memory_is_asked_again(root, asked):
    expected = answer(root, QUESTIONS[0])
    Cache(root, root.parent / "cache").save("UPDATE selections SET items = ?", [("[[1]]",)])
    assert answer(root, QUESTIONS[0]) == expected
    assert len(asked) == 2


def test_the_memory_does_not_grow_without_end(root):
    for i in range(KEPT + 4):
        answer(root, Question("eeg", exclude=[Exclusion({"subject": "01"}, f"reason {i}")]))
    [[n]] = Cache(root, root.parent / "cache").rows("SELECT count(*) FROM selections")
    assert n == KEPT
