"""The model to take away: one refit on all samples, with everything that applying it needs, and its card."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..step import Exporter, named

if TYPE_CHECKING:
    from ..data.results import Results

BUNDLE_VERSION = 1


@named("model")
class Model(Exporter):
    """The model as skops (and ONNX where it converts), with a bundle that `predict` reads and a model card."""

    version = 1

    def run(self, results: Results, folder: Path) -> None:
        """Write ``models/<pipeline>/``: model.skops, model.onnx, bundle.json, README.md and checksums.

        Raises
        ------
        InputError
            If no model was fitted on all samples (``E-INPUT-MODEL``).
        """
        final = results.final
        if final is None or final.model is None:
            raise InputError("There is no model fitted on all samples to export.", code="E-INPUT-MODEL",
                             remedy="Run the train stage again.")  # fmt: skip
        target = folder / "models" / results.label
        target.mkdir(parents=True)
        (target / "model.skops").write_bytes(final.model.tobytes())
        if final.onnx is not None:
            (target / "model.onnx").write_bytes(final.onnx.tobytes())
        (target / "bundle.json").write_text(_json(bundle(results)), encoding="utf-8")
        (target / "README.md").write_text(card(results), encoding="utf-8")
        (target / "checksums.json").write_text(_json(checksums(target)), encoding="utf-8")


def _json(document: Any) -> str:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a bundle."""
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def bundle(results: Results) -> dict[str, Any]:
    """Return what `predict` needs: stages to replay, labels, and the channels, rate and columns to insist on."""
    final: Any = results.final
    first = results.recordings[0]
    signal = results.signals[0]
    return {
        "version": BUNDLE_VERSION,
        "pipeline": dict(results.recipe),
        "classes": list(final.classes),
        "columns": list(first.columns()) if hasattr(first, "columns") else [],
        "ch_names": list(getattr(signal, "ch_names", ())),
        "sfreq": getattr(signal, "sfreq", None),
        "units": sorted(set(getattr(signal, "units", ()))),
        "reference": getattr(signal, "reference", None),
        "trained_on": dict(final.saw),
        "scores": [{k: score[k] for k in CARD} for score in results.scores["scores"]],
        "library_versions": dict(results.library_versions),
    }


CARD = ("metric", "mean", "ci", "chance", "p_null", "rivals", "drift", "n_subjects", "n_samples")


def card(results: Results) -> str:
    """Return the model card as Markdown."""
    certificate = results.scores.get("certificate") or {}
    rows = "\n".join(
        f"| {s['metric']} | {_number(s['mean'])} | {_interval(s['ci'])} | {_number(s['chance'])} | "
        f"{_number(s['p_null'])} | {_rivals(s)} | {s['n_subjects']} |"
        for s in results.scores["scores"]
    )
    return f"""# {results.title or results.name}

One refit of pipeline `{results.name}` on all samples. This model itself was never scored; the figures below are
cross-validated fits of the same pipeline.

Generalises to: {certificate.get("generalises_to", "not stated")}.

| metric | mean | 95 % interval | chance | p (null) | rivals | subjects |
|---|---|---|---|---|---|---|
{rows}

Classes: {", ".join(results.final.classes if results.final else ()) or "a number"}.
Apply it with `neurocli predict . --bids-dir NEW -o OUT`; `bundle.json` says which channels, rate and units it
insists on.
"""


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _interval(ci: list[float] | None) -> str:
    return f"{ci[0]:.3f} to {ci[1]:.3f}" if ci else "none"


def _rivals(score: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_number(value)}" for name, value in (score.get("rivals") or {}).items())
