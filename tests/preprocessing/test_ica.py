"""Independent components: MNE's own recipe is the oracle, known blinks and heartbeats are the ground truth."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from types import SimpleNamespace

import mne
import numpy as np
import pytest
from pydantic import ValidationError

from neurocli.errors import InputError, MissingError
from neurocli.preprocessing._mne import to_raw
from neurocli.preprocessing.ica import Ica
from neurocli.preprocessing.reference import Reference
from tests.preprocessing.simulated import eeg, with_eyes_and_heart

RNG = np.random.default_rng


@pytest.fixture(scope="module")
def clean():
    return eeg(seconds=40.0, sfreq=128.0)


@pytest.fixture(scope="module")
def spoilt(clean):
    return with_eyes_and_heart(clean)


def correlation(found, clean):
    return np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(found.data[:19], clean.data[:19], strict=True)])


@pytest.mark.parametrize("method", ["picard", "fastica", "infomax"])
def test_blinks_and_heartbeats_are_found_and_removed(clean, spoilt, method):
    found = Ica(method=method).run(spoilt, RNG(0))
    assert correlation(spoilt, clean) < 0.75
    assert correlation(found, clean) > 0.95
    note = found.notes[-1]
    assert {removed["why"] for removed in note["removed"]} == {"eog", "ecg"}
    assert len(note["removed"]) == 2
    blink = next(removed for removed in note["removed"] if removed["why"] == "eog")
    assert abs(blink["score"]) > 0.9
    strongest = np.abs(blink["map"]).argsort()[-2:]
    assert {note["map_channels"][i] for i in strongest} == {"Fp1", "Fp2"}


def test_ica_is_the_recipe_of_mne(spoilt):
    found = Ica().run(spoilt, RNG(5))
    raw = to_raw(spoilt)
    filtered = raw.copy().filter(1.0, None, picks="all", verbose="ERROR")
    ica = mne.preprocessing.ICA(
        method="picard",
        fit_params={"extended": True, "ortho": True},
        max_iter=500,
        random_state=int(RNG(5).integers(2**31)),
        verbose="ERROR",
    ).fit(filtered, picks="eeg", verbose="ERROR")
    eog = ica.find_bads_eog(filtered, "VEOG", verbose="ERROR")[0]
    ecg = ica.find_bads_ecg(filtered, "ECG", method="correlation", threshold=3.0, verbose="ERROR")[0]
    expected = ica.apply(raw.copy(), exclude=[int(i) for i in {*eog, *ecg}], verbose="ERROR").get_data()
    np.testing.assert_allclose(found.data, expected, rtol=0, atol=1e-15)


def test_without_an_eog_frontal_channels_serve(clean, spoilt):
    blind = replace(spoilt, ch_types=("eeg",) * 19 + ("misc", "misc"))
    assert Ica().run(blind, RNG(0)).notes[-1]["removed"] == []
    found = Ica(eog=["Fp1"], ecg=["ECG"]).run(blind, RNG(0))
    assert correlation(found, clean) > 0.95


def test_bad_channels_and_bad_spans_are_left_out(spoilt):
    x = spoilt.data.copy()
    x[7] = np.nan
    x[:19, 1000:1100] *= 20
    broken = replace(spoilt, data=x, bads=("T7",), annotations=((1000 / 128, 100 / 128, "BAD"),))
    found = Ica().run(broken, RNG(0))
    assert found.notes[-1]["n_components"] <= 18
    assert {removed["why"] for removed in found.notes[-1]["removed"]} >= {"eog"}
    assert np.isnan(found.data[7]).all()


def test_a_person_has_the_last_word(spoilt):
    removed = [r["component"] for r in Ica().run(spoilt, RNG(0)).notes[-1]["removed"]]
    other = next(i for i in range(5) if i not in removed)
    note = {"step": "overrides", "drop_components": [other], "keep_components": removed[:1]}
    found = Ica().run(replace(spoilt, notes=(note,)), RNG(0))
    assert [r["component"] for r in found.notes[-1]["removed"]] == sorted([*removed[1:], other])
    with pytest.raises(InputError, match="drop component 99, but there are") as error:
        Ica().run(replace(spoilt, notes=({"step": "overrides", "drop_components": [99]},)), RNG(0))
    assert error.value.code == "E-INPUT-OVERRIDES"


def test_too_few_iterations_are_noted(spoilt):
    assert Ica().run(spoilt, RNG(0)).notes[-1]["converged"] is True
    assert Ica(max_iter=1).run(spoilt, RNG(0)).notes[-1]["converged"] is False


def test_the_seed_decides(spoilt):
    first, again, other = (Ica().run(spoilt, RNG(seed)).data for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_missing_icalabel_is_an_error_with_the_line_that_installs_it(spoilt, monkeypatch):
    monkeypatch.setitem(sys.modules, "mne_icalabel", None)
    with pytest.raises(MissingError, match=r"pip install 'neurocli\[iclabel\]'") as error:
        Ica(labels="iclabel").run(spoilt, RNG(0))
    assert error.value.exit_status == 9
    assert error.value.code == "E-ENVIRONMENT-EXTRA"


def test_components_that_icalabel_is_sure_of_are_removed(spoilt, monkeypatch):
    def label_components(_raw, ica, **_options):
        rest = ica.n_components_ - 4
        labels = ["eye blink", "brain", "heart beat", "eye blink"] + ["other"] * rest
        return {"labels": labels, "y_pred_proba": np.array([0.95, 0.99, 0.85, 0.6] + [0.9] * rest)}

    monkeypatch.setitem(sys.modules, "mne_icalabel", SimpleNamespace(label_components=label_components))
    removed = Ica(labels="iclabel", eog=[], ecg=[]).run(spoilt, RNG(0)).notes[-1]["removed"]
    assert [(r["component"], r["why"], r["score"]) for r in removed] == [
        (0, "eye blink", 0.95),
        (2, "heart beat", 0.85),
    ]


@pytest.mark.slow
@pytest.mark.skipif(not importlib.util.find_spec("mne_icalabel"), reason="mne-icalabel is not installed")
def test_icalabel_itself_answers(spoilt):
    found = Ica(labels="iclabel", eog=[], ecg=[], method="infomax", probability=0.5).run(spoilt, RNG(0))
    assert {removed["why"] for removed in found.notes[-1]["removed"]} & {"eye blink", "heart beat"}


def test_what_cannot_be_unmixed_is_said(spoilt):
    with pytest.raises(InputError, match="Unknown channel 'EOGX'"):
        Ica(eog=["EOGX"]).run(spoilt, RNG(0))
    with pytest.raises(InputError, match="Fewer than two good channels of type mag"):
        Ica(types=["mag"]).run(spoilt, RNG(0))
    with pytest.raises(InputError, match="are shorter than the filter"):
        Ica().run(replace(spoilt, data=spoilt.data[:, :200]), RNG(0))
    with pytest.raises(InputError, match=r"E-INPUT-CHANNELS .*30 components are asked of 19 good channels of type eeg"):
        Ica(n_components=30).run(spoilt, RNG(0))


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        *(({"n_components": n}, "a number of components, or a share between 0 and 1") for n in (0, -2, 1.0, 15.0, 0.0)),
        ({"measure": "correlation"}, "no correlation is above threshold 3"),  # it would find nothing, ever
    ],
)
def test_impossible_settings_are_refused_when_yaml_is_read(settings, word):
    with pytest.raises(ValidationError, match=word):
        Ica(**settings)


def test_more_components_than_an_average_reference_leaves_are_warned_of(clean):
    referenced = Reference().run(clean)
    note = Ica(n_components=19, max_iter=20).run(referenced, RNG(0)).notes[-1]
    assert note["warning"].startswith("19 components were fitted, and the channels hold 18")
    note = Ica(max_iter=20).run(referenced, RNG(0)).notes[-1]
    assert (note["n_components"], "warning" in note) == (18, False)


@pytest.mark.parametrize(("gain", "share", "said"), [(0.0, None, "infs or NaNs"), (1.0, 0.01, "higher value")])
def test_what_has_no_components_is_refused_in_our_words(clean, gain, share, said):
    with pytest.raises(InputError, match=f"E-INPUT-CHANNELS .*No independent components can be found: .*{said}"):
        Ica(n_components=share).run(replace(clean, data=gain * clean.data), RNG(0))
