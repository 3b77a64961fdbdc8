"""The index equals the code, and the YAML's settings come from it alone."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from pydantic import ValidationError

from neurocli import registry
from neurocli.features import catalogue, index, settings


def test_the_index_equals_the_code():
    """If this fails: python -m neurocli.features.index."""
    assert json.loads(catalogue.INDEX.read_text()) == json.loads(json.dumps(index.build()))


def test_every_feature_has_settings_with_its_name_and_version():
    definitions = registry.definitions("features")
    assert set(definitions) == set(catalogue.index()["features"])
    for name, definition in definitions.items():
        assert definition.name == name
        assert definition.version == catalogue.index()["features"][name]["version"]
        assert definition().model_dump() is not None
        assert definition.model_json_schema()["properties"] is not None


def test_units_and_quantities_are_read_from_yaml_spelling():
    definition = registry.get("features", "band_power")
    made = definition.model_validate({"log": True, "bands": {"a": ["8 Hz", 13]}, "psd": {"segment": "500 ms"}})
    assert made.model_dump() == {
        "bands": {"a": (8.0, 13.0)},
        "relative": False,
        "log": True,
        "psd": {"method": "welch", "segment": 0.5, "overlap": 0.5, "bandwidth": 2.0},
    }


@pytest.mark.parametrize(
    "wrong",
    [{"bands": {"a": ["8 s", "13 s"]}}, {"bands": {"a": [13, 8]}}, {"psd": {"method": "fft"}}, {"psd": {"overlap": 2}},
     {"lgo": True}, {"log": "perhaps"}],
)  # fmt: skip
def test_what_is_wrong_is_refused(wrong):
    with pytest.raises(ValidationError):
        registry.get("features", "band_power").model_validate(wrong)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("morlet_power", {"at": ["0 Hz"]}), ("morlet_power", {"at": [-5]}), ("morlet_power", {"at": []}),
     ("band_power", {"bands": {}}), ("quantiles", {"at": []}), ("tagging_snr", {"tagged": {"rates": []}}),
     ("tagging_snr", {"tagged": {"trial": 0}}), ("directed_transfer", {"transfer": {"step": 0}}),
     ("directed_transfer", {"transfer": {"step": "-1 Hz"}}), ("plv", {"analytic": {"bands": {}}}),
     ("aperiodic_offset", {"at": 0}), ("irasa_offset", {"at": "0 Hz"}), ("dynamic_correlation", {"window": "-1 s"}),
     ("avalanche_rate", {"avalanches": {"width": "-4 ms"}}), ("permutation_entropy", {"order": 1}),
     ("permutation_entropy", {"order": 13}), ("svd_entropy", {"order": 1}), ("higuchi_fd", {"k_max": 1})],
)  # fmt: skip
def test_what_no_feature_could_compute_is_refused_before_it_divides_by_zero(name, wrong):
    with pytest.raises(ValidationError, match=r"greater than|at least 1|Input should be 2, 3, 4"):
        registry.get("features", name).model_validate(wrong)


@pytest.mark.parametrize("annotation", ["Banana", "list[Banana]", "__import__('os')", "a.b"])
def test_an_annotation_that_yaml_cannot_say_is_refused(annotation):
    with pytest.raises(ValueError, match="uses what YAML cannot say"):
        settings.type_of(annotation)


def test_the_engine_runs_without_pydantic_and_typer():
    """A bare machine with a GPU has NumPy, SciPy, torch, triton and numba alone."""
    code = (
        "import sys; sys.modules |= dict.fromkeys(['pydantic', 'typer', 'yaml', 'mne', 'sklearn', 'pandas', 'rich']);"
        "import numpy as np; from neurocli.features.engine import compute; from neurocli.features import catalogue;"
        "catalogue.import_all();"
        "compute(np.random.randn(2, 2, 512), 128.0, [('band_power', {}), ('kurtosis', {})], ch_names=['a', 'b'])"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
