"""Parts of the page that only some pipelines have: the network, and the scorers of seizures side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from ..data.results import Results
from ._tables import number, table


def network(results: Results) -> str:
    """Return the size of the network that is published; nothing without one."""
    final = results.final
    facts = (final.saw.get("training") or {}) if final is not None else {}
    if "n_parameters" not in facts:
        return ""
    rows = [["weights", f"{facts['n_parameters']:,}"], ["operations of one sample", f"{facts['flops']:,}"],
            ["passes over the samples", str(facts["n_epochs"])]]  # fmt: skip
    said = "A multiplication and an addition count one operation each."
    return f"<h2>Network</h2>{table(['what', 'how many'], rows)}<p>{said}</p>"


COLUMNS = ["scorer", "sensitivity", "precision", "F1", "false alarms a day", "sensitivity, mean of subjects",
           "F1, mean of subjects"]  # fmt: skip


def seizures(scores: Mapping[str, Any]) -> str:
    """Return all scorers of detected seizures in one table, and what could not be given."""
    found = scores.get("seizures")
    if not found:
        return ""
    k, n = found["k_of_n"]
    head = f"An event is where {k} of the last {n} windows reach {found['threshold']:g}."
    shown = table(COLUMNS, [_row(row) for row in found["scorers"]])
    rest = "".join(f"<p>{escape(line)}</p>" for line in _rates(found))
    return f"<h2>Seizures</h2><p>{escape(head)}</p>{shown}{rest}"


def _row(row: Mapping[str, Any]) -> list[str]:
    pooled, subjects = row["pooled"], row["per_subject"]
    rates = [pooled[name] for name in ("sensitivity", "precision", "f1", "fp_per_day")]
    return [row["scorer"], *map(number, [*rates, subjects["sensitivity"], subjects["f1"]])]


def _rates(found: Mapping[str, Any]) -> Iterable[str]:
    alarms, latency = found["false_alarms"], found["latency"]
    if "refused" in alarms:
        yield f"False alarms at a fixed sensitivity: not given ({alarms['refused']}). {alarms['why']}"
    else:
        yield f"False alarms an hour at a sensitivity of {alarms['sensitivity']:g}: {number(alarms['per_hour'])}."
    if "refused" in latency:
        yield f"Latency: not given ({latency['refused']}). {latency['why']}"
    else:
        of = f"{latency['n_found']} of {latency['n_events']} events"
        yield f"Median latency of the {of} that were found: {number(latency['median_s'])} s."
