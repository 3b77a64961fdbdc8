"""Oracle: SciPy's csd and coherence. Ground truth: a channel that follows an envelope late, and one that does not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import coherence, csd

from neurocli.errors import InputError
from neurocli.features.engine import compute

SFREQ, NAMES = 200.0, ["Cz", "Pz", "audio"]
BANDS = {"slow": (3.5, 4.5), "fast": (38.0, 42.0)}
RNG = np.random.default_rng(0)
ENVELOPE = RNG.standard_normal(8000)


def following(delay=5, noise=0.5):
    """Return a channel that follows the envelope by some samples, one that does not, and the envelope."""
    late = np.roll(ENVELOPE, delay) + noise * RNG.standard_normal(ENVELOPE.size)
    return np.stack([late, RNG.standard_normal(ENVELOPE.size), ENVELOPE])


def values(name, x, envelope="audio", bands=BANDS, names=NAMES, **quantity):
    settings = {"bands": bands, "following": {"envelope": envelope, **quantity}}
    (block,) = compute(x[None], SFREQ, [(name, settings)], ch_names=names)
    return block.values.reshape(len(x), len(bands))


@pytest.mark.parametrize(("segment", "overlap"), [(1.0, 0.5), (0.5, 0.25)])
def test_they_are_what_scipy_gives(segment, overlap):
    x = following()
    options = {"fs": SFREQ, "nperseg": round(segment * SFREQ), "noverlap": round(segment * SFREQ * overlap)}
    freqs, cross = csd(ENVELOPE, x, **options)
    _, squared = coherence(ENVELOPE, x, **options)
    bins = [(freqs >= low) & (freqs <= high) for low, high in BANDS.values()]
    quantity = {"segment": segment, "overlap": overlap}
    for name, part in (("envelope_csd", abs(cross)), ("envelope_coherence", squared)):
        expected = np.stack([part[:, b].mean(axis=-1) for b in bins], axis=-1)
        np.testing.assert_allclose(values(name, x, **quantity), expected, rtol=1e-9)


def test_a_named_channel_numbers_and_the_last_channel_are_the_same_envelope():
    x = following()
    for name in ("envelope_csd", "envelope_coherence", "envelope_phase"):
        named = values(name, x)
        np.testing.assert_allclose(values(name, x, list(ENVELOPE)), named, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(values(name, x, ENVELOPE), named, rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(values(name, x, None), named)


def test_two_envelopes_in_one_run_are_not_confused():
    """They differ in their middle alone, which the text of a long array leaves out."""
    x, other = following(), ENVELOPE.copy()
    other[3000:5000] = RNG.standard_normal(2000)
    asked = [("envelope_csd", {"bands": BANDS, "following": {"envelope": e}}) for e in (ENVELOPE, other)]
    first, second = (block.values for block in compute(x[None], SFREQ, asked, ch_names=NAMES))
    assert (first != second).all()


def test_the_channel_that_follows_is_found():
    """Of a signal with a noise of half its size, the coherence is 1 / (1 + 0.25); of none, one over the segments."""
    found = values("envelope_coherence", following())
    np.testing.assert_allclose(found[0], 0.8, atol=0.1)
    assert (found[1] < 0.15).all()
    np.testing.assert_allclose(found[2], 1.0, rtol=1e-12)


@pytest.mark.parametrize("delay", [-4, 0, 3, 7])
def test_the_phase_is_that_of_the_delay(delay):
    bands = {"ten": (9.0, 11.0)}
    found = values("envelope_phase", following(delay, 0.1), bands=bands)[0, 0]
    assert found == pytest.approx(-2 * np.pi * 10 * delay / SFREQ, abs=0.1)


def test_the_unit_says_whether_the_envelope_has_one():
    for envelope, unit in (("audio", "V^2/Hz"), (list(ENVELOPE), "V/Hz")):
        asked = [("envelope_csd", {"following": {"envelope": envelope}})]
        (block,) = compute(following()[None], SFREQ, asked, ch_names=NAMES)
        assert block.unit == unit


@pytest.mark.parametrize("envelope", ["adio", [0.0] * 7999, [np.nan] * 8000])
def test_an_envelope_that_is_not_there_is_refused(envelope):
    with pytest.raises(InputError) as error:
        values("envelope_csd", following(), envelope)
    assert error.value.code == "E-FEATURES-ENVELOPE"


def test_the_coherence_of_one_segment_is_refused():
    with pytest.raises(InputError, match="holds one segment"):
        values("envelope_coherence", following()[:, :250], segment=1.0, overlap=0.5)


def test_silence_follows_nothing():
    x = following()
    x[1] = 0.3
    assert np.isnan(values("envelope_coherence", x)[1]).all()
    assert np.isnan(values("envelope_phase", x)[1]).all()
    np.testing.assert_array_equal(values("envelope_csd", x)[1], 0.0)
    assert np.isnan(values("envelope_coherence", x, [0.5] * 8000)).all()
