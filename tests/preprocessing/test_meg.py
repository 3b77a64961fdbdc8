"""Maxwell filtering and projections: MNE is the oracle, a small real recording the input."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace

import mne
import numpy as np
import pytest

from neurocli.bids.readers._mne import _impersonal
from neurocli.data.recording import Recording
from neurocli.errors import InputError
from neurocli.preprocessing.filter import Filter
from neurocli.preprocessing.maxwell_filter import MaxwellFilter
from neurocli.preprocessing.pick import Pick
from neurocli.preprocessing.ssp import Ssp
from tests.preprocessing.simulated import eeg, with_eyes_and_heart


def read(path, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mne.io.read_raw_fif(path, preload=True, verbose="ERROR", **options)


def recording_of(raw):
    """Return the recording as the reader of the dataset leaves it."""
    return Recording(
        data=raw.get_data(),
        sfreq=raw.info["sfreq"],
        ch_names=tuple(raw.ch_names),
        ch_types=tuple(raw.get_channel_types()),
        units=("T",) * len(raw.ch_names),
        entities={"subject": "01", "suffix": "meg"},
        bads=tuple(raw.info["bads"]),
        info=json.loads(json.dumps(_impersonal(raw.info))),
    )


@pytest.fixture(scope="module")
def empty_room():
    from tests.conftest import SHARED

    path = SHARED / "formats" / "meg-fif" / "test_move_anon_erm_raw.fif"
    if not path.is_file():
        pytest.skip("real recordings (../shared/data) are not on this machine")
    return read(path, allow_maxshield="yes").crop(0, 0.5)


def test_maxwell_filter_is_that_of_mne_and_rebuilds_bad_channels(empty_room):
    raw = empty_room.copy()
    raw.info["bads"] = ["MEG0113"]
    found = MaxwellFilter(coord_frame="meg").run(recording_of(raw))
    expected = mne.preprocessing.maxwell_filter(raw, coord_frame="meg", bad_condition="warning", verbose="ERROR")
    np.testing.assert_allclose(found.data, expected.get_data(), rtol=1e-9, atol=1e-20)
    assert found.bads == ()
    assert found.notes[-1]["rebuilt"] == ["MEG0113"]


def test_maxwell_filter_is_done_once(empty_room):
    once = MaxwellFilter(coord_frame="meg").run(recording_of(empty_room))
    with pytest.raises(InputError, match="already been applied") as error:
        MaxwellFilter(coord_frame="meg").run(Pick(types=["mag", "grad"]).run(once))
    assert error.value.code == "E-INPUT-MEG"


def test_an_unknown_head_position_is_said(empty_room):
    with pytest.raises(InputError, match="The position of the head in the helmet is unknown"):
        MaxwellFilter().run(recording_of(empty_room))


def test_a_recording_shorter_than_the_window_is_refused(empty_room):
    with pytest.raises(InputError, match=r"0\.500833 s are shorter than st_duration, 10 s"):
        MaxwellFilter(coord_frame="meg", st_duration="10 s").run(recording_of(empty_room))


def test_eeg_is_refused():
    with pytest.raises(InputError, match="There is no MEG channel") as error:
        MaxwellFilter().run(eeg())
    assert error.value.code == "E-INPUT-MEG"


def test_saved_projectors_are_applied_after_other_steps(empty_room):
    recording = Filter(h_freq=40.0).run(Pick(types=["mag"]).run(recording_of(empty_room)))
    found = Ssp().run(recording)
    raw = empty_room.copy().pick("mag")
    expected = raw.filter(None, 40.0, verbose="ERROR").apply_proj(verbose="ERROR").get_data()
    np.testing.assert_allclose(found.data, expected, rtol=0, atol=1e-9 * np.abs(expected).max())
    assert len(found.notes[-1]["projectors"]) == len(raw.info["projs"]) > 0


def test_blinks_are_projected_out():
    clean = eeg(seconds=40.0)
    spoilt = with_eyes_and_heart(clean)
    found = Ssp(n_eog=1).run(spoilt)
    # one direction is gone, and it is that of the blinks: what is left hardly knows the EOG
    r = [np.corrcoef(channel, spoilt.data[19])[0, 1] for channel in found.data[:2]]
    assert np.abs(r).max() < 0.1
    assert np.linalg.matrix_rank(found.data[:19], tol=1e-9) == 18
    assert len(found.notes[-1]["projectors"]) == 1


def test_projectors_need_a_witness():
    recording = replace(eeg(), ch_types=("eeg",) * 19 + ("misc",))
    with pytest.raises(InputError, match="There is no channel of type eog"):
        Ssp(n_eog=1).run(recording)
    with pytest.raises(InputError, match="Unknown channel 'EOG9'"):
        Ssp(n_eog=1, eog="EOG9").run(recording)


# --- a head that moves ---


@pytest.fixture(scope="module")
def sensors():
    from tests.conftest import SHARED
    from tests.preprocessing.helmet import helmet

    path = SHARED / "formats" / "meg-fif" / "sample_audvis_trunc_raw_sss.fif"
    if not path.is_file():
        pytest.skip("real recordings (../shared/data) are not on this machine")
    return helmet(path)


@pytest.mark.slow  # forward solutions for every place of the head
def test_a_known_movement_is_found_by_the_coils_and_undone(sensors):
    """Ground truth: the same source in a head that stayed; 10 mm further away it looks another."""
    from tests.preprocessing.helmet import recorded

    raw, still = (recording_of(recorded(sensors, 4.0, shift)) for shift in (0.01, 0.0))
    expected, followed, ignored = (  # well after the movement
        Filter(h_freq=40.0).run(MaxwellFilter(movement=movement).run(data)).data[:, 1500:2300]
        for data, movement in ((still, False), (raw, True), (raw, False))
    )
    scale = np.linalg.norm(expected)
    assert np.linalg.norm(followed - expected) < 0.03 * scale
    assert np.linalg.norm(ignored - expected) > 0.2 * scale
    note = MaxwellFilter(movement=True).run(raw).notes[-1]
    assert note["movement"] == "compensated"
    assert 0.003 < note["greatest_movement_m"] < 0.011  # from the median place


@pytest.mark.slow
def test_positions_are_those_of_the_simulation(sensors):
    from neurocli.preprocessing._head_movement import head_positions
    from neurocli.preprocessing._mne import to_raw
    from tests.preprocessing.helmet import recorded

    data = recording_of(recorded(sensors, 4.0, 0.01))
    found, _ = head_positions(data, to_raw(data))
    late = found[found[:, 0] > 2.1, 4:7] - sensors["dev_head_t"]["trans"][:3, 3]
    np.testing.assert_allclose(late, np.tile([0, 0, 0.01], (len(late), 1)), atol=5e-4)


def test_without_coils_the_head_is_taken_as_still_and_that_is_said(empty_room):
    found = MaxwellFilter(coord_frame="meg", movement=True).run(recording_of(empty_room))
    np.testing.assert_array_equal(found.data, MaxwellFilter(coord_frame="meg").run(recording_of(empty_room)).data)
    assert found.notes[-1]["movement"] == "not recorded"
