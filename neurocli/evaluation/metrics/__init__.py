"""Metrics: one file a metric or small family; this table names them without importing NumPy."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Literal, NamedTuple

from ...errors import ConfigError, unknown
from ...registry import plugin_names

if TYPE_CHECKING:
    from .define import Metric as Metric


class Entry(NamedTuple):
    """Where a metric is defined, and what may be known of it before it is imported."""

    module: str
    task: Literal["label", "number"]
    best: Literal["max", "min"]
    needs: Literal["labels", "scores", "probabilities", "numbers"]


# a test keeps this equal to the definitions
INDEX = {
    "accuracy": Entry("accuracy", "label", "max", "labels"),
    "average_precision": Entry("average_precision", "label", "max", "scores"),
    "balanced_accuracy": Entry("accuracy", "label", "max", "labels"),
    "brier": Entry("calibration", "label", "min", "probabilities"),
    "ece": Entry("calibration", "label", "min", "probabilities"),
    "f1": Entry("f1", "label", "max", "labels"),
    "itr": Entry("itr", "label", "max", "labels"),
    "kappa": Entry("kappa", "label", "max", "labels"),
    "log_loss": Entry("calibration", "label", "min", "probabilities"),
    "mae": Entry("error", "number", "min", "numbers"),
    "pearson": Entry("correlation", "number", "max", "numbers"),
    "r2": Entry("error", "number", "max", "numbers"),
    "rmse": Entry("error", "number", "min", "numbers"),
    "roc_auc": Entry("roc_auc", "label", "max", "scores"),
    "sequential_top2": Entry("sequential_top2", "label", "max", "labels"),
    "spearman": Entry("correlation", "number", "max", "numbers"),
}


def check_name(name: str, *, is_number: bool | None = None) -> None:
    """Refuse an unknown metric, or one of the other kind of target.

    Raises
    ------
    ConfigError
        ``E-CONFIG-UNKNOWN`` or ``E-CONFIG-METRIC``.
    """
    if name not in INDEX and name in plugin_names("metrics"):
        return
    if name not in INDEX:
        raise ConfigError(unknown("metric", name, [*INDEX, *plugin_names("metrics")]), code="E-CONFIG-UNKNOWN")
    if is_number is not None and (INDEX[name].task == "number") != is_number:
        wanted = "number" if is_number else "label"
        possible = ", ".join(other for other, entry in INDEX.items() if entry.task == wanted)
        raise ConfigError(
            f"The metric {name!r} does not suit a target that is a {wanted}.",
            code="E-CONFIG-METRIC",
            remedy=f"Use {possible}.",
        )


def get(name: str) -> Metric:
    """Return the metric of a name; NumPy is imported now."""
    check_name(name)
    if name in INDEX:
        import_module(f"{__name__}.{INDEX[name].module}")
    else:
        plugin_names("metrics")[name].load()
    from .define import METRICS

    return METRICS[name]
