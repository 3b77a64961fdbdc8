"""Compile the kernels of modules for a GPU that is not here: ``python compile_kernels.py``, without TRITON_INTERPRET.

Whether Triton compiles or interprets is decided when it is imported, hence a program of its own. It prints a line for
each module and dtype: the kernels, and the beginning of their machine code.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import torch
from triton.backends.compiler import GPUTarget
from triton.runtime import driver

from neurocli.features.cuda import _jit

SFREQ, NAMES = 250.0, ("a", "b", "c")
# module -> features that start its kernels
BY: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "statistics": [("kurtosis", {})],
    "permutation_entropy": [("permutation_entropy", {}), ("permutation_entropy", {"order": 6})],
    "template_matches": [("sample_entropy", {}), ("approximate_entropy", {})],
    "lempel_ziv": [("lempel_ziv_complexity", {})],
    "_select": [("quantiles", {})],
    "fluctuation": [("dfa_exponent", {}), ("hurst_exponent", {})],
    "fractal": [("higuchi_fd", {})],
    "autoregressive": [("ar_coefficients", {})],
    "svd_entropy": [("svd_entropy", {})],
    "_eigen": [("svd_entropy", {})],
    "spectrum": [("band_power", {})],
    "spectral_connectivity": [("spectral_wpli", {})],
    "phase_coupling": [("wpli", {})],
    "phase_amplitude": [("pac_modulation_index", {})],
    "wavelets": [("morlet_power", {}), ("dwt_energy", {})],
    "aperiodic": [("aperiodic_exponent", {})],
    "_trust_region": [("bump_height", {"power_law": {"max_n_peaks": most}}) for most in (1, 12)],
    "avalanches": [("branching_ratio", {})],
    "_power_law": [("avalanche_size_exponent", {})],
}
# module -> what starts its kernels where no feature does: decompositions of one program, and of blocks
DIRECTLY = {"_jacobi": [(4, 64), (64, 64), (70, 64)]}
FOUND: dict[str, str] = {}


class Hopper:
    """What Triton asks a driver for before it compiles."""

    def get_current_target(self) -> GPUTarget:
        return GPUTarget("cuda", 90, 32)

    def get_current_device(self) -> int:
        return 0

    def get_current_stream(self, device: int) -> int:  # noqa: ARG002
        return 0


def compiled(kernel: Any, grid: tuple[int, ...], *arguments: Any, **options: Any) -> None:
    """Compile what would be launched, as it would be."""
    FOUND[kernel.fn.__name__] = kernel.warmup(*arguments, grid=grid, **options).asm["cubin"][:4].hex()


def main() -> None:
    _jit.launch = compiled  # before the kernels' modules take it
    from neurocli.features.cuda import _jacobi
    from neurocli.features.cuda._memo import DeviceMemo
    from neurocli.features.requests import prepare

    driver.set_active(Hopper())
    torch.empty = torch.zeros  # nothing runs, and what is not written should be a number
    for module in sorted({*BY, *DIRECTLY}):
        for dtype in ("float32", "float64"):
            FOUND.clear()
            x = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 3, 1000)).astype(dtype))
            for n, most in DIRECTLY.get(module, ()):
                _jacobi.eigh(torch.eye(n, dtype=x.dtype)[None], most)
            for request in prepare(BY.get(module, []), x.shape, SFREQ, NAMES):
                DeviceMemo(x, SFREQ, NAMES).feature(request)
            sys.stdout.write(json.dumps({"module": module, "dtype": dtype, "kernels": FOUND}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
