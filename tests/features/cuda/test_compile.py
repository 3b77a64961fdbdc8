"""Every kernel compiles for a GPU that is not here (sm_90), as it is launched."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import neurocli.features.cuda as package

FOLDER = Path(package.__file__).parent
ROOT = FOLDER.parents[2]
ELF = b"\x7fELF".hex()


def launched(module: str) -> set[str]:
    """Return the kernels that a module starts."""
    source = (FOLDER / f"{module}.py").read_text()
    return set(re.findall(r"(?:launch|_summed)\(\s*(_\w+),", source))  # the entropies share how they are launched


MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if launched(path.stem))


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Start the program that compiles; its lines are read as they come."""
    pytest.importorskip("triton", reason="Triton is not installed: pip install 'neurocli[gpu]'")
    cache = tmp_path_factory.mktemp("triton")
    env = {**os.environ, "TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(Path(__file__).with_name("compile_kernels.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as running:
        yield running
        running.kill()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("module", MODULES)
def test_it_compiles_for_hopper(program, module, dtype):
    """In the order of the program, which prints a line for each."""
    line = program.stdout.readline()
    assert line, program.stderr.read()[-3000:]
    found = json.loads(line)
    assert (found["module"], found["dtype"]) == (module, dtype)
    assert launched(module) <= set(found["kernels"])
    assert set(found["kernels"].values()) == {ELF}
