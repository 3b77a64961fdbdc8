"""The target: each source, each order of classes, and each way of not being known."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from neurocli.errors import Exit, InputError
from neurocli.pipelines.protocols import Ahead
from neurocli.pipelines.target import check, resolve


@dataclass(frozen=True)
class Wish:
    source: str
    column: str
    positive: str | None = None
    only: tuple[str, ...] | None = None
    is_number: bool = False
    otherwise: str | None = None
    ahead: Ahead | None = None


SAMPLES = {
    "subject": ["01", "01", "02", "02"],
    "task": ["rest", "arithmetic", "rest", "arithmetic"],
    "events/trial_type": ["face", "house", "rest", None],
    "events/pair": ["a", ["a", "b"], "b", "a"],
}
PEOPLE = {"sub-01": {"age": "31.5", "group": "patient"}, "sub-02": {"age": "28", "group": "control"}}


def test_an_entity_is_a_label_and_the_positive_one_comes_last():
    found = resolve(Wish("entity", "task", positive="arithmetic"), SAMPLES)
    assert found.classes == ("rest", "arithmetic")
    assert found.y.tolist() == [0, 1, 0, 1]


def test_without_a_positive_label_the_order_is_alphabetical_whatever_comes_first():
    backwards = {name: column[::-1] for name, column in SAMPLES.items()}
    for samples in (SAMPLES, backwards):
        assert resolve(Wish("entity", "task"), samples).classes == ("arithmetic", "rest")


def test_events_outside_only_and_without_label_are_left_out():
    found = resolve(Wish("events", "trial_type", only=("face", "house"), positive="face"), SAMPLES)
    assert found.kept.tolist() == [0, 1]
    assert found.y.tolist() == [1, 0]
    assert resolve(Wish("events", "trial_type"), SAMPLES).kept.tolist() == [0, 1, 2]


def test_a_participants_column_is_a_number():
    found = resolve(Wish("participants", "age", is_number=True), SAMPLES, PEOPLE)
    assert found.y.dtype == np.float64
    assert found.y.tolist() == [31.5, 31.5, 28.0, 28.0]
    assert found.classes == ()


def test_a_participants_column_is_a_label():
    assert resolve(Wish("participants", "group"), SAMPLES, PEOPLE).y.tolist() == [1, 1, 0, 0]


def test_what_no_event_covers_may_have_a_label_of_its_own():
    found = resolve(
        Wish("events", "trial_type", otherwise="none", only=("face",)), SAMPLES | {"events/pair": [None] * 4}
    )
    assert found.classes == ("face", "none")
    assert found.kept.tolist() == [0, 3]
    assert found.y.tolist() == [0, 1]


def test_an_event_without_a_label_is_an_event():
    """The last window is covered: another column says so, and its label is n/a."""
    found = resolve(Wish("events", "trial_type", otherwise="none"), SAMPLES | {"events/pair": ["a", "a", "b", "a"]})
    assert found.classes == ("face", "house", "rest")


def test_windows_ahead_of_an_event_are_told_from_those_far_from_any():
    """Windows of 10 s; the event fills 100 to 120 s, and again 300 to 310 s in another recording."""
    kinds = ["sz" if i in (10, 11) else None for i in range(40)] + ["sz" if i == 30 else "bckg" for i in range(40)]
    samples = {
        "subject": ["01"] * 40 + ["02"] * 40, "onset": [10.0 * i for i in range(40)] * 2, "duration": [10.0] * 80,
        "events/trial_type": kinds,
    }  # fmt: skip
    ahead = Ahead(horizon=20, occurrence=30, recovery=50)
    found = resolve(Wish("events", "trial_type", positive="sz", ahead=ahead), samples)
    assert found.classes == ("interictal", "preictal")
    # a window that ends at 80 s is 20 s ahead, one that ends at 50 s is 50 s ahead; 120 to 170 s is recovery
    assert found.kept.tolist() == [*range(8), *range(17, 40), *range(40, 68), *range(76, 80)]
    assert found.kept[found.y == 1].tolist() == [4, 5, 6, 7, 64, 65, 66, 67]
    onsets = dict(zip(found.kept.tolist(), found.columns["target/onset"], strict=True))
    assert (onsets[0], onsets[7], onsets[17], onsets[40], onsets[79]) == (100.0, 100.0, None, 300.0, None)


def test_what_never_happens_cannot_be_foretold():
    samples = {"subject": ["01"] * 3, "onset": [0.0, 1.0, 2.0], "duration": [1.0] * 3, "events/trial_type": ["a"] * 3}
    with pytest.raises(InputError, match="cannot be foretold: no window lies ahead of one") as error:
        resolve(Wish("events", "trial_type", positive="sz", ahead=Ahead(occurrence=5)), samples)
    assert error.value.code == "E-INPUT-CLASSES"


MISTAKES = [
    (Wish("entity", "task", positive="arithmetik"), {}, "Did you mean 'arithmetic'", "E-INPUT-CLASSES"),
    (Wish("entity", "session"), {}, "not in the file names for sub-01, sub-02. Known: subject, task", "E-INPUT-TARGET"),
    (Wish("entity", "subject"), {"subject": ["01"] * 4}, "fewer than two classes: 01", "E-INPUT-CLASSES"),
    (Wish("participants", "age", is_number=True), {"subject": ["01", "07"]}, "for sub-07", "E-INPUT-TARGET"),
    (Wish("participants", "agee", is_number=True), {}, "Did you mean 'age'", "E-INPUT-TARGET"),
    (Wish("participants", "group", is_number=True), {}, "sub-01 is 'patient', which is no finite", "E-INPUT-TARGET"),
]


@pytest.mark.parametrize(("wish", "change", "sentence", "code"), MISTAKES)
def test_what_cannot_be_resolved_is_refused_before_and_after_reading(wish, change, sentence, code):
    samples = {**SAMPLES, **change}
    samples = {name: column[: len(samples["subject"])] for name, column in samples.items()}
    recordings = [
        {"subject": s, "task": t} for s, t in dict.fromkeys(zip(samples["subject"], samples["task"], strict=True))
    ]
    for call in (lambda: resolve(wish, samples, PEOPLE), lambda: check(wish, recordings, PEOPLE)):
        with pytest.raises(InputError, match=sentence) as error:
            call()
        assert error.value.code == code
        assert error.value.exit_status == Exit.INPUT


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (Wish("events", "trial_typ"), "Did you mean 'trial_type'"),
        (Wish("events", "trial_type", only=("face", "hose")), "Did you mean 'house'"),
        (Wish("events", "trial_type", positive="face"), "goes with two classes; 'trial_type' has 3: face, house, rest"),
        (Wish("events", "pair"), r"several labels, \['a', 'b'\]"),
    ],
)
def test_events_that_cannot_be_labels_are_refused(wish, sentence):
    with pytest.raises(InputError, match=sentence):
        resolve(wish, SAMPLES)


@pytest.mark.parametrize("value", ["n/a", "", None, "nan"])
def test_an_empty_cell_names_its_subject(value):
    people = {**PEOPLE, "sub-02": {"age": value}}
    with pytest.raises(InputError, match=r"not in participants\.tsv for sub-02"):
        check(Wish("participants", "age", is_number=True), [{"subject": "01"}, {"subject": "02"}], people)


@pytest.mark.parametrize("value", ["inf", "1e999", "NAN", "thirty"])
def test_a_number_is_finite(value):
    people = {**PEOPLE, "sub-02": {"age": value}}
    with pytest.raises(InputError, match=r"sub-02 is .* no finite number"):
        resolve(Wish("participants", "age", is_number=True), SAMPLES, people)


def test_one_age_is_nothing_to_learn():
    people = {"01": {"age": "30"}, "02": {"age": "30.0"}}
    with pytest.raises(InputError, match="the same for all"):
        resolve(Wish("participants", "age", is_number=True), SAMPLES, people)


def test_classes_are_known_at_plan_time_and_events_are_not():
    recordings = [{"subject": "01", "task": "rest"}, {"subject": "01", "task": "arithmetic"}]
    assert check(Wish("entity", "task", positive="rest"), recordings) == ("arithmetic", "rest")
    assert check(Wish("events", "trial_type"), recordings) is None


def test_the_check_imports_no_numpy():
    code = "import sys; import neurocli.pipelines.target; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
