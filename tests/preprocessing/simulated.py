"""Recordings with known content, for the tests of preprocessing."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import mne
import numpy as np

from neurocli.data.recording import Image, Recording

TEN_TWENTY = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2",
)  # fmt: skip
ENTITIES = {"subject": "01", "task": "rest", "datatype": "eeg", "suffix": "eeg"}


def positions(names: tuple[str, ...] = TEN_TWENTY) -> np.ndarray:
    """Return standard places in the head frame, shape (n_channels, 3), in m."""
    info = mne.create_info(list(names), 100.0, "eeg")
    names_known = mne.channels.get_builtin_montages()
    info.set_montage("colin27_1020" if "colin27_1020" in names_known else "standard_1020")  # renamed in MNE 1.13
    return np.array([channel["loc"][:3] for channel in info["chs"]])


def pink(rng: np.random.Generator, n_channels: int, n_times: int, scale: float = 10e-6) -> np.ndarray:
    """Return 1/f noise of standard deviation `scale`, in V."""
    freqs = np.fft.rfftfreq(n_times)
    freqs[0] = freqs[1]
    shape = (n_channels, len(freqs))
    spectrum = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / np.sqrt(freqs)
    x = np.fft.irfft(spectrum, n=n_times)
    return scale * x / x.std(axis=-1, keepdims=True)


def eeg(seed: int = 0, seconds: float = 20.0, sfreq: float = 200.0, n_sources: int = 8, **changes: Any) -> Recording:
    """Return 19 EEG channels that mix 1/f sources, and one ECG channel."""
    rng = np.random.default_rng(seed)
    n_times = round(seconds * sfreq)
    places = positions()
    sources = rng.standard_normal((n_sources, 3))
    sources *= 0.06 / np.linalg.norm(sources, axis=1, keepdims=True)
    distance = np.linalg.norm(places[:, None] - sources, axis=-1)
    x = (0.02 / distance) ** 2 @ pink(rng, n_sources, n_times, 50e-6) + pink(rng, 19, n_times, 1e-6)
    ecg = pink(rng, 1, n_times, 1e-3)
    recording = Recording(
        data=np.concatenate([x, ecg]),
        sfreq=sfreq,
        ch_names=(*TEN_TWENTY, "ECG"),
        ch_types=("eeg",) * 19 + ("ecg",),
        units=("V",) * 20,
        entities=ENTITIES,
        positions=np.concatenate([places, np.full((1, 3), np.nan)]),
        events={
            "onset": [2.0, 6.013, 10.5, 15.0],
            "duration": [2.0, 2.0, 2.0, 2.0],
            "trial_type": ["left", "right", "left", "n/a"],
        },
    )
    return replace(recording, **changes)


def bold(seed: int = 0, shape: tuple[int, ...] = (8, 9, 7, 40), **changes: Any) -> Image:
    """Return a series with a bright ellipsoid for a brain, TR 2 s, voxels of 3 mm."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in shape[:3]), indexing="ij"))
    brain = (grid**2).sum(axis=0) < 0.9
    x = 1000.0 * brain[..., None] + 20 * rng.standard_normal(shape)
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = [-12, -10, -8]
    image = Image(
        data=x,
        affine=affine,
        entities={"subject": "01", "task": "view", "datatype": "func", "suffix": "bold"},
        tr=2.0,
        events={"onset": [4.0, 30.0], "duration": [10.0, 10.0], "trial_type": ["face", "house"]},
        confounds={
            "trans_x": rng.standard_normal(shape[-1]).tolist(),
            "trans_x_derivative1": ["n/a", *rng.standard_normal(shape[-1] - 1).tolist()],
        },
        mask=brain.astype(np.uint8),
    )
    return replace(image, **changes)


@cache
def _template(resolution: int) -> tuple[np.ndarray, np.ndarray]:
    from nilearn.datasets import load_mni152_template

    found = load_mni152_template(resolution)
    return np.asarray(found.dataobj, dtype=np.float64), np.asarray(found.affine)


def head(resolution: int = 8) -> Image:
    """Return the T1 of MNI space without skull, as nilearn ships it, scaled to 100."""
    t1, affine = _template(resolution)
    x = np.where(t1 > 0.05, 100 * t1, 0)
    return Image(data=x, affine=affine, entities={"subject": "01", "datatype": "anat", "suffix": "T1w"})


def blinks(seed: int, n_times: int, sfreq: float, every: float = 3.0) -> np.ndarray:
    """Return blinks of 1 at their peak, 0.3 s long, `every` s or so, shape (n_times,)."""
    rng = np.random.default_rng(seed)
    x = np.zeros(n_times)
    shape = np.hanning(round(0.3 * sfreq))
    for start in np.arange(1.0, n_times / sfreq - 1.0, every) + rng.uniform(-0.5, 0.5):
        first = round((start + rng.uniform(0, 1)) * sfreq)
        x[first : first + len(shape)] = shape[: n_times - first]
    return x


def heart(n_times: int, sfreq: float, rate: float = 1.1) -> np.ndarray:
    """Return heartbeats of 1 at their peak, `rate` a second, shape (n_times,)."""
    time = np.arange(n_times) / sfreq
    phase = (time * rate) % 1.0
    return np.exp(-(((phase - 0.5) / 0.02) ** 2)) - 0.3 * np.exp(-(((phase - 0.55) / 0.03) ** 2))


def with_eyes_and_heart(clean: Recording, seed: int = 3) -> Recording:
    """Return a recording of 19 EEG channels with blinks, heartbeats, and an EOG and an ECG channel that saw them."""
    rng = np.random.default_rng(seed)
    n_times, sfreq = clean.n_times, clean.sfreq
    eye, beat = blinks(seed, n_times, sfreq), heart(n_times, sfreq)
    front = np.exp(-np.linalg.norm(positions() - positions()[:2].mean(axis=0), axis=1) / 0.04)
    low = np.linspace(-1, 1, 19)
    x = clean.data[:19] + 300e-6 * np.outer(front, eye) + 15e-6 * np.outer(low, beat)
    witnesses = np.stack([400e-6 * eye, 1e-3 * beat]) + rng.standard_normal((2, n_times)) * [[5e-6], [2e-5]]
    return replace(
        clean,
        data=np.concatenate([x, witnesses]),
        ch_names=(*TEN_TWENTY, "VEOG", "ECG"),
        ch_types=("eeg",) * 19 + ("eog", "ecg"),
        units=("V",) * 21,
        positions=np.concatenate([positions(), np.full((2, 3), np.nan)]),
    )


def meg(seed: int = 0, n_channels: int = 102, n_times: int = 600) -> Recording:
    """Return noise on magnetometers round a head, with the geometry that Maxwell filtering needs."""
    index = np.arange(n_channels) + 0.5
    height = 1 - 1.4 * index / n_channels  # a spiral over the sphere, open below
    turn = np.pi * (1 + 5**0.5) * index
    flat = np.sqrt(1 - height**2)
    out = np.column_stack([flat * np.cos(turn), flat * np.sin(turn), height])
    info = mne.create_info([f"MEG{i:03d}" for i in range(n_channels)], 200.0, "mag")
    for channel, normal in zip(info["chs"], out, strict=True):
        side = np.linalg.svd(normal[None])[2][1:]
        channel["loc"] = np.concatenate([0.12 * normal, *side, normal])
        channel["coil_type"] = mne.io.constants.FIFF.FIFFV_COIL_VV_MAG_T3
    with info._unlock():
        info["dev_head_t"] = mne.transforms.Transform("meg", "head")
    return Recording(
        data=pink(np.random.default_rng(seed), n_channels, n_times, 1e-12),
        sfreq=200.0,
        ch_names=tuple(info["ch_names"]),
        ch_types=("mag",) * n_channels,
        units=("T",) * n_channels,
        entities={"subject": "01", "task": "rest", "datatype": "meg", "suffix": "meg"},
        info=info.to_json_dict(),
    )
