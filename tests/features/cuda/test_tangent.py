"""Batched rotations: LAPACK is the oracle of the decomposition, `geometry` of what stands on it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from neurocli.geometry.karcher import riemannian_mean
from neurocli.geometry.tangent import tangent_vectors


def covariances(n_matrices: int, n: int, n_times: int = 60) -> np.ndarray:
    x = np.random.default_rng(n).standard_normal((n_matrices, n, n_times)).cumsum(axis=1)
    return x @ x.swapaxes(1, 2) / n_times


def check(values, vectors, a):
    """Hold a decomposition against LAPACK, and to what it means: vectors may differ, in sign and among equal values."""
    values, vectors, scale = values.numpy(), vectors.numpy(), np.abs(a).max() or 1.0
    np.testing.assert_allclose(values, np.linalg.eigvalsh(a), rtol=0, atol=2e-13 * scale)
    np.testing.assert_allclose((vectors * values[:, None]) @ vectors.swapaxes(1, 2), a, rtol=0, atol=1e-13 * scale)
    identity = np.broadcast_to(np.eye(a.shape[-1]), a.shape)
    np.testing.assert_allclose(vectors.swapaxes(1, 2) @ vectors, identity, rtol=0, atol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 3, 6, 9])
def test_the_decomposition_is_lapacks(kernels, n):
    """Of odd and even sizes, several matrices a program."""
    a = covariances(3, n)
    check(*kernels("_jacobi").eigh(torch.from_numpy(a)), a)


def test_two_blocks_that_meet_are_one_matrix_for_the_kernel(kernels):
    """Seven rows in blocks of two, the last filled up."""
    a = covariances(2, 7)
    check(*kernels("_jacobi").eigh(torch.from_numpy(a), most=4), a)


@pytest.mark.parametrize(
    "a",
    [
        np.zeros((4, 4)),
        3.0 * np.eye(5),
        np.ones((4, 4)),
        -covariances(1, 4)[0],
        1e-200 * covariances(1, 3)[0],
        np.diag([1e-12, 1.0, 1e12, 1.0]) + 1e-9,
        np.kron(np.eye(3), [[0.0, 1.0], [1.0, 0.0]]),
    ],
    ids=["zero", "one value", "rank one", "negative", "tiny", "graded", "equal values"],
)
def test_what_is_special_is_decomposed_too(kernels, a):
    check(*kernels("_jacobi").eigh(torch.from_numpy(a[None])), a[None])


def test_single_precision_is_turned_in_double(kernels):
    a = covariances(1, 4).astype(np.float32)
    check(*kernels("_jacobi").eigh(torch.from_numpy(a)), a.astype(float))


def test_matrices_end_when_the_last_of_them_is_diagonal(kernels):
    """One is diagonal from the first, and is left as it is."""
    a = np.stack([np.diag([3.0, 1.0, 2.0, 5.0]), covariances(1, 4)[0]])
    values, vectors = kernels("_jacobi").eigh(torch.from_numpy(a))
    check(values, vectors, a)
    np.testing.assert_array_equal(values[0].numpy(), [1.0, 2.0, 3.0, 5.0])


@pytest.mark.parametrize("n", [2, 4, 10])
def test_everybody_meets_everybody_once(kernels, n):
    pairs = kernels("_jacobi")._tournament(n).swapaxes(1, 2).reshape(-1, 2)
    assert sorted(map(tuple, pairs.tolist())) == [(i, j) for i in range(n) for j in range(i + 1, n)]


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-11), ("float32", 1e-4)])
def test_tangent_vectors_are_those_of_the_processor(kernels, dtype, tolerance):
    cov = covariances(2, 3).astype(dtype)
    reference = cov.astype(float).mean(axis=0)
    found = kernels("_tangent").tangent_vectors(torch.from_numpy(cov), torch.from_numpy(reference))
    assert found.dtype == torch.from_numpy(cov).dtype
    expected = tangent_vectors(cov.astype(float), reference)
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=tolerance * np.abs(expected).max())


@pytest.mark.slow
def test_the_riemannian_mean_is_that_of_the_processor(kernels):
    cov = covariances(3, 3)
    found = kernels("_tangent").riemannian_mean(torch.from_numpy(cov)).numpy()
    expected = riemannian_mean(cov)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7 * np.abs(expected).max())


def test_at_its_own_mean_the_mean_vector_vanishes(kernels):
    vectors = kernels("_tangent").at_riemannian_mean(torch.from_numpy(covariances(3, 2)))
    np.testing.assert_allclose(vectors.mean(dim=0).numpy(), 0.0, atol=1e-7)
