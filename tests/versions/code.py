"""The code that a result depends on, without its words."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from hashlib import blake2b
from pathlib import Path

import neurocli

ROOT = Path(neurocli.__file__).parent


def digest(modules: Iterable[str]) -> str:
    """Return a digest of modules (``preprocessing._filter``); defaults are part of it, words are not."""
    return blake2b("".join(read(module)[0] for module in sorted(modules)).encode(), digest_size=8).hexdigest()


def closure(roots: Iterable[str], rooms: Collection[str]) -> set[str]:
    """Return the roots and every module of some rooms that they import: at the top, late, or by name."""
    found: set[str] = set()
    open_ = list(roots)
    while open_:
        module = open_.pop()
        if module not in found:
            found.add(module)
            open_ += [name for name in read(module)[1] if name.partition(".")[0] in rooms]
    return found


def room(name: str) -> set[str]:
    """Return every module of a room."""
    paths = (path.relative_to(ROOT).with_suffix("") for path in (ROOT / name).rglob("*.py"))
    return {".".join(path.parts).removesuffix(".__init__") for path in paths}


@cache
def read(module: str) -> tuple[str, tuple[str, ...]]:
    """Return the code of a module without its words, and the modules that it imports."""
    path = file_of(module)
    assert path, f"there is no module {module}"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    imported = tuple(sorted({name for name in _imported(tree, package) if name != module and file_of(name)}))
    return without_words(tree), imported


def file_of(module: str) -> Path | None:
    """Return where the code of a module is."""
    path = ROOT.joinpath(*module.split("."))
    return next((p for p in (path.with_name(f"{path.name}.py"), path / "__init__.py") if p.is_file()), None)


def _imported(tree: ast.AST, package: list[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and 1 <= node.level <= len(package) + 1:
            base = [*package[: len(package) - node.level + 1], *filter(None, (node.module or "").split("."))]
            yield ".".join(base)
            yield from (".".join([*base, alias.name]) for alias in node.names)
        if isinstance(node, ast.Constant) and str(node.value).startswith("neurocli."):  # imported by name: a network
            yield str(node.value).partition(":")[0].removeprefix("neurocli.")


def is_empty(module: str) -> bool:
    """Return whether a module is nothing but words, as that of a room is."""
    return read(module)[0] == without_words(ast.parse('"""Words."""'))


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
