"""A kernel gives the same bits in the process that compiles it and in those that find it on disk."""

from __future__ import annotations

import ast
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from neurocli.features import kernels

ROOM = Path(kernels.__file__).parent
COMPUTE = """
import numpy as np
from neurocli.features.engine import compute
x = np.random.default_rng(0).normal(size=(2, 3, 1000)) * 1e-5
asked = [(name, {}) for name in ("variance", "line_length", "hurst_exponent", "ar_coefficients", "catch22", "katz_fd")]
for block in compute(x, 250.0, asked, ch_names=("a", "b", "c")):
    print(block.name, np.asarray(block.values).tobytes().hex())
"""


@pytest.mark.slow
def test_a_kernel_from_the_disk_gives_the_bits_of_a_fresh_one(tmp_path):
    """A helper that is compiled twice, alone and within its caller, may have its sums reordered in two ways."""
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    runs = [
        subprocess.run([sys.executable, "-c", COMPUTE], env=env, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert list(tmp_path.rglob("*.nbc"))
    assert runs[0] == runs[1]


READ_ONLY = """
from numba.core import caching
caching.CacheImpl._locator_classes = [caching.UserProvidedCacheLocator]  # as where nothing may be written to
import numpy as np
from neurocli.features.engine import compute
x = np.array([[[0.0, 1.0, 0.0, 2.0, 3.0, 1.0]]])
print(compute(x, 6.0, [("petrosian_fd", {})], ch_names=("a",))[0].values[0, 0])
import numba, os
print(numba.config.CACHE_DIR, os.path.isdir(numba.config.CACHE_DIR))
"""


def test_where_nothing_may_be_written_kernels_are_compiled_for_the_process(tmp_path):
    """By itself numba refuses: no locator available."""
    env = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"} | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, "-W", "error", "-c", READ_ONLY]
    value, folder = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.splitlines()
    turns, n = 3, 6
    assert float(value) == pytest.approx(math.log10(n) / (math.log10(n) + math.log10(n / (n + 0.4 * turns))))
    assert folder.startswith(str(tmp_path))
    assert folder.endswith("True")
    assert not list(tmp_path.iterdir())  # nothing is left


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.stem)
def test_what_may_reorder_sums_is_part_of_its_caller(path):
    """So whatever has a relaxed arithmetic forces LLVM to inline: then there is one way of reordering."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    kept = [{k.arg for k in call.keywords} for call in calls if ast.unparse(call.func) == "njit"]
    assert all("fastmath" not in keywords or "forceinline" in keywords for keywords in kept)
