"""Parts of a long recording: the same bits whatever their number, and none computed twice."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.data.recording import Epochs
from neurocli.features import engine, stream
from neurocli.features.featurize import featurize

NAMES = ("a", "b", "c")
ASKED = [("variance", {}), ("band_power", {}), ("permutation_entropy", {}), ("correlation", {}), ("covariance", {}),
         ("spectral_entropy", {})]  # fmt: skip
N_EPOCHS = 23
PART = 4  # epochs


class Kept(dict):
    """A `Keep` in memory that stops working after so many parts."""

    def __init__(self, n: int | None = None):
        super().__init__()
        self.left = n

    def save(self, name, arrays):
        if self.left == 0:
            raise KeyboardInterrupt
        self.left = None if self.left is None else self.left - 1
        self[name] = dict(arrays)

    def load(self, name):
        return self.get(name)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(engine, "CHUNK_SAMPLES", 2 * 3 * 256)
    monkeypatch.setattr(stream, "PART_SAMPLES", PART * 3 * 256)


@pytest.fixture
def computed(monkeypatch):
    """Collect the spans that are computed."""
    spans = []
    values = engine.Engine.values

    def counting(self, span):
        spans.append(span)
        return values(self, span)

    monkeypatch.setattr(engine.Engine, "values", counting)
    return spans


def epochs(seed: int = 0) -> Epochs:
    x = np.random.default_rng(seed).standard_normal((N_EPOCHS, 3, 256))
    samples = {"onset": [2.0 * i for i in range(N_EPOCHS)]}
    return Epochs(x, 128.0, 0.0, NAMES, ("eeg",) * 3, ("V",) * 3, {"subject": "01"}, samples)


def equal(found, expected):
    assert [(b.name, b.columns, b.unit) for b in found.blocks] == [(b.name, b.columns, b.unit) for b in expected.blocks]
    for one, other in zip(found.blocks, expected.blocks, strict=True):
        assert (one.values.shape, one.values.dtype) == (other.values.shape, other.values.dtype)
        np.testing.assert_array_equal(np.asarray(one.values), other.values)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
@pytest.mark.parametrize("part", [1, 4, 5, 22])
def test_neither_parts_nor_threads_change_a_bit(monkeypatch, n_threads, part):
    monkeypatch.setattr(stream, "PART_SAMPLES", part * 3 * 256)
    keep = Kept()
    equal(featurize(epochs(), ASKED, keep=keep, n_threads=n_threads), featurize(epochs(), ASKED))
    length = max(2, part - part % 2)  # whole chunks of two epochs
    assert len(keep) == -(-N_EPOCHS // length)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_what_was_finished_before_the_end_is_not_computed_again(computed, n_threads):
    keep = Kept(3)
    with pytest.raises(KeyboardInterrupt):
        featurize(epochs(), ASKED, keep=keep, n_threads=n_threads)
    assert sorted(keep) == ["4-0", "4-1", "4-2"]
    keep.left, told = None, []
    computed.clear()
    found = featurize(epochs(), ASKED, keep=keep, n_threads=n_threads, progress=lambda *how: told.append(how))
    assert sorted(computed) == [(12, 16), (16, 20), (20, 23)]
    assert told == [(3, 6), (4, 6), (5, 6), (6, 6)]
    equal(found, featurize(epochs(), ASKED))


def test_a_part_that_is_lost_or_of_something_else_is_computed_again(computed):
    keep = Kept()
    featurize(epochs(), ASKED, keep=keep)
    del keep["4-1"]
    keep["4-5"] = {name: values[:2] for name, values in keep["4-5"].items()}
    del keep["4-3"]["0"]
    computed.clear()
    equal(featurize(epochs(), ASKED, keep=keep), featurize(epochs(), ASKED))
    assert computed[:3] == [(4, 8), (12, 16), (20, 23)]


def test_a_short_recording_has_no_parts():
    keep, short = Kept(), epochs()
    few = Epochs(**{**vars(short), "data": short.data[:PART], "samples": {"onset": [0.0] * PART}})
    equal(featurize(few, ASKED, keep=keep), featurize(few, ASKED))
    assert keep == {}


def test_few_parts_wait_in_memory():
    """A consumer that is slow holds the threads up: at most twice as many results as threads are unread."""
    begun = []
    found = engine._in_order(lambda span: begun.append(span) or [], [(i, i + 1) for i in range(100)], 2)
    next(found)
    assert len(begun) <= 5
    assert len(list(found)) == 99
    assert begun == sorted(begun)
