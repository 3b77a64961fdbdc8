"""Laws that every feature obeys, over the whole registry: a new feature is under them without a line here."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocli.errors import InputError
from neurocli.features import catalogue
from neurocli.features.define import FEATURES, QUANTITIES, TWINS
from neurocli.features.engine import compute
from neurocli.features.memo import Memo
from neurocli.features.requests import complete, prepare, quantities

catalogue.import_all()
SFREQ, N_EPOCHS, N_TIMES = 128.0, 3, 512
CH_NAMES = ("Fz", "Cz", "Pz", "Oz")
# What the defaults of slow signals (functional MRI) need instead on this short one
SETTINGS = {"alff": {"band": (1.0, 8.0)}, "falff": {"band": (1.0, 8.0)}, "dynamic_correlation": {"window": 2.0}}
# What is not exact to the last digits under a change of units, and why; relative
LOOSE: dict[str, float] = {
    # rounding may decide on one step more or less of a fit that stops within 1e-5 of its optimum
    **dict.fromkeys(("aperiodic_exponent", "aperiodic_offset", "bump_frequency", "bump_height", "bump_width"), 1e-4),
    "aperiodic_knee": 1e-3,  # the same, for three unknowns of which two nearly trade off
}
BASE = {"V": (1, 0), "s": (0, 1), "Hz": (0, -1), "1": (0, 0), "bit": (0, 0), "rad": (0, 0)}
every_feature = pytest.mark.parametrize("name", sorted(FEATURES))


def signal(seed: int, n_epochs: int = N_EPOCHS) -> np.ndarray:
    """Return 1/f noise with an alpha rhythm, in volts."""
    rng = np.random.default_rng(seed)
    freqs = np.fft.rfftfreq(N_TIMES, 1 / SFREQ)
    shape = (n_epochs, len(CH_NAMES), freqs.size)
    spectrum = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / np.maximum(freqs, freqs[1]) ** 0.7
    alpha = np.sin(2 * np.pi * 10 * np.arange(N_TIMES) / SFREQ + rng.uniform(0, 6, (n_epochs, len(CH_NAMES), 1)))
    noise = np.fft.irfft(spectrum, N_TIMES)
    return 1e-5 * (noise / noise.std() + alpha + 0.3 * rng.standard_normal(noise.shape))


def values(name, x, sfreq=SFREQ, chosen=None, **options):
    names = CH_NAMES[: x.shape[1]]
    (block,) = compute(
        x, sfreq, [(name, chosen or SETTINGS.get(name, {}))], ch_names=names, **{"backend": "reference", **options}
    )
    return block.values


def dimensions(unit: str) -> tuple[bool, int, int]:
    """Return whether it is a logarithm, and the powers of volt and second."""
    is_log, unit = unit.startswith("log10 "), unit.removeprefix("log10 ")
    volt = second = 0
    for sign, factors in zip((1, -1), [*unit.split("/", 1), ""], strict=False):
        for base, power in re.findall(r"(V|s|Hz|1|bit|rad)(?:\^(\d+))?", factors):
            v, s = BASE[base]
            volt, second = volt + sign * v * int(power or 1), second + sign * s * int(power or 1)
    return is_log, volt, second


def rescaled(name, gain, clock):
    """Return all settings of a feature, those with a unit rescaled as the signal is."""
    definition = FEATURES[name]
    chosen = complete(definition, SETTINGS.get(name, {}))
    scaled = {key: times(chosen[key], definition.types[key], gain, clock) for key in definition.settings}
    for quantity, about in quantities(definition).items():
        if about.settings:
            nested = {key: times(chosen[quantity][key], about.types[key], gain, clock) for key in about.settings}
            scaled[quantity] = nested
    return scaled


def times(value, annotation, gain, clock):
    factors = {"Hertz": clock, "Band": clock, "Bands": clock, "Seconds": 1 / clock, "Span": 1 / clock, "Volts": gain}
    factor = next((factors[word] for word in re.findall(r"\w+", annotation) if word in factors), None)
    if factor is None or value is None:
        return value
    if isinstance(value, dict):
        return {key: tuple(edge * factor for edge in band) for key, band in value.items()}
    return tuple(edge * factor for edge in value) if isinstance(value, (tuple, list)) else value * factor


@every_feature
@settings(max_examples=4)
@given(seed=st.integers(0, 2**32), gain=st.sampled_from([0.5, 2.0, 2.0**20]), clock=st.sampled_from([0.5, 2.0]))
def test_unit_is_true(name, seed, gain, clock):
    """Dimensional analysis: the declared unit says how the value rescales. Powers of two round nothing."""
    x = signal(seed)
    request = prepare([(name, SETTINGS.get(name, {}))], x.shape, SFREQ, CH_NAMES)[0]
    is_log, volt, second = dimensions(request.unit)
    factor = gain**volt * clock ** (-second)
    before = values(name, x)
    expected = before + np.log10(factor) if is_log else before * factor
    after = values(name, gain * x, clock * SFREQ, rescaled(name, gain, clock))
    scale = np.nanmax(np.abs(expected), initial=0.0)
    np.testing.assert_allclose(after, expected, rtol=0, atol=LOOSE.get(name, 1e-9) * scale)


# Femtotesla in float32, whose fourth powers it cannot hold; and what would be too much for float64
SCALES = [("cpu", "float32", 2.0**-30), ("cpu", "float64", 2.0**-300), ("reference", "float64", 2.0**300)]


@every_feature
@pytest.mark.parametrize(("backend", "dtype", "gain"), SCALES)
def test_no_unit_of_the_signal_is_too_small_or_too_large(name, backend, dtype, gain):
    x = signal(12).astype(dtype)
    is_log, volt, _ = dimensions(prepare([(name, SETTINGS.get(name, {}))], x.shape, SFREQ, CH_NAMES)[0].unit)
    before = values(name, x, backend=backend, dtype=dtype).astype(np.float64)
    after = values(name, x * x.dtype.type(gain), backend=backend, dtype=dtype).astype(np.float64)
    expected = before + np.log10(gain) * volt if is_log else before * gain**volt
    close = LOOSE.get(name, 1e-9 if dtype == "float64" else 1e-6)
    np.testing.assert_allclose(after, expected, rtol=0, atol=close * np.nanmax(np.abs(expected), initial=0.0))


@every_feature
@pytest.mark.parametrize(("backend", "dtype"), [("reference", "float64"), ("cpu", "float64"), ("cpu", "float32")])
def test_an_epoch_does_not_know_its_neighbours(name, backend, dtype):
    """The chunks and the threads change no bit; nor, where channels are on their own, do the other channels."""
    x = signal(1, n_epochs=5)
    options = {"backend": backend, "dtype": dtype}
    whole = values(name, x, chunk=5, **options)
    np.testing.assert_array_equal(values(name, x, chunk=2, n_threads=2, **options), whole)
    np.testing.assert_array_equal(np.concatenate([values(name, x[i : i + 1], **options) for i in range(5)]), whole)
    if FEATURES[name].per == "channel":
        alone = [values(name, x[:, i : i + 1], **options) for i in range(len(CH_NAMES))]
        np.testing.assert_array_equal(np.concatenate(alone, axis=-1), whole)


@every_feature
@pytest.mark.parametrize(("backend", "dtype"), [("reference", "float64"), ("cpu", "float64"), ("cpu", "float32")])
def test_the_input_is_left_alone(name, backend, dtype):
    x = signal(2).astype(dtype)
    before = x.copy()
    memo = Memo(x, SFREQ, CH_NAMES, backend)
    memo.feature(prepare([(name, SETTINGS.get(name, {}))], x.shape, SFREQ, CH_NAMES)[0])
    np.testing.assert_array_equal(x, before)


@every_feature
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("seed", [3, 4])
def test_the_compiled_twin_equals_the_reference(name, dtype, seed):
    """Largest disagreement, relative to the largest value, within what the twins that are used state."""
    x = signal(seed).astype(dtype)
    given = prepare([(name, SETTINGS.get(name, {}))], x.shape, SFREQ, CH_NAMES)[0].given
    used = [catalogue.twin("cpu", one, given.get(one, given)) for one in (name, *quantities(FEATURES[name]))]
    tolerance = sum(twin.tolerance[dtype] for twin in used if twin) or {"float64": 0.0, "float32": 1.2e-7}[dtype]
    expected = values(name, x.astype(np.float64))
    atol = tolerance * np.nanmax(np.abs(expected), initial=0.0)
    np.testing.assert_allclose(values(name, x, backend="cpu", dtype=dtype), expected, rtol=0, atol=atol)


@every_feature
@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize("fault", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_gives_nan_and_harms_no_other_epoch(name, backend, fault):
    x = signal(5)
    good = values(name, x, backend=backend)
    x[1, 2, 7] = fault
    found = values(name, x, backend=backend)
    np.testing.assert_array_equal(found[[0, 2]], good[[0, 2]])
    if FEATURES[name].per == "channel":
        spoilt = np.zeros((len(CH_NAMES), found.shape[1] // len(CH_NAMES)), dtype=bool)
        spoilt[2] = True
        assert np.isnan(found[1][spoilt.ravel()]).all()
        np.testing.assert_array_equal(found[1][~spoilt.ravel()], good[1][~spoilt.ravel()])
    else:
        assert np.isnan(found[1]).all()


@every_feature
@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize("level", [0.0, 0.1])
def test_a_constant_channel_gives_a_number_or_nan_without_a_warning(name, backend, level):
    x = signal(6)
    x[:, 1] = level
    assert not np.isinf(values(name, x, backend=backend)).any()


def or_refused(name, x, backend):
    """Return the values, or nothing where the error is one of features that says what to do."""
    try:
        return values(name, x, backend=backend)
    except InputError as error:
        if error.code.startswith("E-FEATURES-") and error.remedy:
            return np.empty(0)
        raise


def strange(kind: str) -> np.ndarray:
    """Return finite signals that a recording may well have and that a formula may divide by."""
    x = signal(8)
    if kind == "all constant":
        x[0] = 0.1
    elif kind == "two equal channels":
        x[:, 1] = x[:, 0]
    elif kind == "two silent channels":
        x[:, :2] = 0.0
    elif kind == "one impulse":
        x[:] = 0.0
        x[:, :, 200] = 1e-3
    elif kind == "steps of an old recorder":
        x = np.rint(x / 2e-5) * 2e-5
    return x


@every_feature
@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize(
    "kind", ["all constant", "two equal channels", "two silent channels", "one impulse", "steps of an old recorder"]
)
def test_a_strange_signal_gives_a_number_or_nan_or_is_refused_in_words(name, backend, kind):
    assert not np.isinf(or_refused(name, strange(kind), backend)).any()


@every_feature
@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_one_channel_gives_a_number_or_nan_or_is_refused_in_words(name, backend):
    if FEATURES[name].per not in ("pair", "directed"):
        assert not np.isinf(or_refused(name, signal(9)[:, :1], backend)).any()


@every_feature
@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize("fault", [np.nan, np.inf])
def test_where_nothing_is_finite_everything_is_nan(name, backend, fault):
    assert np.isnan(values(name, np.full_like(signal(10), fault), backend=backend)).all()


@every_feature
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_of_nothing_there_are_no_features(name, axis):
    with pytest.raises(InputError, match="There is nothing to compute from") as refused:
        values(name, np.take(signal(11), [], axis=axis))
    assert refused.value.code == "E-FEATURES-EMPTY"


@every_feature
def test_too_short_epochs_are_refused_in_words(name):
    feature = FEATURES[name]
    given = {
        **complete(feature, SETTINGS.get(name, {})),
        "sfreq": SFREQ,
        "n_times": N_TIMES,
        "n_channels": len(CH_NAMES),
    }
    fewest = feature.min_times(given) if callable(feature.min_times) else feature.min_times
    if fewest > 1:
        with pytest.raises(InputError, match=f"{name} needs at least {fewest} samples an epoch, and there are 1"):
            values(name, signal(7)[..., :1])


@every_feature
def test_pairs_of_one_channel_are_refused_in_words(name):
    if FEATURES[name].per in ("pair", "directed"):
        with pytest.raises(InputError, match="is of pairs of channels, and there is 1"):
            values(name, signal(7)[:, :1])


@every_feature
def test_its_page_says_what_goes_in_what_comes_out_and_whose_it_is(name):
    definition = FEATURES[name]
    for section in ("Parameters\n", "Returns\n"):
        assert section in (definition.func.__doc__ or "")
    assert definition.source
    assert not set(definition.settings) & set(quantities(definition))


def test_every_twin_is_of_something():
    """A twin has the name of a feature or quantity, or another twin of its backend asks for it."""
    asked = {(backend, need) for (backend, _), twin in TWINS.items() for need in twin.needs}
    assert {key for key in TWINS if key[1] not in FEATURES and key[1] not in QUANTITIES} <= asked
