"""Two pipelines on the same folds or subjects, and whether one is better."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import nan, sqrt

import numpy as np
from scipy import stats

EXACT = 13  # subjects up to which all sign flips are tried
FLIPS = 10_000
MANY = 20  # subjects from which Wilcoxon's test is used


@dataclass(frozen=True)
class Test:
    """Outcome of a test of paired differences.

    Parameters
    ----------
    statistic : float
        Its statistic.
    p : float
        One-sided: that the differences are not above 0.
    effect : float
        Mean difference over its standard deviation.
    """

    statistic: float
    p: float
    effect: float


def corrected_t(differences: np.ndarray, n_train: float, n_test: float) -> Test:
    r"""Return the corrected resampled t test of differences over the folds of one cross-validation.

    .. math:: t = \bar d / \sqrt{\sigma^2 (1 / k + n_\mathrm{test} / n_\mathrm{train})}

    Folds share training samples, so the usual t test finds too many differences.

    Parameters
    ----------
    differences : array, shape (n_folds,)
        Score of one pipeline minus that of the other, fold by fold (of all repeats).
    n_train, n_test : float
        Mean number of samples of the two sides.

    References
    ----------
    .. [1] Nadeau, C., & Bengio, Y. (2003). Inference for the generalization error. Mach. Learn. 52, 239-281.
    """
    k = len(differences)
    if k < 2:
        return Test(nan, nan, nan)
    mean, variance = float(np.mean(differences)), float(np.var(differences, ddof=1))
    if variance == 0:
        return Test(nan, nan, nan)
    t = mean / sqrt(variance * (1 / k + n_test / n_train))
    return Test(t, float(stats.t.sf(t, k - 1)), _effect(differences))


def sign_flip(differences: np.ndarray, rng: np.random.Generator) -> Test:
    """Return the sign-flip test of differences of subjects, as MOABB does it.

    All flips up to 13 subjects, 10,000 random ones up to 19, Wilcoxon's signed-rank test from 20 on.

    Parameters
    ----------
    differences : array, shape (n_subjects,)
        Mean score of one pipeline minus that of the other, subject by subject.
    rng : Generator
        Draws flips.

    References
    ----------
    .. [1] Jayaram, V., & Barachant, A. (2018). MOABB: trustworthy algorithm benchmarking for BCIs. J. Neural
       Eng. 15(6).
    """
    d = np.asarray(differences, dtype=float)
    if len(d) >= MANY:
        found = stats.wilcoxon(d, alternative="greater")
        return Test(float(found.statistic), float(found.pvalue), _effect(d))
    exact = len(d) <= EXACT
    signs = np.array(list(product([-1, 1], repeat=len(d)))) if exact else rng.choice([-1, 1], size=(FLIPS, len(d)))
    above = 1 + int(np.sum(signs @ d > d.sum() + 1e-12 * np.abs(d).sum()))
    return Test(float(d.sum()), min(above, len(signs) - 1) / len(signs), _effect(d))


def _effect(differences: np.ndarray) -> float:
    spread = float(np.std(differences))
    return float(np.mean(differences)) / spread if spread > 0 else nan


def over_datasets(tests: list[Test], n_subjects: list[int]) -> Test:
    """Return the meta-analysis of a comparison over datasets: Stouffer's method, each weighing as sqrt(n).

    Parameters
    ----------
    tests : list of Test
        One a dataset.
    n_subjects : list of int
        Their sizes.
    """
    weight = np.sqrt(n_subjects)
    z, p = stats.combine_pvalues([test.p for test in tests], method="stouffer", weights=weight)
    effect = float(weight @ [test.effect for test in tests] / weight.sum())
    return Test(float(z), float(p), effect)


def bayesian_signed_rank(
    differences: np.ndarray, rng: np.random.Generator, *, rope: float = 0.0, n_draws: int = 20_000
) -> dict[str, float]:
    """Return the posterior probabilities that one pipeline is worse, equal for practice, or better.

    Parameters
    ----------
    differences : array, shape (n,)
        Differences of scores, by dataset or subject.
    rng : Generator
        Draws from the Dirichlet posterior.
    rope : float
        Half-width of what counts as equal.
    n_draws : int
        Number of draws.

    Returns
    -------
    probabilities : dict
        ``worse``, ``equal``, ``better``; they add up to 1.

    References
    ----------
    .. [1] Benavoli, A., et al. (2017). Time for a change: a tutorial for comparing multiple classifiers through
       Bayesian analysis. J. Mach. Learn. Res. 18(77), 1-36.
    """
    z = np.append(0.0, differences)  # the prior's pseudo-observation, of weight 1/2
    walsh = z[:, None] + z[None, :]
    weight = rng.dirichlet(np.append(0.5, np.ones(len(differences))), size=n_draws)
    share = [np.einsum("di,ij,dj->d", weight, side, weight, optimize=True) for side in _sides(walsh, 2 * rope)]
    winner = np.argmax(share, axis=0)
    found = np.bincount(winner, minlength=3) / n_draws
    return dict(zip(("worse", "equal", "better"), map(float, found), strict=True))


def _sides(walsh: np.ndarray, rope: float) -> list[np.ndarray]:
    worse, better = (walsh < -rope).astype(float), (walsh > rope).astype(float)
    equal = 1 - worse - better
    if rope == 0:  # what is exactly 0 speaks for both sides alike
        return [worse + equal / 2, np.zeros_like(walsh), better + equal / 2]
    return [worse, equal, better]
