"""The way to the device: what is not finite, what travels as int16, and what stays on the processor."""

from __future__ import annotations

from subprocess import CalledProcessError

import numpy as np
import pytest

from neurocli.errors import MissingError
from neurocli.features.engine import compute
from neurocli.features.warm import warm

NAMES = ["a", "b"]
pytestmark = pytest.mark.usefixtures("kernels")


def run(requests, x, **options):
    return [block.values for block in compute(x, 100.0, requests, ch_names=NAMES, **{"backend": "cuda", **options})]


@pytest.mark.parametrize("fault", [np.nan, np.inf])
def test_what_is_not_finite_gives_nan_and_harms_no_other_epoch(fault):
    x = np.random.default_rng(0).standard_normal((3, 2, 40))
    good = run([("std", {}), ("covariance", {})], x)
    x[1, 1, 7] = fault
    std, cov = run([("std", {}), ("covariance", {})], x)
    np.testing.assert_array_equal(np.isnan(std), [[False, False], [False, True], [False, False]])
    np.testing.assert_array_equal(std[~np.isnan(std)], good[0][~np.isnan(std)])
    assert np.isnan(cov[1]).all()
    np.testing.assert_array_equal(cov[[0, 2]], good[1][[0, 2]])


def test_the_input_is_left_alone_and_may_not_be_written_to():
    x = np.random.default_rng(0).standard_normal((2, 2, 40))
    x.flags.writeable = False
    (signal,) = run([("signal", {})], x)
    np.testing.assert_array_equal(signal, x)


def test_whole_numbers_travel_as_they_are():
    counts = np.random.default_rng(0).integers(-3000, 3000, (3, 2, 40), dtype=np.int16)
    (found,) = run([("std", {})], counts, dtype="float32", chunk=1)
    np.testing.assert_allclose(found, counts.std(axis=-1), rtol=1e-6)


def test_what_has_no_kernel_is_computed_on_the_processor_and_named():
    """It stands on a spectrum that is made on the device."""
    x = np.random.default_rng(0).standard_normal((1, 2, 200)).cumsum(axis=-1)
    with pytest.warns(UserWarning, match="for want of a GPU kernel: aperiodic_knee, modularity"):
        found = run([("aperiodic_knee", {}), ("std", {}), ("modularity", {})], x)
    expected = run([("aperiodic_knee", {}), ("std", {}), ("modularity", {})], x, backend="reference")
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3)


@pytest.mark.parametrize("gain", [2.0**-43, 2.0**40])
def test_fields_in_tesla_are_not_lost_in_single_precision(gain):
    """Shrinkage stands on fourth powers, of which float32 would hold none."""
    x = np.random.default_rng(0).standard_normal((3, 2, 40)).astype(np.float32)
    x[1] = 0.0
    requests = [("covariance", {"estimator": "oas"}), ("log_variance", {}), ("std", {})]
    volts, tesla = run(requests, x), run(requests, x * np.float32(gain))
    np.testing.assert_array_equal(tesla[0], volts[0] * np.float32(gain**2))
    np.testing.assert_allclose(tesla[1], volts[1] + 2 * np.log10(gain), rtol=1e-6)
    np.testing.assert_array_equal(tesla[2], volts[2] * np.float32(gain))


def test_without_a_gpu_it_says_so(monkeypatch):
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(MissingError, match="torch finds no GPU here") as caught:
        run([("std", {})], np.ones((1, 2, 10)))
    assert (caught.value.code, caught.value.exit_status) == ("E-ENVIRONMENT-GPU", 9)


def test_without_triton_it_says_so(kernels, monkeypatch):
    jit = kernels("_jit")
    monkeypatch.setattr(jit, "triton", None)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    with pytest.raises(MissingError, match=r"pip install 'neurocli\[gpu\]'") as caught:
        run([("std", {})], np.ones((1, 2, 10)))
    assert caught.value.code == "E-ENVIRONMENT-TRITON"


def test_an_old_triton_is_told_apart(kernels, monkeypatch):
    """3.3 ends the process over one of the kernels."""
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setattr(kernels("_jit").triton, "__version__", "3.4.0")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    with pytest.raises(MissingError, match=r"Triton, from 3\.5 on, and 3\.4\.0 is installed") as caught:
        run([("std", {})], np.ones((1, 2, 10)))
    assert caught.value.code == "E-ENVIRONMENT-TRITON"


class Kernel:
    """What fails with an error when it is started."""

    def __init__(self, error):
        self.error = error

    def __getitem__(self, _):
        raise self.error


@pytest.mark.parametrize(
    "error",
    [RuntimeError("Failed to find C compiler. Please specify via CC."), CalledProcessError(1, ["gcc"])],
    ids=["no compiler", "no headers"],
)
def test_without_what_builds_triton_s_launcher_it_says_so(kernels, error):
    with pytest.raises(MissingError, match="one of them is missing") as caught:
        kernels("_jit").launch(Kernel(error), (1,))
    assert (caught.value.code, caught.value.exit_status) == ("E-ENVIRONMENT-TRITON", 9)
    assert "Install gcc and python3-dev" in caught.value.remedy


def test_what_else_fails_is_what_it_is(kernels):
    with pytest.raises(RuntimeError, match="out of memory"):
        kernels("_jit").launch(Kernel(RuntimeError("Triton Error [CUDA]: out of memory")), (1,))


def test_kernels_are_compiled_ahead():
    assert [name for name, _ in warm("cuda", dtypes=["float32"], names=["covariance"])] == ["covariance"]
