"""Numbers and tables as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def number(value: float | None) -> str:
    """Return three decimals, or a dash."""
    return "–" if value is None else f"{value:.3f}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return an HTML table."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join("<tr>" + "".join(f'<td class="n">{escape(cell)}</td>' for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
