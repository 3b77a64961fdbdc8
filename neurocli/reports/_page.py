"""The page: plain HTML and a little CSS, all in one file, readable without a network."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from typing import Any

from ..data.results import Results
from ._canvas import Figure
from ._protocols import protocols
from ._special import network, seizures
from ._tables import number, table

DRAWN = (
    "step",
    "freqs",
    "psd",
    "removed",
    "map_channels",
    "limits",
    "carpet",
    "planes",
    "dvars",
    "displacement_m",
)  # of a note: what a figure shows better, or a column of its own
CSS = resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8")


def page(results: Results, figures: Sequence[Figure]) -> str:
    """Return the report as one HTML text."""
    return document(results.title or results.name, "\n".join(part for part in _parts(results, figures) if part))


def document(title: str, body: str) -> str:
    """Return a page with our looks; the title is escaped here, the body is HTML already."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width"><style>{CSS}</style></head>\n'
        f"<body>\n{body}\n</body></html>\n"
    )


def _parts(results: Results, figures: Sequence[Figure]) -> Iterable[str]:
    scores = results.scores
    yield f"<h1>{escape(results.title or results.name)}</h1>"
    yield f'<p class="lead">Pipeline <code>{escape(results.name)}</code>. {escape(_scope(scores))}</p>'
    yield from (f'<p class="stamp">{escape(stamp)}</p>' for stamp in _stamps(results))
    if scores["scores"]:
        yield from _judged(scores)
    yield seizures(scores)
    yield from protocols(scores)
    yield network(results)
    if figures:
        yield f'<h2>Figures</h2><div class="grid">{"".join(map(figure_html, figures))}</div>'
    if scores["scores"]:
        yield "<h2>Leak certificate</h2>" + _certificate(scores.get("certificate") or {})
    yield "<h2>Quality of each recording</h2>" + _quality(results)
    yield "<h2>Methods</h2>" + _methods(results)
    recipe = escape(json.dumps(results.recipe, indent=1, ensure_ascii=False))
    yield f"<h2>Recipe</h2><details><summary>Every setting, defaults too</summary><pre>{recipe}</pre></details>"


def _judged(scores: Mapping[str, Any]) -> Iterable[str]:
    yield f'<div class="cards">{"".join(map(_card, scores["scores"]))}</div>'
    yield "<h2>Scores</h2>" + table(SCORE_COLUMNS, [_score_row(score) for score in scores["scores"]])
    yield _voted(scores["scores"])
    yield _calibration(scores.get("calibration"))
    yield "".join(f"<p>{escape(str(note))}</p>" for note in scores.get("notes", []))


def _voted(scores: Sequence[Mapping[str, Any]]) -> str:
    """Return the scores of whole people, where the label is a person's: samples vote, and people are counted."""
    rows = [[str(s["metric"]), number(s["mean"]), number(s["voted"]), str(s["n_subjects"])]
            for s in scores if s.get("voted") is not None]  # fmt: skip
    if not rows:
        return ""
    said = "Voted: the mean of a subject's held-out scores decides, and each subject counts once."
    return f"<h3>By sample and by subject</h3>{table(['metric', 'by sample', 'voted', 'subjects'], rows)}<p>{said}</p>"


def _calibration(found: Mapping[str, Any] | None) -> str:
    """Return how far the held-out probabilities are from how often they came true; nothing without probabilities."""
    if not found:
        return ""
    names = {"ece": "expected calibration error", "ece_equal_mass": "the same, in bins of equal numbers",
             "brier": "Brier score", "miscalibration": "– its miscalibration",
             "discrimination": "– minus its discrimination",
             "uncertainty": "– plus the uncertainty of the labels"}  # fmt: skip
    rows = [[said, number(found[name])] for name, said in names.items()]
    return f"<h3>Calibration</h3>{table(['held-out probabilities', 'value'], rows)}"


def _scope(scores: Mapping[str, Any]) -> str:
    certificate = scores.get("certificate")
    return f"The score generalises to: {certificate['generalises_to']}." if certificate else "Nothing was trained."


def _stamps(results: Results) -> Iterable[str]:
    certificate = results.scores.get("certificate") or {}
    yield from (str(note) for note in certificate.get("transductive", []))
    if certificate.get("allow_leak"):
        yield f"Scored although it leaks; the reason given: {certificate['allow_leak']}"
    yield from (str(warning) for warning in results.scores.get("warnings", []))
    if results.missing:
        total = len(results.recordings) + len(results.missing)
        names = "; ".join(f"{name} ({reason})" for name, reason in results.missing.items())
        yield f"n = {len(results.recordings)} of {total} recordings. Missing: {names}"


def _card(score: Mapping[str, Any]) -> str:
    interval = f"95 % interval {_interval(score['ci'])}" if score["ci"] else "no interval: one subject"
    return (
        f'<div class="card"><span>{escape(score["metric"])}</span><b>{number(score["mean"])}</b>'
        f"<span>chance {number(score['chance'])}; {interval}; null p {number(score['p_null'])}</span></div>"
    )


SCORE_COLUMNS = ["metric", "mean", "95 % interval", "chance", "p (null)", "majority", "linear", "shuffled",
                 "drift control", "subjects", "samples"]  # fmt: skip


def _score_row(score: Mapping[str, Any]) -> list[str]:
    rivals = score.get("rivals") or {}
    return [
        str(score["metric"]), number(score["mean"]), _interval(score["ci"]), number(score["chance"]),
        number(score["p_null"]), number(rivals.get("majority")), number(rivals.get("linear")),
        number((score.get("null_facts") or {}).get("mean")),
        number(score.get("drift")), str(score["n_subjects"]), str(score["n_samples"]),
    ]  # fmt: skip


def _interval(ci: Sequence[float] | None) -> str:
    return f"{ci[0]:.3f} to {ci[1]:.3f}" if ci else "none"


def figure_html(figure: Figure) -> str:
    """Return a figure with its picture in the page itself."""
    image = base64.b64encode(figure.png).decode()
    return (
        f'<figure><img alt="{escape(figure.title)}" src="data:image/png;base64,{image}">'
        f"<figcaption>{escape(figure.caption)}</figcaption></figure>"
    )


def _certificate(certificate: Mapping[str, Any]) -> str:
    rows = [[name.replace("_", " "), _plain(value)] for name, value in certificate.items() if value not in (None, [])]
    return table(["what was checked", "finding"], rows)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_plain, value)) or "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _quality(results: Results) -> str:
    rows = [
        [recording, str(note.get("step", "")), ", ".join(f"{k} {_plain(v)}" for k, v in note.items() if k not in DRAWN)]
        for recording, notes in results.quality.items()
        for note in notes
    ]
    if not rows:
        return "<p>No step left a note.</p>"
    shown = table(["recording", "step", "what it did"], rows)
    return f"<details><summary>{len(rows)} notes of {len(results.quality)} recordings</summary>{shown}</details>"


def _methods(results: Results) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in results.library_versions.items())
    steps = "; ".join(
        f"{stage}: {', '.join(recipe['name'] for recipe in results.recipe.get(stage) or []) or 'none'}"
        for stage in ("preprocess", "featurize")
    )
    model = ", ".join(member["name"] for member in (results.recipe.get("train") or {}).get("model", []))
    citation = f"<p>{escape(results.citation)}</p>" if results.citation else ""
    stages = f"<p>{escape(steps)}; train: {escape(model)}, all of it fitted inside the fold.</p>"
    return f"{stages}{citation}<p>{escape(versions)}</p>"
