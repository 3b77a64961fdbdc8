"""What other runners take for a unit that does nothing, measured beside ours where they are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

NIPYPE = """
import sys
import time
from nipype.interfaces.utility import Function
from nipype.pipeline.engine import Node, Workflow

folder, plugin, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
flow = Workflow("flow", base_dir=folder)
for i in range(n):
    node = Node(Function(["x"], ["y"], "def add(x): return x + 1"), f"n{i}")
    node.inputs.x = i
    flow.add_nodes([node])
flow.config["logging"] = {"workflow_level": "ERROR"}
for _ in range(2):
    started = time.perf_counter()
    flow.run(plugin, plugin_args={"n_procs": 2} if plugin == "MultiProc" else {})
    print("took", (time.perf_counter() - started) / n)
"""
SNAKEFILE = """
rule all:
    input: expand("{{i}}.txt", i=range({n}))
rule one:
    output: "{{i}}.txt"
    shell: "echo {{wildcards.i}} > {{output}}"
"""


def measured() -> Iterator[tuple[str, float, float]]:
    """Yield name, cold and warm seconds a unit of each runner that is here, two processes where it has them."""
    with tempfile.TemporaryDirectory() as name:
        if find_spec("nipype"):
            yield "nipype Linear", *_nipype(Path(name) / "linear", "Linear", 100)
            yield "nipype MultiProc", *_nipype(Path(name) / "multi", "MultiProc", 10)
        if shutil.which("snakemake"):
            yield "Snakemake", *_snakemake(Path(name) / "snake", 100)


def _nipype(folder: Path, plugin: str, n: int) -> tuple[float, float]:
    env = {**os.environ, "NIPYPE_NO_ET": "1", "NO_ET": "1"}
    words = [sys.executable, "-c", NIPYPE, str(folder), plugin, str(n)]
    said = subprocess.run(words, capture_output=True, text=True, check=True, env=env).stdout
    cold, warm = (float(line.split()[1]) for line in said.splitlines() if line.startswith("took"))
    return cold, warm


def _snakemake(folder: Path, n: int) -> tuple[float, float]:
    folder.mkdir()
    (folder / "Snakefile").write_text(SNAKEFILE.format(n=n))
    times = []
    for _ in range(2):
        started = time.perf_counter()
        subprocess.run(["snakemake", "-c2", "--quiet", "all"], cwd=folder, capture_output=True, check=True)
        times.append((time.perf_counter() - started) / n)
    return times[0], times[1]
