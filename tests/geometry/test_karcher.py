"""The Riemannian mean of ill-conditioned matrices, where gradient steps crawl."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.geometry import karcher, spd


def ill_conditioned(n, size=12, decades=6, seed=0):
    """Return matrices whose eigenvalues span `decades`, in directions of their own."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(np.eye(size) + 0.3 * rng.normal(size=(n, size, size)))[0]
    values = 10 ** (np.linspace(-decades, 0, size) + rng.normal(scale=0.3, size=(n, size)))
    X = (Q * values[:, None, :]) @ Q.swapaxes(1, 2)
    return (X + X.swapaxes(1, 2)) / 2


@pytest.mark.parametrize("n", [20, 200])
def test_it_is_found_in_few_decompositions(n, monkeypatch):
    X, passes = ill_conditioned(n), []
    mean_of_logs = karcher.mean_of_logs

    def counted(values, vectors):
        passes.append(len(values) / n)
        return mean_of_logs(values, vectors)

    monkeypatch.setattr(karcher, "mean_of_logs", counted)
    M = karcher.riemannian_mean(X)
    W = spd.inverse_root(M)
    assert np.linalg.norm(mean_of_logs(*np.linalg.eigh(spd.congruence(W, X)))) < 1e-5
    assert sum(passes) < 12


@pytest.mark.parametrize("n", [9, 160])
@pytest.mark.parametrize("seed", range(5))
def test_the_step_that_is_not_looked_at_again_led_there(n, seed):
    X = ill_conditioned(n, decades=2, seed=seed)
    W = spd.inverse_root(karcher.riemannian_mean(X))
    assert np.linalg.norm(spd.mean_of_logs(*np.linalg.eigh(spd.congruence(W, X)))) <= 1e-8


def test_newton_solves_its_equation():
    """Oracle: the Hessian written out as a matrix, column by column."""
    rng = np.random.default_rng(0)
    values, vectors = np.linalg.eigh(ill_conditioned(6, size=4, decades=2))
    S = rng.normal(size=(4, 4))
    J = S + S.T
    logs = np.log(values)
    D = karcher._newton(J, logs, vectors, accuracy=1e-12)
    half = (logs[:, :, None] - logs[:, None, :]) / 2
    K = np.where(np.abs(half) < 1e-12, 1.0, half / np.tanh(np.where(half == 0, 1.0, half)))
    image = np.mean([Q @ (k * (Q.T @ D @ Q)) @ Q.T for k, Q in zip(K, vectors, strict=True)], axis=0)
    assert np.allclose(image, J, atol=1e-9)


def test_commuting_matrices_have_the_geometric_mean():
    """Closed form: exp of the mean logarithm."""
    values = np.random.default_rng(0).uniform(0.1, 10, size=(30, 5))
    X = np.stack([np.diag(v) for v in values])
    assert np.allclose(karcher.riemannian_mean(X), np.diag(np.exp(np.log(values).mean(axis=0))), rtol=1e-9)


def test_two_matrices_have_the_midpoint_of_their_geodesic():
    """Closed form: A # B = A^1/2 (A^-1/2 B A^-1/2)^1/2 A^1/2."""
    A, B = ill_conditioned(2, decades=3)
    root, inverse = spd.function_of(A, np.sqrt), spd.inverse_root(A)
    expected = root @ spd.function_of(inverse @ B @ inverse, np.sqrt) @ root
    found = karcher.riemannian_mean(np.stack([A, B]))
    assert np.allclose(found, expected, atol=1e-7 * np.abs(expected).max())
