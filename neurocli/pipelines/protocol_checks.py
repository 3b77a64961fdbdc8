"""What decoding over time, few-shot curves, ablation and forecasts ask of the rest of a pipeline."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import ConfigError
from ..features import catalogue
from .pipeline import Pipeline

Problems = Iterator[ConfigError]


def protocols(pipeline: Pipeline) -> Problems:
    """Yield what is wrong with a protocol that was asked for."""
    yield from _over_time(pipeline)
    yield from _few_shot(pipeline)
    yield from _ablation(pipeline)
    yield from _pieces(pipeline)
    yield from _forecast(pipeline)


def _wrong(pipeline: Pipeline, address: str, said: str, remedy: str) -> ConfigError:
    return ConfigError(f"{address} {said}", code="E-CONFIG-STAGE", where=pipeline.mark(address), remedy=remedy)


def _over_time(pipeline: Pipeline) -> Problems:
    train, evaluate = pipeline.train, pipeline.evaluate
    if evaluate and evaluate.clusters and not (train and train.over_time):
        yield _wrong(pipeline, "evaluate.clusters", "tests decoding over time, and there is none.",
                     "Add train.over_time, or remove it.")  # fmt: skip
    if not train or not train.over_time:
        return
    address = "train.over_time"
    if pipeline.featurize:
        yield _wrong(pipeline, address, "decodes parts of epochs, and featurize leaves none.",
                     "Leave featurize out, and begin the model with 'vectorize'.")  # fmt: skip
    if pipeline.target and pipeline.target.is_number:
        yield _wrong(pipeline, address, "tells classes apart, and the target is a number.", "Predict a label.")
    if train.search:
        yield _wrong(pipeline, address, "fits one model at every moment, so nothing is searched there.",
                     "Remove train.search, and write the settings down.")  # fmt: skip


def _few_shot(pipeline: Pipeline) -> Problems:
    train = pipeline.train
    if not train or not train.few_shot:
        return
    split = train.split
    if split.forward or not (split.leave_out or split.by):
        yield _wrong(pipeline, "train.few_shot", "takes samples of a group that is held out, and this split holds out "
                     "none whole.", "Split by `leave_out: subject`, or `k_fold` with `by: subject`.")  # fmt: skip
    if split.few_shot:
        yield _wrong(pipeline, "train.few_shot", f"counts shots itself, and the split takes {split.few_shot} already.",
                     "Remove train.split.few_shot.")  # fmt: skip


def _ablation(pipeline: Pipeline) -> Problems:
    if not pipeline.train or not pipeline.train.ablation:
        return
    index = catalogue.index()["features"]
    arrays = [use.name for use in pipeline.featurize if index.get(use.name, {}).get("per") == "array"]
    if arrays or not pipeline.featurize:
        got = f"{arrays[0]} gives none" if arrays else "there is no featurize"
        yield _wrong(pipeline, "train.ablation", f"takes columns away, and {got}.",
                     "Name features that give columns under featurize.")  # fmt: skip


def _pieces(pipeline: Pipeline) -> Problems:
    """Refuse a label for what no event covers where every window stands at an event."""
    target = pipeline.target
    cut = next((use for use in reversed(pipeline.preprocess) if use.name == "epoch"), None)
    if target is None or cut is None or getattr(cut.settings, "events", None) is None:
        return
    for name in ("otherwise", "ahead"):
        if getattr(target, name) is not None:
            yield _wrong(pipeline, f"target.{name}", f"speaks of windows without an event, and {cut.address} cuts them "
                         "round events alone.", "Cut equal pieces: `epoch: {duration: 4 s}`.")  # fmt: skip


def _forecast(pipeline: Pipeline) -> Problems:
    evaluate, ahead = pipeline.evaluate, pipeline.target and pipeline.target.ahead
    if evaluate and evaluate.forecast and not ahead:
        yield _wrong(pipeline, "evaluate.forecast", "scores alarms against onsets, and the target foretells none.",
                     "Add target.ahead, such as `ahead: {horizon: 5 min, occurrence: 30 min}`.")  # fmt: skip
    if evaluate and evaluate.seizures and ahead:
        yield _wrong(pipeline, "evaluate.seizures", "scores windows within events, and target.ahead takes those out.",
                     "Use evaluate.forecast.")  # fmt: skip
