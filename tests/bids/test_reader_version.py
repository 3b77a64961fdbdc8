"""A changed reader must not be answered from the store: the golden digest of its code and its version go together."""

from __future__ import annotations

import ast
from hashlib import blake2b
from pathlib import Path

from neurocli import bids
from neurocli.bids.readers import VERSION

ROOM = Path(bids.__file__).parent
CODE = ["channels.py", "companions.py", "entries.py", "image.py", "nuisance.py", "one_d.py", "places.py",
        "question.py", "read.py", "regions.py", "select.py", "sidecars.py", "tables.py", "units.py",
        *sorted(path.relative_to(ROOM).as_posix() for path in (ROOM / "readers").glob("*.py"))]  # fmt: skip
# Changed code and the same numbers: write the new digest. Other numbers: bump VERSION as well.
GOLDEN = (5, "68f9c713d30198a0")


def without_words(path: Path) -> str:
    """Return the code of a module without comments and docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False):
            node.body[0] = ast.Pass()
    return _dump(tree)


def _dump(node: object) -> str:
    """Return a tree as text, joined by hand: nested `repr` would double its backslashes at every level."""
    if isinstance(node, ast.AST):  # empty fields differ between versions of Python
        parts = [f"{name}={_dump(value)}" for name, value in ast.iter_fields(node) if value not in (None, [])]
        return f"{type(node).__name__}({','.join(parts)})"
    return f"[{','.join(map(_dump, node))}]" if isinstance(node, list) else repr(node)


def test_the_version_is_bumped_when_reading_changes():
    digest = blake2b("".join(without_words(ROOM / name) for name in CODE).encode(), digest_size=8).hexdigest()
    assert (VERSION, digest) == GOLDEN
