"""What the report of a decoder shows, and what it leaves out because it would say nothing."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure as Canvas

from neurocli.evaluation.calibration import brier_parts
from neurocli.evaluation.metrics.calibration import brier
from neurocli.reports import _figures, _page


def test_the_brier_score_is_shown_with_its_parts():
    y_true, y_score = np.array([0, 1, 1, 0]), np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8]])
    found = {"ece": 0.1, "ece_equal_mass": 0.1, "brier": brier(y_true, y_score), **brier_parts(y_true, y_score)}
    said = _page._calibration(found)
    assert 'discrimination</td><td class="n">0.083' in said
    assert 'uncertainty of the labels</td><td class="n">0.250' in said


def drawn(power: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
    axis = Canvas().subplots()
    axis.plot(np.arange(1, power.size + 1), power)
    _figures._leave_out_the_stop_band(axis)
    return axis.get_xlim(), axis.get_ylim()


def test_a_spectrum_ends_where_a_low_pass_has_left_nothing():
    (_, right), (bottom, _) = drawn(np.where(np.arange(1, 101) <= 45, -110.0, -240.0))
    assert right == pytest.approx(45 * 1.05)
    assert bottom == -170.0


def test_a_spectrum_without_a_stop_band_is_whole():
    (_, right), (bottom, _) = drawn(-100.0 - np.arange(100) / 10)
    assert right == pytest.approx(105)
    assert bottom < -109.9


def test_silence_has_no_spectrum_to_cut():
    assert np.isfinite(drawn(np.full(10, -np.inf))[1]).all()
