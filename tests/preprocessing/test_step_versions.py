"""A changed step must not be answered from the store: the golden digest of its code, and its version, go together.

Where the code changed and the numbers are the same, write the new digests:
``python -m tests.preprocessing.test_step_versions``. Where the numbers changed too, bump the step's `version` first:
that voids what is cached of this step and of all that follows it.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from pathlib import Path

import pytest

from neurocli import preprocessing, registry

ROOM = Path(preprocessing.__file__).parent
GOLDEN = Path(__file__).with_name("step_versions.json")
STEPS = registry.definitions("steps")


def without_words(tree: ast.AST) -> str:
    """Return code as text, without comments, docstrings, and the empty fields that differ between Pythons."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False):
            node.body[0] = ast.Pass()
    return _dump(tree)


def _dump(node: object) -> str:
    if isinstance(node, ast.AST):  # joined by hand: nested `repr` would double its backslashes at every level
        parts = [f"{name}={_dump(value)}" for name, value in ast.iter_fields(node) if value not in (None, [])]
        return f"{type(node).__name__}({','.join(parts)})"
    return f"[{','.join(map(_dump, node))}]" if isinstance(node, list) else repr(node)


def neighbours(tree: ast.AST, module: str) -> Iterator[str]:
    """Yield the modules of this room that a module imports, at its top or late: `_filter`, or `_mri.t1` of a part."""
    package = module.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and 1 <= node.level <= len(package) + 1:
            base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            yield from (
                ".".join(filter(None, [*base, *more])) for more in ([], *([alias.name] for alias in node.names))
            )


@cache
def read(module: str) -> tuple[str, tuple[str, ...]]:
    """Return the code of a module without its words, and the modules of this room that it imports."""
    tree = ast.parse((ROOM / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    found = neighbours(tree, module)
    return without_words(tree), tuple(name for name in found if (ROOM / f"{name.replace('.', '/')}.py").is_file())


def modules_of(name: str) -> list[str]:
    """Return every module of this room that a step's result depends on, in the order of the alphabet."""
    found, open_ = set(), [STEPS[name].__module__.rpartition(".")[2]]
    while open_:
        module = open_.pop()
        if module not in found:
            found.add(module)
            open_ += read(module)[1]
    return sorted(found)


def code_of(name: str) -> str:
    """Return a digest of the code on which a step's result depends; its defaults are part of that."""
    code = "".join(read(module)[0] for module in modules_of(name))
    return blake2b(code.encode(), digest_size=8).hexdigest()


def now(name: str) -> list[object]:
    return [STEPS[name].version, code_of(name)]


@pytest.mark.parametrize("name", STEPS)
def test_the_version_is_bumped_when_a_step_changes(name):
    assert json.loads(GOLDEN.read_text()).get(name) == now(name), (__doc__ or "").partition("\n\n")[2]


def test_a_step_depends_on_its_helpers_and_not_on_others():
    assert {"filter", "_filter", "_common"} <= set(modules_of("filter"))
    assert "_ica" not in modules_of("filter")
    assert {"_mri.t1", "_mri.spaces", "_common"} <= set(modules_of("bias_correct"))


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps({name: now(name) for name in STEPS}, indent=1) + "\n")
