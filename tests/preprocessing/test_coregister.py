"""BOLD in the T1 of the same person: a known movement is found, by two engines, and undone in one resampling."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from neurocli.data.recording import Image
from neurocli.errors import ConfigError, InputError
from neurocli.preprocessing._image import bright
from neurocli.preprocessing.coregister import Coregister
from neurocli.preprocessing.normalize import Normalize
from tests.preprocessing.test_mri import BOLD, ants, elastix, head, moved, places  # noqa: F401 - fixtures among them

TURN, SHIFT = (4, -6, 8), (6, -5, 4)  # degrees, mm


@pytest.fixture
def run(head):  # noqa: F811
    """Return a BOLD run with the contrast turned over, moved away from the T1, and the matrix of the movement."""
    inside = head.data > 0
    blurred = gaussian_filter(np.where(inside, 150 - 0.9 * head.data, 0), 0.5).astype(np.float32)
    away, matrix = moved(replace(head, data=blurred), TURN, SHIFT)
    x = np.stack([away, away * 1.01], axis=-1) + np.random.default_rng(0).normal(0, 1, (*away.shape, 2))
    series = Image(x.astype(np.float32), head.affine, BOLD, tr=2.0, t1=head.data, t1_affine=head.affine)
    return series, matrix


def found(run, head, engine):  # noqa: F811
    """Return where places of the T1 are in the series, as found and in truth, mm."""
    series, truth = run
    out = Coregister(engine=engine, extract=False).run(series)
    np.testing.assert_array_equal(out.data, series.data)  # nothing is resampled
    there = places(head)
    return out, (there @ np.linalg.inv(out.to_t1).T)[:, :3], (there @ truth.T)[:, :3]


@pytest.mark.slow  # two registrations
def test_a_known_movement_is_found_and_the_engines_agree(run, head, elastix):  # noqa: F811
    elastix()
    out, by_ants, truth = found(run, head, "ants")
    _, by_other, _ = found(run, head, "elastix")
    assert np.linalg.norm(by_ants - truth, axis=1).max() < 1.0  # mm, a quarter of a voxel
    assert np.linalg.norm(by_other - truth, axis=1).max() < 1.0
    assert np.linalg.norm(by_other - by_ants, axis=1).max() < 1.0
    note = out.notes[-1]
    np.testing.assert_allclose(np.abs(note["turn_deg"]), np.abs(TURN), atol=1.0)
    assert note["overlap"] > 0.85
    seen = bright(out.data, 0.2)
    assert 2 * (seen & out.mask).sum() / (seen.sum() + out.mask.sum()) == pytest.approx(note["overlap"])


def test_the_way_through_the_t1_is_resampled_once(run, head):  # noqa: F811
    """The T1 lies in MNI space already, so the composed transform is the movement alone."""
    series, truth = run
    known = replace(series, to_t1=np.linalg.inv(truth))
    out = Normalize(how="rigid", through="T1w", resolution=4).run(known)
    assert out.data.shape == (*head.data.shape, 2)
    inside = head.data > 0
    expected = np.where(inside, 150 - 0.9 * head.data, 0)
    assert np.corrcoef(out.data[..., 0].ravel(), expected.ravel())[0, 1] > 0.95
    assert np.corrcoef(series.data[..., 0].ravel(), expected.ravel())[0, 1] < 0.9
    assert out.notes[-1]["overlap"] > 0.9
    assert out.t1 is out.to_t1 is None


def test_without_a_t1_or_without_the_way_it_is_refused(run):
    series, _ = run
    with pytest.raises(InputError, match="E-INPUT-COMPANION"):
        Coregister().run(replace(series, t1=None))
    with pytest.raises(ConfigError, match="E-CONFIG-ORDER"):
        Normalize(through="T1w").run(series)
    with pytest.raises(ValueError, match="composes transforms"):
        Normalize(through="T1w", engine="elastix")
