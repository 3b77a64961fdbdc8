"""What is said beside the scores: the certificate, who was scored, and what a reader must know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..data.entities import parse_name
from ..data.fitted import Fitted


def certificate_of(
    fits: Sequence[Fitted], generalises_to: str | None, transductive: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what was checked in how many folds, and to whom the score speaks."""
    members = {member for fit in fits for member in fit.saw.get("transductive", [])}
    reasons = sorted({fit.saw["allow_leak"] for fit in fits if fit.saw.get("allow_leak")})
    return {
        "generalises_to": generalises_to,
        "n_folds": len(fits),
        "checked": ["groups", "bit-identical signals", "overlapping windows"],
        "clean": not any(fit.saw.get("leaks") for fit in fits),
        "signals_hashed": all("signal" in fit.samples for fit in fits),
        "transductive": [*transductive, *sorted(members - set(transductive))],
        "allow_leak": reasons[0] if reasons else None,
    }


def cohort_of(fits: Sequence[Fitted], asked: Sequence[str], group: str) -> dict[str, Any]:
    """Return how many subjects were asked for and scored, and who is missing."""
    scored = sorted({str(name) for fit in fits for name in fit.samples.get("subject", [])})
    wanted = sorted({parse_name(id_)[0].get("subject", id_) for id_ in asked} | set(scored))
    missing = [name for name in wanted if name not in scored]
    told = f", missing: {', '.join(f'sub-{name}' for name in missing)}" if missing else ""
    return {
        "group": group,
        "n_asked": len(wanted),
        "n_scored": len(scored),
        "missing": missing,
        "sentence": f"n = {len(scored)} of {len(wanted)}{told}",
    }


def notes_of(scores: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return how the scores came about, as sentences."""
    told = []
    if any(s["aggregate"].startswith("pooled") for s in scores):
        told.append("Held-out predictions of different fits were scored together.")
    facts = _null_facts(scores)
    if facts:
        floor = f"the smallest p it can reach is {facts['smallest_p']:.2g}"
        told.append(f"The null permutes labels of whole {_BLOCKS[facts['blocks']]}; {floor}.")
    return told


def warnings_of(
    fits: Sequence[Fitted],
    scores: Sequence[Mapping[str, Any]],
    missing_folds: Sequence[str],
    transductive: Sequence[str] = (),
) -> list[str]:
    """Return what a reader must not miss, as sentences."""
    failed = [f"Folds that failed and are not scored: {', '.join(missing_folds)}."] if missing_folds else []
    return [
        *_about_interval(scores),
        *_about_null(scores),
        *_about_stamps(certificate_of(fits, None, transductive)),
        *failed,
        *_about_undefined(scores),
        *_about_fits(fits),
    ]


def _about_interval(scores: Sequence[Mapping[str, Any]]) -> list[str]:
    methods = dict.fromkeys(s["ci_method"] for s in scores if s["ci"] is None)
    return [f"No confidence interval: {method.removeprefix('none: ')}." for method in methods]


def _null_facts(scores: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((s["null_facts"] for s in scores if s["null_facts"]), None)


def _about_null(scores: Sequence[Mapping[str, Any]]) -> list[str]:
    facts = _null_facts(scores)
    if facts is None:
        return ["The null was not run, so no p is given."]
    if facts["smallest_p"] <= 0.05:
        return []
    return [f"No p under {facts['smallest_p']:.2g} is possible with {facts['n_possible']} labellings."]


_BLOCKS = {
    "subject": "subjects", "session": "sessions within a subject", "recording": "recordings within a subject",
    "run": "stretches of one label within a recording",
}  # fmt: skip


def _about_stamps(stamps: Mapping[str, Any]) -> list[str]:
    told = []
    if stamps["transductive"]:
        members = ", ".join(stamps["transductive"])
        told.append(f"Transductive: {members} used the unlabelled samples of those held out.")
    if stamps["allow_leak"]:
        told.append(f"A leak was allowed: {stamps['allow_leak']}.")
    if not stamps["signals_hashed"]:
        told.append("Signals carry no hash, so bit-identical ones were not looked for.")
    return told


def _about_undefined(scores: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"{s['metric']} is not defined for these predictions (it may need probabilities, or all classes)."
        for s in scores
        if s["mean"] != s["mean"]
    ]


def _about_fits(fits: Sequence[Fitted]) -> list[str]:
    """Return the warnings raised while fitting, each once with the number of folds."""
    counts: dict[str, int] = {}
    for fit in fits:
        for text in {f"{note['member']}: {note['warning']}" for note in fit.notes if "warning" in note}:
            counts[text] = counts.get(text, 0) + 1
    return [f"While fitting, in {n} of {len(fits)} folds, {text}" for text, n in sorted(counts.items())]
