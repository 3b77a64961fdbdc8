"""Time features on the GPU: resident data, device events, the median of twenty, the roofline beside it.

The roofline is the least time that a H100 needs on paper: from what must be read and computed for the whole workload.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import numpy as np
import torch

from .. import catalogue, workload
from ..engine import compute
from ..peers._row import Row, each_epoch
from ..requests import prepare
from ._jit import device, interpreted, versions
from ._memo import DeviceMemo, to_host
from ._tangent import at_arithmetic_mean, at_riemannian_mean

BYTES_A_SECOND, FLOPS, INSTRUCTIONS = 3.0e12, 6.0e13, 3.0e13  # of a H100: copy, float32 fused, simple instructions
DOUBLE = 3.0e13  # float64 fused
WHOLE = 200  # epochs of the workload that the figures below are for
ONE_PASS = 51.2e6  # bytes of it, in float32
# row -> bytes to be moved, operations, how many of them a second
FLOORS: dict[str, tuple[float, float, float]] = {
    **dict.fromkeys(("statistics", "katz_petrosian", "higuchi_k10", "dwt_db4", "avalanches"), (ONE_PASS, 1e9, FLOPS)),
    **dict.fromkeys(("permutation_entropy_o3", "permutation_entropy_o5"), (ONE_PASS, 1e8, INSTRUCTIONS)),
    **dict.fromkeys(("ar_yule_walker", "ar_burg", "svd_entropy_o3", "svd_entropy_e10"), (ONE_PASS, 1e9, FLOPS)),
    **dict.fromkeys(("welch_bands", "spectral_entropy", "spectral_edge"), (ONE_PASS, 3.6e9, FLOPS)),
    "multitaper": (ONE_PASS, 2.2e9, FLOPS),
    "sample_entropy": (ONE_PASS, 6.4e9 * 3.5, INSTRUCTIONS),
    "approximate_entropy": (ONE_PASS, 6.4e9 * 4.5, INSTRUCTIONS),
    "lempel_ziv": (ONE_PASS, 4.5e9, INSTRUCTIONS),
    "dfa": (ONE_PASS, 3e8, FLOPS),
    "hurst": (ONE_PASS, 3.1e9, FLOPS),
    "hilbert": (4e8, 1e9, FLOPS),
    "phase_pairs": (4e8, 6.5e9, FLOPS),
    "pac_tort": (2.1e9, 1e9, FLOPS),
    "morlet_20": (ONE_PASS, 1.2e10, FLOPS),
    "cov_lwf": (ONE_PASS, 1.6e9, FLOPS),
    "cov_lwf_tangent": (ONE_PASS, 1.6e9 + 8 * 1.1e9, FLOPS),  # seven steps of the mean, and the vectors
    "augmented_cov": (ONE_PASS, 6.6e9, FLOPS),
    "augmented_cov_tangent": (ONE_PASS, 6.6e9 + 7.0e10, FLOPS),  # 200 decompositions of 256 rows
    "aperiodic": (ONE_PASS, 3.2e10, DOUBLE),  # some fifty steps of 77 points and up to 18 unknowns
    "spectral_connectivity_epochs": (ONE_PASS, 8e9, FLOPS),
    "irasa": (ONE_PASS, 34 * 4e8, FLOPS),  # Welch's spectrum by FFT at 17 factors, up and down
    "catch22": (ONE_PASS, 3e9, FLOPS),  # two FFT of twice the length for the autocorrelation; all else is less
}


def _end_to_end(x: torch.Tensor) -> torch.Tensor:
    """Return epochs as the segments of one."""
    return x.swapaxes(0, 1).reshape(1, x.shape[1], -1)


# row -> what it makes of the epochs first
BEFORE: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {"spectral_connectivity_epochs": _end_to_end}
# row -> what it goes on to after its features
FURTHER: dict[str, Callable[[Any], torch.Tensor]] = {
    "cov_lwf_tangent": at_riemannian_mean,
    "augmented_cov_tangent": at_arithmetic_mean,
}
COMPARED = 3  # epochs that the reference computes too


@dataclass(frozen=True)
class OnDevice:
    """One measured row; times are of the whole workload, in ms.

    `stays` names what had no kernel; `complete` is False where the row goes on, on the processor, after its features.
    """

    name: str
    backend: str
    device_ms: float
    floor: Roofline
    cpu_ms: float
    wall_ms: float
    peer: None
    peer_cpu_ms: None
    max_rel_err: float
    bold: bool
    stays: tuple[str, ...]
    complete: bool

    @property
    def times(self) -> float | None:
        """How many times the roofline it took."""
        return self.device_ms / self.floor.roofline_ms if self.floor.roofline_ms else None

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON, the roofline's figures among the others."""
        own = {key: value for key, value in asdict(self).items() if key != "floor"}
        return {**own, **asdict(self.floor), "times_roofline": self.times}


@dataclass(frozen=True)
class Roofline:
    """The least that a row needs on paper: time in ms, bytes to be moved, operations, and what bounds it."""

    roofline_ms: float | None = None
    bytes_moved: float | None = None
    operations: float | None = None
    bound: str | None = None


def roofline(name: str, n_epochs: int) -> Roofline:
    """Return the roofline of a row; an empty one for a row without figures."""
    if name not in FLOORS:
        return Roofline()
    moved, operations, rate = FLOORS[name]
    share, times = n_epochs / WHOLE, (moved / BYTES_A_SECOND, operations / rate)
    bound = "memory" if times[0] >= times[1] else "compute"
    return Roofline(1e3 * max(times) * share, moved * share, operations * share, bound)


def measure(
    rows: Sequence[Row],
    n_epochs: int = WHOLE,
    dtype: str = "float32",
    repeats: int = 20,
    failed: dict[str, str] | None = None,
) -> Iterator[OnDevice]:
    """Yield each row as it is measured.

    Parameters
    ----------
    rows : sequence of Row
        What to time.
    n_epochs : int
        Epochs of the workload.
    dtype : str
        Of the signal on the device.
    repeats : int
        Of which the median counts; what has no kernel is run once, for the processor takes seconds.
    failed : dict of str, optional
        Takes the name of a row that fails and why; the others are measured all the same. Without it the error is
        raised.

    Raises
    ------
    MissingError
        Without a GPU.
    """
    where = device()
    signal = workload.make(n_epochs, dtype=dtype)
    x = torch.from_numpy(signal).to(where)
    for row in rows:
        try:
            measured = _row(row, x, signal, repeats)
        except Exception as error:  # a kernel that this card cannot start should not cost the figures of the others
            if failed is None:
                raise
            failed[row.name] = f"{type(error).__name__}: {error}"
        else:
            yield measured


def _row(row: Row, x: torch.Tensor, signal: np.ndarray, repeats: int) -> OnDevice:
    names = tuple(f"E{i}" for i in range(x.shape[1]))
    before = BEFORE.get(row.name, torch.Tensor.contiguous)
    requests = prepare(row.requests, tuple(before(x[:COMPARED]).shape), workload.SFREQ, names)

    def work(part: torch.Tensor) -> list[Any]:
        memo = DeviceMemo(before(part), workload.SFREQ, names)
        values = [memo.feature(request) for request in requests]
        return [FURTHER[row.name](value) for value in values] if row.name in FURTHER else values

    found = [to_host(value) for value in work(x[:COMPARED])]
    error = max(_disagreement(a, b) for a, b in zip(found, _expected(row, signal[:COMPARED], names), strict=True))
    twins = {request.feature.name: catalogue.twin("cuda", request.feature.name, request.given) for request in requests}
    stays = tuple(name for name, twin in twins.items() if twin is None or twin.backend != "cuda")
    warm, counted = (0, 1) if stays else (2, repeats)  # the first compile, and fill caches
    spent = [_timed(work, x) for _ in range(warm + counted)][warm:]
    on_device, cpu, wall = (median(times) for times in zip(*spent, strict=True))
    floor, complete = roofline(row.name, len(x)), row.ours is each_epoch or row.name in {*BEFORE, *FURTHER}
    return OnDevice(
        row.name, "cuda", on_device, floor, cpu, wall, None, None, error, row.bold, stays, complete
    )  # fmt: skip


def _expected(row: Row, signal: np.ndarray, names: Sequence[str]) -> list[np.ndarray]:
    """Return what the reference makes of a row; of one whose end the device lacks, the features alone."""

    def computed(x: np.ndarray) -> list[np.ndarray]:
        found = compute(x, workload.SFREQ, row.requests, ch_names=names, backend="reference")
        return [block.values for block in found]

    return row.ours(signal, computed) if row.name in {*BEFORE, *FURTHER} else computed(signal)


def _timed(work: Callable[[torch.Tensor], Any], x: torch.Tensor) -> tuple[float, float, float]:
    """Return what one run takes in ms: between events of the device, of the processor, and on the wall."""
    if x.device.type == "cuda":
        torch.cuda.synchronize()
        events = [torch.cuda.Event(enable_timing=True) for _ in range(2)]  # type: ignore[no-untyped-call]
        events[0].record()
    cpu, wall = time.process_time(), time.perf_counter()
    work(x)
    cpu = 1e3 * (time.process_time() - cpu)
    if x.device.type != "cuda":
        wall = 1e3 * (time.perf_counter() - wall)
        return wall, cpu, wall
    events[1].record()
    torch.cuda.synchronize()
    return events[0].elapsed_time(events[1]), cpu, 1e3 * (time.perf_counter() - wall)


def _disagreement(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference over the largest expected value; 1 where only one of both has a value."""
    expected = expected.reshape(found.shape)
    both = np.isfinite(found) & np.isfinite(expected)
    if (np.isfinite(found) != np.isfinite(expected)).any():
        return 1.0
    scale = np.abs(expected[both]).max(initial=0.0) or 1.0
    return float(np.abs(found[both] - expected[both]).max(initial=0.0) / scale)


def document(
    measured: Sequence[OnDevice], n_epochs: int, dtype: str, repeats: int, failed: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return what ``--json`` writes."""
    bold = [row for row in measured if row.bold]
    return {
        "schema_version": 1,
        "device": name(),
        "versions": versions(),
        "workload": f"{n_epochs} epochs x 64 channels x 1000 samples at {workload.SFREQ:g} Hz, {dtype}, resident",
        "repeats": repeats,
        "features": [row.to_dict() for row in measured],
        "failed": failed or {},
        "total_cpu_ms": sum(row.cpu_ms for row in measured),
        "total_device_ms": sum(row.device_ms for row in measured),
        "bold": {
            "n_rows": len(bold),
            "device_ms": sum(row.device_ms for row in bold),
            "roofline_ms": sum(row.floor.roofline_ms or 0.0 for row in bold),
            "not_whole_on_the_device": [row.name for row in bold if row.stays or not row.complete],
        },
    }


def name() -> str:
    """Return the name of the device; of an interpreter, that it is one, for its times say nothing."""
    if interpreted():
        return "none: kernels interpreted on the processor"
    return torch.cuda.get_device_name()


def lines(measured: Sequence[OnDevice], failed: dict[str, str] | None = None) -> Iterator[str]:
    """Yield the table, what failed, and what it comes to."""
    yield f"{'feature':30}{'device ms':>11}{'roofline':>10}{'times':>8}{'bound':>9}{'disagree':>10}"
    for row in measured:
        floor = f"{row.floor.roofline_ms:10.3f}{row.times:8.1f}{row.floor.bound:>9}" if row.times else " " * 27
        note = f"  on the processor: {', '.join(row.stays)}" if row.stays else "" if row.complete else "  features only"
        yield f"{row.name:30}{row.device_ms:11.3f}{floor}{row.max_rel_err:10.1e}{note}"
    yield from (f"{name:30} failed: {why}" for name, why in (failed or {}).items())
    bold = [row for row in measured if row.bold]
    yield f"{f'sum of {len(bold)} bold rows':30}{sum(row.device_ms for row in bold):11.3f} on {name()}"
