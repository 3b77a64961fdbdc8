"""The answer to a selection, kept beside the index: the same folders and the same question, the same recordings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from hashlib import blake2b
from typing import Any

from .cache import Cache
from .index import Index
from .question import Item, Question
from .readers import VERSION

KEPT = 16  # questions a dataset; the oldest goes first


def remembered(index: Index, asked: Question, answer: Callable[[], list[Item]]) -> list[Item]:
    """Return the answer of an earlier run where no folder has changed since, or ask and keep it.

    Parameters
    ----------
    index : Index
        Of the raw dataset.
    asked : Question
        Which recordings are wanted.
    answer : callable
        Finds the recordings; what it raises is not kept.
    """
    question = _question(index, asked)
    if question is None:
        return answer()
    memory = Cache(index.root, index.cache)
    known = _known(memory, question)
    if known is None:
        known = answer()
        _keep(memory, question, known)
    return known


def _question(index: Index, asked: Question) -> str | None:
    """Return a name for the question, or None where a folder changed too lately to be sure of its state."""
    looked_at = dict.fromkeys([asked.derivatives, "masks" if "masks" in index.derivatives() else None])
    states = [index.state, *(index.derivative(name).state for name in looked_at if name)]
    if None in states:
        return None
    text = json.dumps([VERSION, states, asdict(asked)], default=_plain, sort_keys=True)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, re.Pattern):
        return {"pattern": value.pattern, "flags": value.flags}
    return list(value)


def _known(memory: Cache, question: str) -> list[Item] | None:
    try:
        [[text]] = memory.rows("SELECT items FROM selections WHERE question = ?", (question,))
        return [Item(path, entities, tuple(sidecars)) for path, entities, sidecars in json.loads(text)]
    except (ValueError, TypeError):  # not known, or no list of recordings
        return None


def _keep(memory: Cache, question: str, items: list[Item]) -> None:
    text = json.dumps([[item.path, item.entities, item.sidecars] for item in items])
    oldest = "DELETE FROM selections WHERE rowid NOT IN (SELECT rowid FROM selections ORDER BY rowid DESC LIMIT ?)"
    memory.change(("INSERT OR REPLACE INTO selections VALUES (?, ?)", [(question, text)]), (oldest, [(KEPT,)]))
