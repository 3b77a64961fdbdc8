"""The pages of quality control."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from ..data.results import Results
from ._page import DRAWN, document, figure_html
from ._quality_figures import cohort, maps, positions, spectra
from ._quality_image import carpets, outlines
from ._quality_table import COLUMNS, ENOUGH
from ._tables import table

Rows = Sequence[Mapping[str, Any]]
HIDDEN = (
    "subject",
    "bad_channels",
    "components_removed",
    "outlier_in",
)  # of the wide table; the page says them in words


def subject_page(results: Results, rows: Rows, subject: str) -> str:
    """Return the page of one subject: a table, spectra and maps of each recording, and what every step noted."""
    mine = [row for row in rows if row["subject"] == subject]
    title = f"Quality of sub-{subject}"
    return document(title, "\n".join(_subject(results, mine, title)))


def _subject(results: Results, rows: Rows, title: str) -> Iterable[str]:
    yield f"<h1>{escape(title)}</h1>"
    yield f'<p class="lead">Pipeline <code>{escape(results.name)}</code>. <a href="index.html">All subjects</a></p>'
    places = positions(results)
    for row in rows:
        name = row["recording"]
        yield f"<h2>{escape(name)}</h2>" + "".join(_stamps(row))
        yield table(["measure", "value", "meaning"], _measures(row))
        notes = results.quality[name]
        yield from (f'<p class="stamp">{escape(str(note["warning"]))}</p>' for note in notes if "warning" in note)
        made = (spectra(name, notes), maps(name, notes, places), carpets(name, notes), outlines(name, notes))
        drawn = [figure for figure in made if figure]
        yield f'<div class="grid">{"".join(map(figure_html, drawn))}</div>'
        yield f"<details><summary>What each step noted</summary>{table(['step', 'note'], _noted(notes))}</details>"


def _stamps(row: Mapping[str, Any]) -> Iterable[str]:
    if row["outlier_in"]:
        names = ", ".join(row["outlier_in"]).replace("_", " ")
        yield f'<p class="stamp">An outlier of the cohort in: {escape(names)}.</p>'


def _measures(row: Mapping[str, Any]) -> list[list[str]]:
    known = [(name, row[name]) for name in COLUMNS if row[name] not in (None, "", []) and name != "recording"]
    return [[name.replace("_", " "), shown(value, COLUMNS[name][1]), COLUMNS[name][0]] for name, value in known]


def shown(value: Any, unit: str | None) -> str:
    """Return a value for eyes."""
    if isinstance(value, list):
        return ", ".join(value)
    if value is None:
        return "–"
    if isinstance(value, float):
        if unit == "V or T":
            return f"{value * 1e6:.3g} µV" if value > 1e-9 else f"{value * 1e15:.3g} fT"
        return f"{value:.1f} {unit}" if unit not in (None, "1") else f"{value:.3g}"
    return str(value)


def _noted(notes: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    return [
        [str(note.get("step", "")), json.dumps({k: v for k, v in note.items() if k not in DRAWN})] for note in notes
    ]


def cohort_page(results: Results, rows: Rows) -> str:
    """Return the page of the cohort: who is an outlier, a figure, and the table of everyone."""
    return document(f"Quality of {results.name}", "\n".join(_cohort(results, rows)))


def _cohort(results: Results, rows: Rows) -> Iterable[str]:
    yield f"<h1>Quality of {escape(results.title or results.name)}</h1>"
    yield f'<p class="lead">Pipeline <code>{escape(results.name)}</code>, {len(rows)} recordings.</p>'
    far = [row for row in rows if row["outlier_in"]]
    for row in far:
        names = ", ".join(row["outlier_in"]).replace("_", " ")
        yield f'<p class="stamp">{_link(row)} is an outlier in: {escape(names)}.</p>'
    if not far:
        few = f"Fewer than {ENOUGH} recordings are too few to tell who is an outlier."
        yield f"<p>{few if len(rows) < ENOUGH else 'No recording is an outlier.'}</p>"
    for name, reason in results.missing.items():
        yield f'<p class="stamp">{escape(name)} is missing: {escape(str(reason))}</p>'
    figure = cohort(rows)
    yield figure_html(figure) if figure else ""
    yield f'<div class="wide">{_table(rows)}</div>'


def _link(row: Mapping[str, Any]) -> str:
    return f'<a href="sub-{escape(row["subject"])}.html">{escape(row["recording"])}</a>'


def _table(rows: Rows) -> str:
    """Return the table of everyone; columns of which nothing is known are left out."""
    names = [n for n in COLUMNS if n not in HIDDEN and any(row[n] is not None for row in rows)]
    head = "".join(f'<th title="{escape(COLUMNS[name][0])}">{escape(name.replace("_", " "))}</th>' for name in names)
    body = "".join(f"<tr>{''.join(_cell(row, name) for name in names)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(row: Mapping[str, Any], name: str) -> str:
    if name == "recording":
        return f"<td>{_link(row)}</td>"
    mark = ' class="n far"' if name in row["outlier_in"] else ' class="n"'
    return f"<td{mark}>{escape(shown(row[name], COLUMNS[name][1]))}</td>"
