"""The people of the demo: dipoles in a sphere, mixed by MNE's three-shell forward model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

SFREQ = 250.0
SITES = ("Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1",
         "O2")  # fmt: skip
N_TRIALS, DURATION, LEAD = 24, 4.0, 1.0
N_BACKGROUND = 60
CENTRE = np.array([0.0, 0.0, 0.04])  # of the sphere, m
ALPHA_AT = np.array([[-0.022, -0.052, 0.055], [0.022, -0.052, 0.055]])  # occipital, left and right
EYES_AT = np.array([[-0.03, 0.068, 0.025], [0.03, 0.068, 0.025]])


@dataclass(frozen=True)
class Person:
    """One recording in volts, shape (n_channels, n_times), and what it was made of."""

    label: str
    age: int
    sex: str
    data: np.ndarray
    ch_names: tuple[str, ...]
    trials: tuple[tuple[float, str], ...]
    alpha_freq: float
    alpha_gain: float
    alpha_volts: float
    blinks: tuple[float, ...]
    duration: float = DURATION


def simulate(label: str, seed: int) -> Person:
    """Return one person; everybody has a random stream of their own."""
    rng = np.random.default_rng([seed, int(label)])
    trials = _trials(rng)
    n_times = int((LEAD * 2 + N_TRIALS * DURATION) * SFREQ)
    freq, gain, volts = rng.uniform(9, 11), rng.uniform(1.3, 2.2), rng.lognormal(np.log(5e-6), 0.35)
    blinks = _blink_times(rng, n_times)
    scalp = _background(rng, n_times) + _alpha(rng, n_times, trials, freq, gain, volts)
    eyes = _blinks(n_times, blinks)
    data = np.vstack([scalp + _eye_topography()[:, None] * eyes, eyes * 2.5])
    data += _mains(rng, n_times) + rng.normal(scale=0.7e-6, size=data.shape)
    ages, sexes = rng.integers(20, 41), rng.choice(["F", "M"])
    return Person(label, int(ages), str(sexes), data, (*SITES, "VEOG"), trials, float(freq), float(gain),
                  float(volts), blinks)  # fmt: skip


def _trials(rng: np.random.Generator) -> tuple[tuple[float, str], ...]:
    kinds = rng.permutation(["open", "closed"] * (N_TRIALS // 2)).tolist()
    return tuple((LEAD + i * DURATION, kind) for i, kind in enumerate(kinds))


def _coloured(rng: np.random.Generator, shape: tuple[int, ...], exponent: float) -> np.ndarray:
    """Return noise whose power falls as ``f ** -exponent``, of unit variance along the last axis."""
    n_times = shape[-1]
    freqs = np.fft.rfftfreq(n_times, 1 / SFREQ)
    scale = np.maximum(freqs, 0.5) ** (-exponent / 2)  # flat below 0.5 Hz, as an amplifier's high pass leaves it
    scale[0] = 0.0
    spectrum = scale * (rng.normal(size=(*shape[:-1], len(freqs))) + 1j * rng.normal(size=(*shape[:-1], len(freqs))))
    x = np.fft.irfft(spectrum, n_times)
    return np.asarray(x / x.std(axis=-1, keepdims=True))


def _background(rng: np.random.Generator, n_times: int) -> np.ndarray:
    """Return 1/f activity of many cortical dipoles, about 8 uV at the scalp."""
    out = rng.normal(size=(N_BACKGROUND, 3))
    out[:, 2] = np.abs(out[:, 2])  # the upper half of the sphere
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    mixing = leadfield(CENTRE + 0.065 * out, out)
    scalp = _mixed(mixing, _coloured(rng, (N_BACKGROUND, n_times), rng.uniform(0.9, 1.3)))
    return np.asarray(scalp * (8e-6 / scalp.std()))


def _mixed(mixing: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Return sources at the scalp; without BLAS, so that the bytes do not depend on its threads."""
    scalp: np.ndarray = np.einsum("sd,dt->st", mixing, sources)
    return scalp


def _alpha(
    rng: np.random.Generator, n_times: int, trials: Sequence[tuple[float, str]], freq: float, gain: float, volts: float
) -> np.ndarray:
    """Return an occipital rhythm of waxing and waning amplitude, `gain` times as large while the eyes are closed."""
    envelope = np.ones(n_times)
    for onset, kind in trials:
        if kind == "closed":
            envelope[int(onset * SFREQ) : int((onset + DURATION) * SFREQ)] = gain
    waxing = 1 + 0.5 * _coloured(rng, (2, n_times), 2.0).clip(-1.5, 1.5)
    drift = 2 * np.pi * np.cumsum(freq + 0.3 * _coloured(rng, (2, n_times), 2.0), axis=-1) / SFREQ
    outward = ALPHA_AT - CENTRE
    mixing = leadfield(ALPHA_AT, outward / np.linalg.norm(outward, axis=1, keepdims=True))
    scalp = _mixed(mixing, np.sin(drift) * waxing * envelope)
    return np.asarray(scalp * (volts / np.abs(mixing).sum(axis=1).max()))


def _blink_times(rng: np.random.Generator, n_times: int) -> tuple[float, ...]:
    """Return onsets in s, 12 a minute, as often with open as with closed eyes."""
    gaps = 0.6 + rng.exponential(4.4, size=200)
    times = np.cumsum(gaps)
    return tuple(np.round(times[times < n_times / SFREQ - 0.5], 3).tolist())


def _blinks(n_times: int, onsets: Sequence[float]) -> np.ndarray:
    """Return blinks of 0.3 s and 120 uV at the most exposed site."""
    shape = 120e-6 * np.hanning(int(0.3 * SFREQ))
    x = np.zeros(n_times)
    for onset in onsets:
        start = int(onset * SFREQ)
        x[start : start + len(shape)] += shape[: n_times - start]
    return x


@cache
def _eye_topography() -> np.ndarray:
    forward_and_up = np.array([[0.0, 0.6, 0.8]] * 2)
    field = leadfield(EYES_AT, forward_and_up).sum(axis=1)
    return np.asarray(field / np.abs(field).max())


def _mains(rng: np.random.Generator, n_times: int) -> np.ndarray:
    times = np.arange(n_times) / SFREQ
    amplitude = rng.uniform(1e-6, 4e-6, size=(len(SITES) + 1, 1))
    return np.asarray(amplitude * np.sin(2 * np.pi * 50 * times + rng.uniform(0, 2 * np.pi)))


def leadfield(places: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Return the potential at each site of dipoles of 1 A m, shape (n_sites, n_dipoles), in V.

    Parameters
    ----------
    places, directions : array, shape (n_dipoles, 3)
        Head frame, m; unit vectors.
    """
    import mne

    n = len(places)
    dipole = mne.Dipole(np.zeros(n), places, np.ones(n), directions, np.full(n, 100.0), verbose="ERROR")
    sphere = mne.make_sphere_model(CENTRE, 0.09, verbose="ERROR")
    forward, _ = mne.make_forward_dipole(dipole, sphere, _info(), verbose="ERROR")
    field = forward["sol"]["data"]
    return np.asarray(field if field.shape[1] == n else np.einsum("sdk,dk->sd", field.reshape(-1, n, 3), directions))


@cache
def _info() -> Any:
    """Return the measurement info of the sites, projected onto the sphere."""
    import mne

    from .places import standard

    places = standard(SITES, ["eeg"] * len(SITES))
    assert places is not None
    outward = places - CENTRE
    on_sphere = CENTRE + 0.09 * outward / np.linalg.norm(outward, axis=1, keepdims=True)
    info = mne.create_info(list(SITES), SFREQ, "eeg", verbose="ERROR")
    montage = mne.channels.make_dig_montage(dict(zip(SITES, on_sphere, strict=True)), coord_frame="head")
    return info.set_montage(montage)


def truth(people: Sequence[Person], seed: int) -> dict[str, Any]:
    """Return what the data were made of, as JSON."""
    return {
        "seed": seed,
        "sfreq_hz": SFREQ,
        "line_freq_hz": 50.0,
        "effect": "the amplitude of the alpha sources is alpha_gain times as large while the eyes are closed",
        "alpha_sources_m": ALPHA_AT.tolist(),
        "eye_sources_m": EYES_AT.tolist(),
        "sphere_centre_m": CENTRE.tolist(),
        "n_background_sources": N_BACKGROUND,
        "subjects": {
            person.label: {
                "alpha_freq_hz": round(person.alpha_freq, 4),
                "alpha_gain": round(person.alpha_gain, 4),
                "alpha_peak_uv": round(person.alpha_volts * 1e6, 4),
                "blink_onsets_s": list(person.blinks),
            }
            for person in people
        },
    }
