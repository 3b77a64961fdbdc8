"""From epochs to features: samples and positions travel, units become those of the channels."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli import registry
from neurocli.data.features import Features
from neurocli.data.payload import restore
from neurocli.data.recording import Epochs, Image, Recording
from neurocli.data.samples import signal_hash
from neurocli.errors import InputError
from neurocli.features.featurize import featurize


def epochs(units=("V", "V")) -> Epochs:
    data = np.random.default_rng(5).standard_normal((3, 2, 400)).astype(np.float32)
    samples = {"subject": ["01"] * 3, "onset": [0.0, 2.0, 4.0]}
    entities = {"subject": "01", "task": "rest"}
    types = ("eeg", "eeg")
    return Epochs(data, 200.0, 0.0, ("Cz", "Pz"), types, units, entities, samples, positions=np.ones((2, 3)))


def test_the_samples_travel_with_the_features():
    given = epochs()
    band_power = registry.get("features", "band_power").model_validate({"log": True})
    found = featurize(given, [("band_power", band_power), ("hjorth_mobility", {}), ("covariance", {})])
    assert found.samples == given.samples
    assert (found.entities, found.sfreq, found.ch_names) == (given.entities, 200.0, ("Cz", "Pz"))
    assert [block.values.shape for block in found.blocks] == [(3, 10), (3, 2), (3, 2, 2)]
    assert [block.unit for block in found.blocks] == ["log10 V^2", "1/s", "V^2"]
    again = restore(*found.to_payload())
    assert isinstance(again, Features)
    assert [block.columns for block in again.blocks] == [block.columns for block in found.blocks]


@pytest.mark.parametrize(
    ("units", "expected"),
    [(("V", "V"), "V^2"), (("T", "T"), "T^2"), (("T/m", "T/m"), "(T/m)^2"), (("T", "V"), "(T|V)^2"), (("1", "1"), "1")],
)
def test_volts_stand_for_the_unit_of_the_channels(units, expected):
    (block,) = featurize(epochs(units), [("variance", {})]).blocks
    assert block.unit == expected


def recording(notes=()) -> Recording:
    x = np.random.default_rng(6).standard_normal((2, 400))
    return Recording(x, 2.0, ("a", "b"), ("region", "region"), ("1", "1"), {"subject": "01"}, notes=notes)


def test_a_recording_that_was_not_cut_is_one_sample():
    given = recording()
    found = featurize(given, [("covariance", {"estimator": "scm"}), ("mean", {})])
    expected = {"subject": ["01"], "onset": [0.0], "duration": [200.0], "signal": [signal_hash(given.data)]}
    assert found.samples == expected
    np.testing.assert_allclose(found.blocks[0].values[0], np.cov(given.data, bias=True))
    assert found.notes[-1] == {"step": "featurize", "whole_recording": True}


def test_a_fit_does_not_hide_that_a_recording_is_a_copy():
    """The hash is of what went into the fit, so two copies that were cleaned with different seeds have the same."""
    note = {"step": "ica", "signal_before_fit": "abc"}
    one, other = recording((note,)), recording((note,))
    other.data[0] *= 1.01
    hashes = [featurize(made, [("mean", {})]).samples["signal"][0] for made in (one, other, recording())]
    assert hashes[0] == hashes[1] != hashes[2]


def test_an_image_is_refused_in_words():
    image = Image(np.zeros((2, 2, 2)), np.eye(4), {"subject": "01"})
    with pytest.raises(InputError, match="channels over time, and what is left of preprocess is of the kind 'image'"):
        featurize(image, [("mean", {})])
