"""What an interpreter allows and a card refuses: long grids, many matrices at once, programs beyond the registers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

SFREQ = 100.0
LONGEST = 65535  # of the second and of the third axis of a grid
NOISE = np.random.default_rng(0)


def noise(*shape: int) -> torch.Tensor:
    return torch.from_numpy(NOISE.standard_normal(shape).astype(np.float32))


@pytest.fixture
def started(monkeypatch):
    """Return a function that makes a module start nothing, and the list of what it would have started."""
    found = []

    def watch(module):
        monkeypatch.setattr(module, "launch", noted)
        return found

    def noted(_, grid, *arguments, **options):  # noqa: ARG001
        found.append((grid, options))

    return watch


def test_a_long_recording_has_more_segments_than_a_grid_has_room_for(kernels, started):
    found = started(kernels("spectrum"))
    power, freqs = kernels("spectrum").psd(noise(1, 1, LONGEST + 3), SFREQ, segment=0.02)
    assert (power.shape, freqs.tolist()) == ((1, 1, 2), [0.0, 50.0])
    assert found[0][0][0] == LONGEST + 2
    assert max(max(grid[1:], default=1) for grid, _ in found) <= LONGEST


def test_so_have_many_short_epochs(kernels, started):
    module = kernels("spectral_connectivity")
    started(kernels("spectrum"))
    found = started(module)
    x = noise(1, 2, 8).expand(LONGEST + 1, 2, 8)
    module.cross_spectra(x, SFREQ, segment=0.04, bandwidth=50.0, bands={"all": (0.0, 50.0)})
    assert found[-1][0][0] == LONGEST + 1
    assert max(max(grid[1:], default=1) for grid, _ in found) <= LONGEST


def test_the_sum_over_many_segments_loses_no_digits(kernels):
    """It is in float64; a thousand additions in float32 would lose the sixth."""
    where = kernels("_jit").device()
    power, squares = torch.empty((1, 1), device=where), torch.full((1, 1000, 1, 2), 0.1, device=where)
    kernels("_jit").module.launch(
        kernels("spectrum")._summed, (1, 1), squares, power, 1000, 1, -1, BLOCK=1, num_warps=1
    )
    np.testing.assert_allclose(power.item(), 1000 * np.float32(0.1) ** 2, rtol=1.2e-7)


def test_the_solver_gets_no_more_matrices_than_it_takes(kernels, monkeypatch):
    module, before, asked = kernels("_eigen"), torch.linalg.eigvalsh, []

    def watched(a):
        asked.append(len(a))
        return before(a)

    monkeypatch.setattr(torch.linalg, "eigvalsh", watched)
    assert module.TOGETHER < 2**15
    monkeypatch.setattr(module, "TOGETHER", 2)
    a = noise(5, 9, 9).double()
    found = module.small_eigenvalues(a + a.mT)
    assert asked == [2, 2, 1]
    np.testing.assert_allclose(found, before(a + a.mT), rtol=0, atol=1e-12)


@pytest.mark.parametrize("order", [8, 32, 50])
def test_a_program_of_levinsons_recursion_fits_the_registers(kernels, started, order):
    module = kernels("autoregressive")
    found = started(module)
    module._yule_walker(noise(40, 200), torch.zeros(40, dtype=torch.float64), order)
    sizes = found[-1][1]
    assert sizes["BLOCK"] * sizes["WIDTH"] ** 2 <= 2**12
    assert found[-1][0][0] * sizes["BLOCK"] >= 40


def test_prediction_by_many_coefficients_is_the_references(kernels):
    """Several programs, of one series each."""
    from neurocli.features.autoregressive import ar

    x = noise(1, 2, 400)
    found = kernels("autoregressive").ar(x, kernels("statistics").fused_statistics(x), order=40)
    expected = ar(x.numpy().astype(float), order=40)
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-9 * np.abs(expected).max())


def test_as_many_series_are_counted_at_once_as_their_patterns_have_room(kernels, monkeypatch):
    """Nine samples have 362880 orders; the counts of 10000 series would fill a card."""
    module, asked = kernels("permutation_entropy"), []

    def counts(x, *_):
        asked.append(len(x))
        return torch.ones((len(x), 1), dtype=torch.int64)

    monkeypatch.setattr(module, "pattern_counts", counts)
    entropy = module.permutation_entropy(noise(10, 10, 20), order=9)
    assert entropy.shape == (10, 10)
    assert (max(asked), sum(asked)) == (23, 100)


def test_few_patterns_are_counted_by_no_more_threads_than_there_are(kernels, started):
    """Else some Tritons count what several threads hold more than once."""
    found = started(kernels("permutation_entropy"))
    kernels("permutation_entropy").pattern_counts(noise(2, 9), 3, 1)
    assert found[0][1]["BLOCK"] >= 32 * found[0][1]["num_warps"]


def test_tables_of_long_recordings_are_not_kept(kernels):
    """Each recording has another length, and so other tables: they would pile up on the card."""
    jit = kernels("_jit")
    small, large = np.arange(7.0), np.arange(2**17 + 1.0)
    before = jit._table.cache_info().misses
    for values in (small, large):
        np.testing.assert_array_equal(jit.table(values, noise(1), torch.float64).cpu(), values)
    assert jit._table.cache_info().misses == before + 1
    assert jit.module.table(small, noise(1), torch.float64) is jit.module.table(small, noise(1), torch.float64)


def test_small_windows_of_a_drifting_series_do_not_drown_in_its_walk(kernels):
    """In differences of sums over the whole walk they lose a digit for each doubling or so of a long recording."""
    from neurocli.features.fluctuation import dfa_exponent

    x = NOISE.standard_normal((1, 1, 1200)).cumsum(axis=-1) + np.arange(1200)
    found = kernels("fluctuation").dfa_exponent(torch.from_numpy(x))
    np.testing.assert_allclose(found.numpy(), dfa_exponent(x), rtol=0, atol=1e-11)
