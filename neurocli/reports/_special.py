"""Parts of the page that only some pipelines have: the network, and the scorers of seizures side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from ..data.results import Results
from ._tables import number, table


def network(results: Results) -> str:
    """Return the size of the network that is published and, where it was asked for, the latency of the model."""
    final = results.final
    facts = (final.saw.get("training") or {}) if final is not None else {}
    timed = final.saw.get("latency") if final is not None else None
    rows: list[list[str]] = []
    if "n_parameters" in facts:
        rows = [["weights", f"{facts['n_parameters']:,}"], ["operations of one sample", f"{facts['flops']:,}"],
                ["passes over the samples", str(facts["n_epochs"])]]  # fmt: skip
    if timed:
        shown = f"{timed['median_s'] * 1e3:.3g} ms (slowest {timed['slowest_s'] * 1e3:.3g} ms)"
        rows.append([f"latency of one sample, median of {timed['repeats']} on one thread", shown])
    if not rows:
        return ""
    said = "<p>A multiplication and an addition count one operation each.</p>" if "n_parameters" in facts else ""
    head = "Network" if "n_parameters" in facts else "Cost"
    return f"<h2>{head}</h2>{table(['what', 'how many'], rows)}{said}"


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
