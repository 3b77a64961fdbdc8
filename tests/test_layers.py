"""Who may know whom: each room imports only the rooms below it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "neurocli"
LAYERS = [
    {"commands"},
    {"runners"},
    {"pipelines"},
    {"bids", "store", "preprocessing", "features", "models", "evaluation", "exporters", "reports"},
    {"data", "geometry", "step", "registry", "si"},
    {"errors"},
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}


def imported_rooms(path: Path) -> set[str]:
    """Return the rooms that a module imports, at the top or late."""
    package = ("neurocli", *path.relative_to(ROOT).parts[:-1])
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{stem}.{alias.name}" for alias in node.names]
        else:
            continue
        rooms |= {name.split(".")[1] for name in names if name.startswith("neurocli.")}
    return rooms & set(LEVEL)


@pytest.mark.parametrize("path", sorted(ROOT.glob("*/**/*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_rooms_below_it(path):
    room = path.relative_to(ROOT).parts[0]
    upward = {other for other in imported_rooms(path) if other != room and LEVEL[other] <= LEVEL[room]}
    if LEVEL[room] == LEVEL["data"]:  # the ground floor is one floor: registry, step and si know each other
        upward = {other for other in upward if LEVEL[other] < LEVEL[room]}
    assert not upward


@pytest.mark.parametrize("path", sorted(ROOT.glob("**/*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_commands_prints_or_exits(path):
    if path.relative_to(ROOT).parts[0] == "commands":
        return
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    found = {ast.unparse(call.func) for call in calls} & {"print", "sys.exit", "exit", "quit"}
    allowed = {"print", "sys.exit"} if '__name__ == "__main__"' in path.read_text() else set()
    assert found <= allowed


def test_no_module_is_longer_than_400_lines():
    long = {str(path.relative_to(ROOT)) for path in ROOT.glob("**/*.py") if len(path.read_text().splitlines()) > 400}
    assert not long


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(' '.join({{name.split('.')[0] for name in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    return set(run.stdout.split())


HEAVY = {"numpy", "scipy", "sklearn", "mne", "torch", "pandas", "pyarrow", "nibabel", "nipype", "matplotlib", "numba"}


def test_import_neurocli_loads_nothing():
    assert not loaded_by("import neurocli") & (HEAVY | {"pydantic", "yaml", "typer"})


def test_the_command_line_loads_neither_pydantic_nor_yaml():
    assert not loaded_by("import neurocli.commands; neurocli.commands.build()") & (HEAVY | {"pydantic", "yaml"})


def test_the_whole_registry_loads_only_pydantic():
    everything = "from neurocli import registry; [registry.definitions(kind) for kind in registry.ROOMS]"
    assert not loaded_by(everything) & HEAVY
