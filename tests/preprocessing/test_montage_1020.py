"""Nineteen sites under one name, however the recorder spelt them, and a refusal where they cannot be had."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.errors import InputError
from neurocli.preprocessing._sites import OLD, TEN_TWENTY, complaint, is_pair, parts
from neurocli.preprocessing.ica import Ica
from neurocli.preprocessing.montage_1020 import Montage1020
from tests.preprocessing.simulated import eeg, positions

SPELLINGS = ["{}", "EEG {}", "EEG {}-REF", "{}-Ref", "POL {}", "{}.", "{}-A1A2", "EEG {}-LE", "{}-AVG", "EEG {}-FCz"]


def spelt(spelling: str, old: bool, upper: bool) -> list[str]:
    sites = [OLD.get(site, site) if old else site for site in TEN_TWENTY]
    return [spelling.format(site.upper() if upper else site) for site in sites]


@given(spelling=st.sampled_from(SPELLINGS), old=st.booleans(), upper=st.booleans(), seed=st.integers(0, 99))
def test_every_spelling_in_any_order_gives_the_same_recording(spelling, old, upper, seed):
    plain = eeg(seconds=1.0)
    expected = Montage1020().run(plain)
    order = np.random.default_rng(seed).permutation(20)
    names = [*spelt(spelling, old, upper), "ECG"]
    other = replace(
        plain,
        data=plain.data[order],
        ch_names=tuple(names[i] for i in order),
        ch_types=tuple(plain.ch_types[i] for i in order),
        units=tuple(plain.units[i] for i in order),
        positions=None,
    )
    found = Montage1020().run(other)
    assert found.ch_names == expected.ch_names == TEN_TWENTY
    np.testing.assert_array_equal(found.data, expected.data)
    np.testing.assert_allclose(found.positions, expected.positions, atol=1e-9)


def test_places_that_are_known_stay_and_others_become_the_standard_ones():
    places = positions(TEN_TWENTY) + 0.01
    places[3] = np.nan
    found = Montage1020().run(eeg(seconds=1.0, positions=np.vstack([places, np.full((1, 3), np.nan)])))
    np.testing.assert_array_equal(np.delete(found.positions, 3, 0), np.delete(places, 3, 0))
    np.testing.assert_allclose(found.positions[3], positions(TEN_TWENTY)[3], atol=1e-9)


def test_bad_channels_keep_their_mark_under_the_new_name():
    names = ("EEG FP1-REF", *(f"EEG {site}-REF" for site in TEN_TWENTY[1:]), "ECG")
    found = Montage1020().run(eeg(seconds=1.0, ch_names=names, bads=("EEG FP1-REF", "ECG")))
    assert found.bads == ("Fp1",)
    assert found.notes[-1]["renamed"]["EEG FP1-REF"] == "Fp1"
    assert found.notes[-1]["dropped"] == ["ECG"]


def test_the_names_before_1991():
    assert [name for name in Montage1020(old_names=True).run(eeg(seconds=1.0)).ch_names if name not in TEN_TWENTY] == [
        "T3", "T4", "T5", "T6"
    ]  # fmt: skip


def renamed(names) -> str:
    with pytest.raises(InputError) as caught:
        Montage1020().run(eeg(seconds=1.0, ch_names=(*names, "ECG")))
    assert caught.value.exit_status == 4
    return str(caught.value)


BANANA = ("FP1-F7", "F7-T7", "T7-P7", "P7-O1", "FP1-F3", "F3-C3", "C3-P3", "P3-O1", "FP2-F4", "F4-C4", "C4-P4", "P4-O2",
          "FP2-F8", "F8-T8", "T8-P8-0", "P8-O2", "FZ-CZ", "CZ-PZ", "T8-P8-1")  # fmt: skip


def test_bipolar_channels_are_refused():
    assert "E-INPUT-REFERENCE" in renamed(BANANA)
    assert "19 channels are bipolar (FP1-F7, F7-T7, T7-P7, …)" in renamed(BANANA)
    with pytest.raises(InputError, match=r"E-INPUT-REFERENCE .*bipolar"):
        Montage1020().run(eeg(seconds=1.0, reference="bipolar"))


def test_a_site_that_is_missing_or_there_twice_is_refused():
    assert "E-INPUT-CHANNELS" in renamed([*TEN_TWENTY[:-1], "Oz"])
    assert "lacks O2 here" in renamed([*TEN_TWENTY[:-1], "Oz"])
    with pytest.raises(InputError, match="T7 and T3 are the same site"):
        Montage1020().run(eeg(seconds=1.0, ch_names=(*TEN_TWENTY, "T3"), ch_types=("eeg",) * 20))


def test_channels_against_different_ears_are_refused():
    """The mean over sites would hold half of each ear, so no common average takes the references out."""
    names = [f"{site}-A{1 if site[-1] in '13579' else 2}" for site in TEN_TWENTY]
    assert "different references (A1, A2)" in renamed(names)


@pytest.mark.parametrize("reference", ["Cz", "FCz"])
def test_channels_against_one_site_are_against_a_reference(reference):
    names = [f"{site}-{reference}" for site in TEN_TWENTY if site != reference]
    wrong = complaint(names)
    assert wrong is None if reference == "FCz" else "lacks Cz here" in wrong[1]


@given(st.text(max_size=12))
def test_no_name_breaks_the_reading_of_names(name):
    assert len(parts(name)) == 2
    assert is_pair(name) in (True, False)


def test_frontal_sites_stand_in_for_an_eog_that_is_not_there():
    """A blink that the front sees most goes; the same settings leave it where the front is not asked."""
    plain = eeg(seconds=40.0)
    blink = np.zeros(plain.n_times)
    for at in range(300, plain.n_times - 200, 700):
        blink[at : at + 60] += 300e-6 * np.hanning(60)
    weight = np.array([1.0, 1.0, 0.3, 0.35, 0.35, 0.35, 0.3, *[0.05] * 12, 0.0])
    seen = replace(plain, data=plain.data + weight[:, None] * blink)
    rng = np.random.default_rng
    cleaned = Ica(frontal=True, ecg=[]).run(seen, rng(0))
    assert {removed["channel"] for removed in cleaned.notes[-1]["removed"]} <= {"Fp1", "Fp2"}
    assert abs(np.corrcoef(cleaned.data[0], blink)[0, 1]) < 0.2 < 0.8 < np.corrcoef(seen.data[0], blink)[0, 1]
    assert Ica(ecg=[]).run(seen, rng(0)).notes[-1]["removed"] == []
