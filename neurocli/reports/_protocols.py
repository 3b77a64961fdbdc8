"""Tables of what was asked beside the score: decoding over time, few-shot and ablation curves, forecasts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from ._tables import number, table


def protocols(scores: Mapping[str, Any]) -> Iterator[str]:
    """Yield a section for each protocol that the scores have something of."""
    for name, section in SECTIONS.items():
        if scores.get(name):
            title, body = section(scores[name])
            yield f"<h2>{title}</h2>{body}"


def over_time(found: Mapping[str, Any]) -> tuple[str, str]:
    """Return the clusters of moments at which the classes can be told apart."""
    said = [f"Test: {found['test']}."]
    if found["smallest_p"] is not None:
        said.append(f"The smallest p that it can give is {found['smallest_p']:.2g}.")
    said.append("A cluster passes as a whole: its edges are no estimate of when the effect begins or ends.")
    rows = [_cluster(cluster) for cluster in found["clusters"]]
    shown = table(["from (s)", "to (s)", "fitted from (s)", "to (s)", "peak at (s)", found["metric"], "p"], rows)
    return "Decoding over time", _paragraph(*said) + (shown if rows else "<p>No moment passes it.</p>")


def _cluster(cluster: Mapping[str, Any]) -> list[str]:
    names = ("start", "end", "fitted_start", "fitted_end", "peak_time", "peak", "p")
    return [number(cluster.get(name)) for name in names]


def few_shot(found: Mapping[str, Any]) -> tuple[str, str]:
    """Return the score at each number of shots."""
    head = ["metric", *(f"{k} a class" for k in found["shots"]), "gain", "p", "chance"]
    rows = [
        [curve["metric"], *(_with_interval(point) for point in curve["points"]), number(curve["gain"]["difference"]),
         number(curve["gain"]["p"]), number(curve["chance"])]
        for curve in found["curves"]
    ]  # fmt: skip
    said = (
        "The first samples of each one held out are trained on besides, in the order of time; only later ones are "
        "tested, the same at every point. p: sign flips over subjects, most samples against fewest."
    )
    return "Few-shot calibration", table(head, rows) + _paragraph(said)


def _with_interval(point: Mapping[str, Any]) -> str:
    bounds = f" ({point['ci'][0]:.3f} to {point['ci'][1]:.3f})" if point.get("ci") else ""
    return number(point["mean"]) + bounds


def ablation(found: Mapping[str, Any]) -> tuple[str, str]:
    """Return the score at each share of columns that were taken away."""
    head = ["metric", *(f"{share:.0%}" for share in found["shares"]), "chance"]
    rows = [
        [curve["metric"], *(f"{number(p['mean'])} ({p['low']:.3f} to {p['high']:.3f})" for p in curve["points"]),
         number(curve["chance"])]
        for curve in found["curves"]
    ]  # fmt: skip
    said = (
        f"Shares of the {found['n_columns']} columns that were replaced by their mean in training, "
        f"{found['repeats']} random draws of each; in brackets the middle 95 % of them. The model is not fitted again."
    )
    return "Random ablation", table(head, rows) + _paragraph(said)


def forecast(found: Mapping[str, Any]) -> tuple[str, str]:
    """Return how alarms foretold onsets, beside two kinds of chance."""
    k, n = found["k_of_n"]
    said = (
        f"An alarm is raised where {k} of the last {n} windows reach {found['threshold']:g}; its warning begins "
        f"{found['horizon']:g} s later and lasts {found['occurrence']:g} s."
    )
    if "refused" in found:
        return "Forecast", _paragraph(said, f"Not scored ({found['refused']}). {found['why']}")
    rows = [[name, _cell(found[key])] for key, name in FORECAST.items()]
    return "Forecast", _paragraph(said) + table(["what", "value"], rows)


def _cell(value: float | None) -> str:
    return str(value) if isinstance(value, int) else number(value)


FORECAST = {
    "n_onsets": "onsets that could be foretold", "n_alarms": "alarms", "hours": "hours", "sensitivity": "sensitivity",
    "time_in_warning": "share of time under warning", "alarms_per_day": "alarms a day",
    "false_alarms_per_hour": "false alarms an hour", "chance": "sensitivity of a Poisson predictor of the same rate",
    "random_sensitivity": "sensitivity of as many alarms at random moments", "improvement": "improvement over chance",
    "p_surrogate": "p, onsets rotated in each recording", "p_rate": "p, as many alarms at random moments",
    "brier_skill": "Brier skill",
}  # fmt: skip


def _paragraph(*sentences: str) -> str:
    return f"<p>{escape(' '.join(sentences))}</p>"


SECTIONS = {"over_time": over_time, "few_shot": few_shot, "ablation": ablation, "forecast": forecast}
