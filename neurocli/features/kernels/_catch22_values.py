"""Of the 22: those of the values, of neighbouring values, and of the symbols that they fall into."""

from __future__ import annotations

import numpy as np

from ._bits import exact_kernel, fast_kernel, kernel, wide

N_SYMBOLS = 5  # the most that any of them asks for


@kernel
def fill_edges(low: float, high: float, n_bins: int, bounds: np.ndarray) -> None:
    """Fill the edges of bins of equal width, all a millionth of a bin too low but the last."""
    width = (high - low) / n_bins
    for k in range(n_bins):
        bounds[k] = low + k * width - 1e-6 * width
    bounds[n_bins] = high + 1e-6 * width


@exact_kernel
def _mode(z: np.ndarray, bounds: np.ndarray, counts: np.ndarray, n_bins: int) -> float:
    """Count what each inner edge has at or above it: that vectorises, and neighbours differ by what is in a bin."""
    wide()
    counts[0] = z.size
    for k in range(1, n_bins):
        above = 0
        for i in range(z.size):
            above += z[i] >= bounds[k]
        counts[k] = above
        counts[k - 1] -= above
    most, total, n_fullest = 0, 0.0, 0
    for k in range(n_bins):
        most = max(most, int(counts[k]))
    for k in range(n_bins):
        if counts[k] == most:
            total += (bounds[k] + bounds[k + 1]) / 2
            n_fullest += 1
    return total / n_fullest


@exact_kernel
def _fifths(z: np.ndarray, bounds: np.ndarray, symbols: np.ndarray) -> None:
    wide()
    b1, b2, b3, b4 = bounds[1], bounds[2], bounds[3], bounds[4]
    for i in range(z.size):
        symbols[i] = np.int64(z[i] >= b1) + np.int64(z[i] >= b2) + np.int64(z[i] >= b3) + np.int64(z[i] >= b4)


@kernel
def _share(ordered: np.ndarray, share: float) -> float:
    """Return the value below which a share of the ordered samples lies, on the line between two of them."""
    place = ordered.size * share - 0.5
    low = int(np.floor(place))
    return ordered[low] + (place - low) * (ordered[low + 1] - ordered[low])


@exact_kernel
def _thirds(z: np.ndarray, ordered: np.ndarray, symbols: np.ndarray) -> None:
    wide()
    low, high = _share(ordered, 1 / 3), _share(ordered, 1 / 3 + 1 / 3)
    for i in range(z.size):
        symbols[i] = np.int64(z[i] > low) + np.int64(z[i] > high)


@exact_kernel
def _meetings(symbols: np.ndarray, n: int, apart: int, counts: np.ndarray) -> None:
    """Count how often each symbol meets each so many samples later, among the first n."""
    counts[:] = 0
    for i in range(n - apart):
        counts[symbols[i], symbols[i + apart]] += 1


@exact_kernel
def _entropy(counts: np.ndarray, n: int) -> float:
    """Return the entropy of the nine pairs, with Miller and Madow's correction."""
    entropy, n_kinds = 0.0, 0
    for k in range(9):
        if counts[k // 3, k % 3] > 0:
            p = counts[k // 3, k % 3] / n
            entropy -= p * np.log(p)
            n_kinds += 1
    return entropy + max(n_kinds - 5, 0) / (2.0 * n)


@exact_kernel
def _information(counts: np.ndarray, n: int) -> float:
    """Return the mutual information of five symbols and five, less the bias of Miller and Madow."""
    information, known = 0.0, 1
    rows, columns = np.zeros(N_SYMBOLS, np.int64), np.zeros(N_SYMBOLS, np.int64)
    for i in range(N_SYMBOLS):
        for j in range(N_SYMBOLS):
            rows[i] += counts[i, j]
            columns[j] += counts[i, j]
    for i in range(N_SYMBOLS):
        known -= int(rows[i] > 0) + int(columns[i] > 0)
        for j in range(N_SYMBOLS):
            if counts[i, j] > 0:
                p = counts[i, j] / n
                information += p * np.log(p / ((rows[i] / n) * (columns[j] / n)))
                known += 1
    return information - known / (2.0 * n)


@exact_kernel
def _spread_of_columns(counts: np.ndarray, n: int) -> float:
    """Return the sum of the variances (ddof 1) of the three columns."""
    total = 0.0
    for j in range(3):
        a, b, c = counts[0, j] / n, counts[1, j] / n, counts[2, j] / n
        mean = (a + b + c) / 3
        total += ((a - mean) ** 2 + (b - mean) ** 2 + (c - mean) ** 2) / 2
    return total


@exact_kernel
def transition_variances(z: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    """Return the summed variances of the transitions between thirds; (n_series,)."""
    found = np.empty(z.shape[0])
    symbols, counts = np.empty(z.shape[1], np.int64), np.empty((3, 3), np.int64)
    for s in range(z.shape[0]):
        _thirds(z[s], ordered[s], symbols)
        _meetings(symbols, z.shape[1], 1, counts)
        found[s] = _spread_of_columns(counts, z.shape[1] - 1)
    return found


@exact_kernel
def _stretch_high(z: np.ndarray) -> float:
    total, run, longest = 0.0, 0, 0
    for i in range(z.size):
        total += z[i]
    mean = total / z.size
    for i in range(z.size):
        run = run + 1 if z[i] - mean > 0 else 0
        longest = max(longest, run)
    return float(longest)


@exact_kernel
def _stretch_decreasing(z: np.ndarray) -> float:
    run, longest = 0, 0
    for i in range(z.size - 1):
        run = run + 1 if z[i + 1] <= z[i] else 0
        longest = max(longest, run)
    return float(longest)


@exact_kernel
def _high_fluctuation(z: np.ndarray) -> float:
    wide()
    n = 0
    for i in range(z.size - 1):
        n += abs(z[i + 1] - z[i]) * 1000 > 40
    return n / (z.size - 1)


@fast_kernel
def _trev(z: np.ndarray) -> float:
    wide()
    total = 0.0
    for i in range(z.size - 1):
        step = z[i + 1] - z[i]
        total += step * step * step
    return total / (z.size - 1)


@fast_kernel
def _forecast_error(z: np.ndarray) -> float:
    wide()
    n, total, square = z.size - 3, 0.0, 0.0
    for i in range(n):
        total += z[i + 3] - (z[i] + z[i + 1] + z[i + 2]) / 3
    mean = total / n
    for i in range(n):
        away = z[i + 3] - (z[i] + z[i + 1] + z[i + 2]) / 3 - mean
        square += away * away
    return np.sqrt(square / (n - 1))


@exact_kernel
def of_values(z: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    """Return the ten of them, as `catch22_values.OF_VALUES` names them; ordered is z, each series sorted."""
    n = z.shape[1]
    found = np.empty((z.shape[0], 10))
    bounds, bins, symbols = np.empty(11), np.empty(10, np.int64), np.empty(n, np.int64)
    pairs, meetings = np.empty((3, 3), np.int64), np.empty((N_SYMBOLS, N_SYMBOLS), np.int64)
    for s in range(z.shape[0]):
        one, low, high = z[s], ordered[s, 0], ordered[s, n - 1]
        fill_edges(low, high, 10, bounds)
        found[s, 0] = _mode(one, bounds, bins, 10)
        fill_edges(low, high, N_SYMBOLS, bounds)
        found[s, 1] = _mode(one, bounds, bins, N_SYMBOLS)
        _fifths(one, bounds, symbols)
        _meetings(symbols, n, 2, meetings)
        found[s, 2] = _information(meetings, n - 2)
        _thirds(one, ordered[s], symbols)
        _meetings(symbols, n, 1, pairs)
        found[s, 3], found[s, 4] = _entropy(pairs, n - 1), _spread_of_columns(pairs, n - 1)
        found[s, 5], found[s, 6] = _stretch_high(one), _stretch_decreasing(one)
        found[s, 7], found[s, 8], found[s, 9] = _high_fluctuation(one), _trev(one), _forecast_error(one)
    return found
