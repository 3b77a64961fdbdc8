"""What must hold between the parts of a pipeline, each of which is right for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from ..errors import ConfigError, unknown
from ..evaluation.metrics import check_name
from ..features import catalogue
from ..models._rules import check_rules
from ..step import ModelStep
from . import tree
from .pipeline import Pipeline, Use, anchor
from .protocol_checks import protocols
from .translate import translate
from .yaml_core import Node

Problems = Iterator[ConfigError]
BETWEEN = {
    "columns": "Put 'covariance' or 'augmented_covariance' into featurize, alone.",
    "arrays": "Put 'tangent_space' before it.",
}


def check(pipeline: Pipeline) -> Problems:
    """Yield what is wrong between the parts; a part that could not be made is passed over."""
    yield from _stages(pipeline)
    yield from _repeated(pipeline)
    yield from _chain(pipeline)
    yield from _target(pipeline)
    yield from _samples(pipeline)
    yield from _metrics(pipeline)
    yield from _search(pipeline)
    yield from protocols(pipeline)


def _given(pipeline: Pipeline, key: str) -> Node | None:
    node = pipeline.node.fields.get(key)
    return None if node is None or node.is_null else node


def _stages(pipeline: Pipeline) -> Problems:
    train, evaluate = _given(pipeline, "train"), _given(pipeline, "evaluate")
    if train and not _given(pipeline, "target"):
        said = "train needs a target, such as `target: {entity: task}`."
        yield ConfigError(said, code="E-CONFIG-STAGE", where=train.key_where)
    if evaluate and not train:
        yield ConfigError("evaluate needs a train stage.", code="E-CONFIG-STAGE", where=evaluate.key_where)
    if not any(_given(pipeline, stage) for stage in ("preprocess", "featurize", "train")):
        said = "The pipeline has nothing to do: it lacks preprocess, featurize and train."
        yield ConfigError(said, code="E-CONFIG-STAGE", where=anchor(pipeline.node))


def _repeated(pipeline: Pipeline) -> Problems:
    """Refuse a feature or an export that is listed twice with the same settings: its columns or files would clash."""
    for uses in (pipeline.featurize, pipeline.export):
        for i, use in enumerate(uses):
            if any(other.name == use.name and other.settings == use.settings for other in uses[:i]):
                said = f"{use.address} is listed above with the same settings."
                yield ConfigError(said, code="E-CONFIG-STAGE", where=pipeline.mark(use.address), remedy="Remove one.")


def _raised(where: str, check: Callable[..., None], *args: Any, **more: Any) -> Problems:
    """Yield what another room's check refuses, with the place, which only we know."""
    try:
        check(*args, **more)
    except ConfigError as error:
        error.where = where
        yield error


def _members(pipeline: Pipeline) -> list[tuple[Use, ModelStep]]:
    """Return the members of the model, none where one of them could not be made."""
    uses = pipeline.train.model if pipeline.train else ()
    made = [(use, use.settings) for use in uses if isinstance(use.settings, ModelStep)]
    written = tree.find(pipeline.node, tree.parse("train.model")).items
    return made if len(made) == len(written) else []


def _chain(pipeline: Pipeline) -> Problems:
    """Refuse members that cannot follow each other, and a last one that does not predict."""
    members = [settings for _, settings in _members(pipeline)]
    if members:
        yield from _raised(pipeline.mark("train.model"), check_rules, members)


def _target(pipeline: Pipeline) -> Problems:
    """Refuse a classifier for a number, and a regression for labels."""
    members = _members(pipeline)
    if not members or pipeline.target is None:
        return
    use, last = members[-1]
    kind = "number" if pipeline.target.is_number else "label"
    if kind not in last.targets:
        said = f"{use.address} predicts a {' or a '.join(last.targets)}, and the target is a {kind}."
        remedy = "`neurocli steps models` lists the others."
        yield ConfigError(said, code="E-CONFIG-MODEL", where=pipeline.mark(use.address), remedy=remedy)


def _samples(pipeline: Pipeline) -> Problems:
    """Refuse a model that starts from covariances where there are columns, and the other way round."""
    index = catalogue.index()["features"]
    members = _members(pipeline)
    if not members:
        return
    use, first = members[0]
    for one in pipeline.featurize:
        if one.name not in index:
            return  # a third party's: known when it runs
        gives = "arrays" if index[one.name]["per"] == "array" else "columns"
        if (first.takes, gives) in (("columns", "arrays"), ("covariances", "columns")):
            said = f"{use.address} needs {first.takes}, and {one.address} gives {gives}."
            yield ConfigError(said, code="E-CONFIG-MODEL", where=pipeline.mark(use.address), remedy=BETWEEN[gives])


def _metrics(pipeline: Pipeline) -> Problems:
    """Refuse a metric that does not exist, or that does not suit the target."""
    metrics = pipeline.evaluate.metrics if pipeline.evaluate else ()
    asked = [(f"evaluate.metrics[{i}]", name) for i, name in enumerate(metrics)]
    if pipeline.train and pipeline.train.search:
        asked.append(("train.search.metric", pipeline.train.search.metric))
    is_number = pipeline.target.is_number if pipeline.target else None
    for address, name in asked:
        yield from _raised(pipeline.mark(address), check_name, name, is_number=is_number)


def _search(pipeline: Pipeline) -> Problems:
    """Refuse to search what is no setting of a member, and candidates that it does not take."""
    search = pipeline.train.search if pipeline.train else None
    if search is None:
        return
    known = {use.address.removeprefix("train.model."): use for use in pipeline.train.model} if pipeline.train else {}
    over = tree.find(pipeline.node, tree.parse("train.search.over"))
    for setting, candidates in search.over.items():
        member, _, field = setting.rpartition(".")
        node = over.fields[setting]
        if member not in known:
            said = unknown("member of train.model:", member or setting, known)
            yield ConfigError(said, code="E-CONFIG-UNKNOWN", where=anchor(node))
            continue
        for value, item in zip(candidates, node.items, strict=True):
            yield from _candidate(known[member], field, value, item)


def _candidate(use: Use, field: str, value: Any, item: Node) -> Problems:
    given = {**use.settings.model_dump(by_alias=True, exclude_unset=True), field: value}
    try:
        type(use.settings).model_validate(given)
    except ValidationError as error:
        written = Node({field: replace(item, key_where=item.where)}, item.where, None, item.where)
        yield from translate(error, type(use.settings), written, use.address)
