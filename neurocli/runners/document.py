"""The answer of a run: the JSON document of every verb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import Exit
from ..pipelines.request import Request
from ..store import Store
from .events import Tally
from .run import exit_of

SCHEMA_VERSION = 1
BESIDE = ("over_time", "few_shot", "ablation", "seizures", "forecast")
STATUS = {Exit.OK: "ok", Exit.PARTIAL: "partial"}


def document(name: str, request: Request, tally: Tally, wall_s: float) -> dict[str, Any]:
    """Return the document of one pipeline's run; scores come from the store as JSON."""
    exit_status = exit_of(tally, fail_fast=request.fail_fast)
    scores = _scores(request, tally)
    return {
        "schema_version": SCHEMA_VERSION,
        "pipeline": name,
        "status": STATUS.get(exit_status, "failed"),
        "exit": int(exit_status),
        "units": {state: tally.count(state) for state in ("executed", "cached", "failed", "blocked")},
        "wall_s": round(wall_s, 3),
        "out": str(request.out),
        "outputs": [str(request.out / path) for path in tally.outputs],
        "scores": scores.get("scores", []),
        **{name: scores[name] for name in BESIDE if name in scores},
        "leaks": scores.get("leaks", []),
        "certificate": scores.get("certificate"),
        "failures": [{"unit": e["unit"], **_brief(e["error"])} for e in tally.failed],
        "notes": scores.get("notes", []),
        "warnings": [*tally.warnings, *scores.get("warnings", [])],
    }


def _scores(request: Request, tally: Tally) -> dict[str, Any]:
    key = tally.key("evaluate/scores")
    return Store(request.store_folder, request.store_from).read_json(key) if key else {}


def _brief(error: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in error.items() if name != "traceback" and value is not None}
