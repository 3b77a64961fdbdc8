"""A signal that stays in its file has, wherever somebody looks, the numbers of the plain array."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.data import lazy
from neurocli.data.recording import Epochs
from neurocli.errors import StoreError

X = np.random.default_rng(1).standard_normal((5, 200))
LOOKS = []  # bytes of each look


def look(rows, start, stop):
    found = X[rows, start:stop].copy()
    LOOKS.append(found.nbytes)
    return found


def series() -> lazy.Series:
    return lazy.Series(look, X.shape)


spans = st.tuples(st.integers(0, 200), st.integers(0, 200)).map(sorted)
picks = st.lists(st.integers(0, 4), min_size=1, max_size=5, unique=True)


@given(span=spans, row=st.integers(-5, 4), picks=picks)
def test_a_series_is_the_array_where_somebody_looks(span, row, picks):
    part = slice(*span)
    np.testing.assert_array_equal(series()[row], X[row])
    np.testing.assert_array_equal(series()[:, part], X[:, part])
    np.testing.assert_array_equal(series()[..., part], X[..., part])
    np.testing.assert_array_equal(series()[1:3, part], X[1:3, part])
    np.testing.assert_array_equal(series().picked(picks)[:, part], X[picks][:, part])


@given(picks=picks)
def test_factors_go_with_their_channels(picks):
    factors = np.array([1e-6, 1.0, 3.0, -1.0, 0.0])
    expected = (X * factors[:, None])[picks]
    np.testing.assert_array_equal(np.asarray(series().scaled(factors).picked(picks)), expected)
    np.testing.assert_array_equal(np.asarray(series().picked(picks).scaled(factors[picks])), expected)


def test_the_spans_of_a_series_are_all_of_it_and_small(monkeypatch):
    monkeypatch.setattr(lazy, "BLOCK", 5 * 8 * 30)
    LOOKS.clear()
    np.testing.assert_array_equal(np.concatenate(list(series().spans()), axis=1), X)
    assert max(LOOKS) == lazy.BLOCK


@given(start=st.lists(st.integers(0, 180), min_size=1, max_size=12), data=st.data())
def test_windows_are_the_stacked_cuts(start, data):
    expected = np.stack([X[:, first : first + 20] for first in start])
    index = np.array(data.draw(st.lists(st.integers(0, len(start) - 1), min_size=1)))
    for source in (X, series()):
        windows = lazy.Windows(source, np.array(start), 20)
        assert (windows.shape, windows.ndim, windows.nbytes) == (expected.shape, 3, expected.nbytes)
        np.testing.assert_array_equal(np.stack(list(windows)), expected)
        np.testing.assert_array_equal(windows[1:4], expected[1:4])
        np.testing.assert_array_equal(np.asarray(windows.taken(index)), expected[index])
        halved = windows.changed(lambda epoch: epoch / 2).taken(index)
        np.testing.assert_array_equal(np.concatenate(list(halved.blocks())), expected[index] / 2)


def test_blocks_are_bounded(monkeypatch):
    windows = lazy.Windows(series(), np.arange(0, 180, 10), 20)
    monkeypatch.setattr(lazy, "BLOCK", 3 * 5 * 20 * 8)
    assert [len(block) for block in windows.blocks()] == [3] * 6


def test_pieces_are_joined():
    parts = [X[:2], X[2:3], X[3:]]
    pieces = lazy.Pieces(parts.__getitem__, 3, 5)
    np.testing.assert_array_equal(np.asarray(pieces), X)
    np.testing.assert_array_equal(pieces[3], X[3])
    np.testing.assert_array_equal(pieces[1:, ::2], X[1:, ::2])
    assert (pieces.shape, pieces.dtype) == (X.shape, X.dtype)


def test_a_large_plain_array_lies_in_a_file_without_a_name(monkeypatch, tmp_path):
    monkeypatch.setattr(lazy, "LARGE", 1)
    with lazy.lying_in(tmp_path):
        found = lazy.plain(series())
        assert isinstance(found, np.memmap)
        assert list(tmp_path.iterdir()) == []
    np.testing.assert_array_equal(found, X)
    assert type(lazy.plain(X)) is np.ndarray


def test_a_disk_without_room_is_an_error_in_words_and_no_signal(monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(lazy, "LARGE", 1)
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(StoreError, match=r"0\.0 GB for a long recording do not fit on the disk: No space left"):
        lazy.plain(series())


def test_epochs_are_settled_and_others_left_alone():
    windows = lazy.Windows(series(), np.array([0, 20]), 20)
    epochs = Epochs(windows, 10.0, 0.0, tuple("abcde"), ("eeg",) * 5, ("V",) * 5, {}, {"onset": [0.0, 2.0]})
    assert type(lazy.settled(epochs).data) is np.ndarray
    assert lazy.settled(lazy.settled(epochs)).data.shape == (2, 5, 20)
    assert lazy.settled({"other": 1}) == {"other": 1}
