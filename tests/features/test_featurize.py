"""From epochs to features: samples and positions travel, units become those of the channels."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli import registry
from neurocli.data.features import Features
from neurocli.data.payload import restore
from neurocli.data.recording import Epochs
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
