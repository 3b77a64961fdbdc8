"""Which channel drives which: the transfer functions of a multivariate autoregressive model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ._bands import inside
from .band_power import BANDS
from .define import Given, feature, quantity

if TYPE_CHECKING:
    from pydantic import PositiveInt

    from ..si import Bands, Hertz

DEPENDENT = (
    1e-10  # smallest eigenvalue of the correlation matrix over the number of channels, below which it is singular
)
EXACT = 1e-12  # share of the variance that has to be left over for there to be a noise


@quantity(also=("noise",))
def mvar(x: np.ndarray, *, order: PositiveInt = 5) -> tuple[np.ndarray, np.ndarray]:
    r"""Multivariate autoregressive model of each epoch by least squares, the mean of each channel removed.

    .. math:: x_t = \sum_{k=1}^{p} A_k x_{t-k} + e_t

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
        Signal, in V.
    order : int
        Number p of lags.

    Returns
    -------
    mvar : array, shape (..., order, n_channels, n_channels)
        A_k, from the channel of the column to that of the row.
    noise : array, shape (..., n_channels, n_channels)
        Covariance of e, in V^2. NaN for constant channels, which are not in the model, and for all where nothing is
        left over to be noise.

    Raises
    ------
    InputError
        If channels are linear combinations of others (``E-FEATURES-DEPENDENT``): their model is not unique.

    References
    ----------
    .. [1] Lütkepohl, H. (2005). New introduction to multiple time series analysis. Springer.
    """
    *leading, n_channels, n_times = x.shape
    fits = [_fit(epoch, order) for epoch in x.reshape(-1, n_channels, n_times)]
    coefficients, noise = (np.stack(part) for part in zip(*fits, strict=True))
    return coefficients.reshape(*leading, order, n_channels, -1), noise.reshape(*leading, n_channels, -1)


def _fit(x: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Fit the channels that are not constant, each scaled to variance one so that none is lost to rounding."""
    n = len(x)
    x = x - x[:, :1]
    x = x - x.mean(axis=-1, keepdims=True)
    scale = np.sqrt((x**2).mean(axis=-1))
    moving = np.flatnonzero(scale > 0)
    coefficients, noise = np.zeros((order, n, n)), np.full((n, n), np.nan)
    if not moving.size:
        return coefficients, noise
    fitted, left = _least_squares(x[moving] / scale[moving, None], order)
    units, cells = scale[moving], np.ix_(moving, moving)
    coefficients[:, moving[:, None], moving] = fitted * (units[:, None] / units)
    noise[cells] = left * np.outer(units, units) if _is_noise(left) else np.nan
    return coefficients, noise


def _is_noise(left: np.ndarray) -> bool:
    """Return whether what is left over is more than rounding, in every direction."""
    size = np.sqrt(np.diag(left))
    return bool((size**2 > EXACT).all() and not _is_singular(left / np.outer(size, size)))


def _is_singular(correlation: np.ndarray) -> bool:
    return bool(np.linalg.eigvalsh(correlation)[0] < DEPENDENT * len(correlation))


def _least_squares(x: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients and residual covariance from the triangular factor of lags and signal side by side."""
    n, n_times = x.shape
    _check_rank(x @ x.T / n_times)
    lags = [x[:, order - k : n_times - k].T for k in range(1, order + 1)]
    triangle = np.asarray(np.linalg.qr(np.concatenate([*lags, x[:, order:].T], axis=1), mode="r"))
    left = triangle[n * order :, n * order :]
    solved = np.linalg.solve(triangle[: n * order, : n * order], triangle[: n * order, n * order :])
    return solved.T.reshape(n, order, n).swapaxes(0, 1), left.T @ left / (n_times - order)


def _check_rank(correlation: np.ndarray) -> None:
    if _is_singular(correlation):
        raise InputError(
            "The channels are linear combinations of each other, and a multivariate autoregressive model of them is not"
            " unique.",
            code="E-FEATURES-DEPENDENT",
            remedy="Leave out the average reference and interpolated channels, or pick fewer channels or regions.",
        )


@quantity(also=("whitening", "transfer_freqs"))
def transfer(mvar: np.ndarray, sfreq: float, *, step: Hertz = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Transfer matrix of the multivariate autoregressive model, and its inverse.

    .. math:: H(f) = A(f)^{-1}, \quad A(f) = I - \sum_k A_k e^{-2 \pi i f k / f_s}

    Parameters
    ----------
    mvar : array, shape (..., order, n_channels, n_channels)
        Coefficients.
    sfreq : float
        Hz.
    step : float
        Distance of the frequencies, from one step up to half the sampling rate, in Hz.

    Returns
    -------
    transfer : array, shape (..., n_freqs, n_channels, n_channels)
        H, complex.
    whitening : array, shape (..., n_freqs, n_channels, n_channels)
        A, complex.
    transfer_freqs : array, shape (n_freqs,)
        Hz.

    Raises
    ------
    InputError
        If not one step fits below half the sampling rate (``E-FEATURES-BAND``), as those of EEG do not in functional
        MRI.
    """
    if step > sfreq / 2:
        raise InputError(
            f"Frequencies {step:g} Hz apart have none up to {sfreq / 2:g} Hz, half the sampling rate.",
            code="E-FEATURES-BAND",
            remedy=f"Set `transfer.step` to {sfreq / 64:.2g} Hz or so, and `bands` to frequencies of this signal.",
        )
    order, n_channels = mvar.shape[-3:-1]
    freqs = step * np.arange(1, int(sfreq / 2 / step * (1 + 1e-9)) + 1)
    turns = np.exp(-2j * np.pi / sfreq * np.outer(freqs, np.arange(1, order + 1)))
    sums = np.matmul(turns, mvar.reshape(*mvar.shape[:-2], -1).astype(complex))
    whitening = np.eye(n_channels) - sums.reshape(*mvar.shape[:-3], freqs.size, n_channels, n_channels)
    return np.linalg.inv(whitening), whitening, freqs


def _names(given: Given) -> list[str]:
    return list(given["bands"])


def _fewest(given: Given) -> int:
    """Return how many samples leave more equations than unknowns."""
    order = given["mvar"]["order"]
    return int(order + (order + 1) * given["n_channels"] + 1)


@feature(
    unit="1", per="directed", parts=_names, cost="matrix", min_times=_fewest, source="Kaminski and Blinowska (1991)"
)
def directed_transfer(
    transfer: np.ndarray, transfer_freqs: np.ndarray, noise: np.ndarray, *, bands: Bands = BANDS
) -> np.ndarray:
    r"""Directed transfer function: share of what flows into a channel, by whatever way, that comes from another.

    .. math:: \gamma^2_{j \to i}(f) = \frac{|H_{ij}(f)|^2}{\sum_m |H_{im}(f)|^2}

    meaned over the frequencies of the band.

    Parameters
    ----------
    transfer : array, shape (..., n_freqs, n_channels, n_channels)
        Transfer matrix; ``{mvar: {order: 5}, transfer: {step: 1 Hz}}`` says of what model, and where.
    transfer_freqs : array, shape (n_freqs,)
        Hz.
    noise : array, shape (..., n_channels, n_channels)
        Noise of the model, which tells the constant channels.
    bands : dict of (l_freq, h_freq)
        Name of each band and its edges, both included, in Hz.

    Returns
    -------
    dtf : array, shape (..., n_channels * (n_channels - 1), n_bands)
        Squared, from 0 to 1, the column ``a~b`` from a to b; with the share of a channel in itself they add up to 1
        over what flows into it. NaN where a channel is constant. It depends on the scale of the channels.

    Raises
    ------
    InputError
        If a band holds no frequency (``E-FEATURES-BAND``), or the channels depend on each other
        (``E-FEATURES-DEPENDENT``).

    References
    ----------
    .. [1] Kaminski, M. J. and Blinowska, K. J. (1991). A new method of the description of the information flow in the
       brain structures. Biol. Cybern. 65(3), 203-210.
    """
    power = np.abs(transfer) ** 2
    share = power / power.sum(axis=-1, keepdims=True)
    return _by_band(share, transfer_freqs, noise, bands)


@feature(unit="1", per="directed", parts=_names, cost="matrix", min_times=_fewest, source="Korzeniewska et al. (2003)")
def direct_directed_transfer(
    transfer: np.ndarray,
    whitening: np.ndarray,
    transfer_freqs: np.ndarray,
    noise: np.ndarray,
    *,
    bands: Bands = BANDS,
) -> np.ndarray:
    r"""Direct directed transfer function: what flows from one channel to another without a third between them.

    .. math:: \chi^2_{j \to i}(f) = \frac{|H_{ij}(f)|^2}{\langle \sum_m |H_{im}|^2 \rangle}
        \frac{|P_{ij}(f)|^2}{P_{ii}(f) P_{jj}(f)}, \quad P = A^* \Sigma^{-1} A

    the second factor being the squared partial coherence; meaned over the frequencies of the band.

    Parameters
    ----------
    transfer : array, shape (..., n_freqs, n_channels, n_channels)
        Transfer matrix H; ``{mvar: {order: 5}, transfer: {step: 1 Hz}}`` says of what model, and where.
    whitening : array, shape (..., n_freqs, n_channels, n_channels)
        Its inverse A.
    transfer_freqs : array, shape (n_freqs,)
        Hz.
    noise : array, shape (..., n_channels, n_channels)
        Covariance Sigma of the noise, in V^2.
    bands : dict of (l_freq, h_freq)
        Name of each band and its edges, both included, in Hz.

    Returns
    -------
    ddtf : array, shape (..., n_channels * (n_channels - 1), n_bands)
        Squared, at least 0, the column ``a~b`` from a to b; NaN where a channel is constant.

    Raises
    ------
    InputError
        If a band holds no frequency (``E-FEATURES-BAND``), or the channels depend on each other
        (``E-FEATURES-DEPENDENT``).

    Notes
    -----
    The original divides by the sum over its frequencies where this divides by their mean, from `transfer.step` up to
    half the sampling rate, so that the value does not depend on how many they are.

    References
    ----------
    .. [1] Korzeniewska, A. et al. (2003). Determination of information flow direction among brain structures by a
       modified directed transfer function (dDTF) method. J. Neurosci. Methods 125(1-2), 195-207.
    """
    power = np.abs(transfer) ** 2
    full = power / power.sum(axis=-1, keepdims=True).mean(axis=-3, keepdims=True)
    return _by_band(full * _partial_coherence(whitening, noise), transfer_freqs, noise, bands)


def _partial_coherence(whitening: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Return the squared partial coherence of each two channels; a constant one counts as noise of its own."""
    size = np.sqrt(np.diagonal(noise, axis1=-2, axis2=-1))
    known = np.isfinite(size)
    size = np.where(known, size, 1.0)
    scaled = noise / (size[..., :, None] * size[..., None, :])
    both = known[..., :, None] & known[..., None, :]
    inverse = np.linalg.inv(np.where(both, scaled, np.eye(noise.shape[-1])))[..., None, :, :]
    whitening = whitening / size[..., None, :, None]
    inverse_spectrum = whitening.conj().swapaxes(-1, -2) @ inverse @ whitening
    own = np.diagonal(inverse_spectrum, axis1=-2, axis2=-1).real
    return np.abs(inverse_spectrum) ** 2 / (own[..., :, None] * own[..., None, :])


def _by_band(
    flow: np.ndarray, freqs: np.ndarray, noise: np.ndarray, bands: dict[str, tuple[float, float]]
) -> np.ndarray:
    """Return the mean over each band of flow (..., n_freqs, to, from), as (..., from and to, n_bands)."""
    n_channels = flow.shape[-1]
    means = [flow[..., inside(freqs, band), :, :].mean(axis=-3) for band in bands.values()]
    known = np.isfinite(np.diagonal(noise, axis1=-2, axis2=-1))
    both = (known[..., :, None] & known[..., None, :])[..., None]
    from_to = np.where(both, np.stack(means, axis=-1).swapaxes(-3, -2), np.nan)
    return from_to[..., ~np.eye(n_channels, dtype=bool), :]
