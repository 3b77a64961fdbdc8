"""From the nodes of one pipeline to a checked `Pipeline`, collecting every problem instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar, get_origin

from pydantic import ValidationError

from .. import registry
from ..errors import ConfigError, UsageError, unknown
from ..evaluation.split import Split
from ..step import ModelStep, Settings
from . import tree
from .checks import check
from .device import checked
from .pipeline import Pipeline, Use, anchor
from .protocols import Ablation, Ahead, Clusters, FewShot, OverTime
from .settings import Evaluate, Input, Null, Target, Train
from .translate import translate, validate
from .yaml_core import Node, kind_of, plain

# stage -> kind of definition that its list holds
LISTED = {"preprocess": "steps", "featurize": "features", "export": "exporters"}
INSIDE: dict[str, type[Settings]] = {
    "split": Split, "null": Null, "over_time": OverTime, "few_shot": FewShot, "ablation": Ablation,
    "clusters": Clusters, "ahead": Ahead,
}  # fmt: skip
KEYS = (
    "title", "citation", "extends", "matrix", "input", "target",
    "preprocess", "featurize", "train", "evaluate", "export", "seed", "keep", "device",
)  # fmt: skip
INHERITED = tuple(key for key in KEYS if key not in ("title", "extends", "matrix"))
DEFAULT_SEED = 42
KEEP = ("final", "all", "none")  # which payloads of single recordings stay in the store; the first by default
# here a scalar is a label: subject 010 is not the number 10
AS_TEXT = {("input",), ("target",)}
Made = TypeVar("Made", bound=Settings)


def expand_steps(pipeline: Node) -> Node:
    """Return the pipeline with every listed step as a mapping of its name to a mapping of its settings.

    A bare scalar or list sets the field that the definition calls positional: ``notch: 50 Hz``.
    """
    fields = dict(pipeline.fields)
    for stage, kind in LISTED.items():
        if stage in fields:
            fields[stage] = _expanded(fields[stage], kind)
    model = fields.get("train", pipeline).fields.get("model")
    if model is not None:
        train = fields["train"]
        fields["train"] = replace(train, value={**train.fields, "model": _expanded(model, "models")})
    return replace(pipeline, value=fields)


def _expanded(listed: Node, kind: str) -> Node:
    if not isinstance(listed.value, list):
        return listed
    return replace(listed, value=[_expanded_step(item, kind) for item in listed.items])


def _expanded_step(item: Node, kind: str) -> Node:
    name = tree.step_name(item)
    if name is None:
        return item
    given = tree.step_settings(item)
    if given.is_null:
        given = Node({}, given.where, None, given.key_where)
    if not isinstance(given.value, dict):
        given = _positioned(given, _definition(kind, name))
    return Node({name: given}, item.where)


def _definition(kind: str, name: str) -> type[Settings]:
    try:
        return registry.get(kind, name)
    except ConfigError:
        return Settings  # an unknown name is reported where it is built


def build(name: str, node: Node) -> tuple[Pipeline | None, list[ConfigError]]:
    """Return the pipeline that the expanded `node` describes, or None and everything that is wrong with it."""
    builder = Builder(node)
    pipeline = builder.pipeline(name)
    return (None if builder.problems else pipeline), builder.problems


class Builder:
    """Builds the parts of one pipeline; `problems` grows on the way."""

    def __init__(self, node: Node):
        self.node = node
        self.problems: list[ConfigError] = []

    def pipeline(self, name: str) -> Pipeline:
        """Return the pipeline; of use only when no problem was found."""
        fields = self.node.fields
        for key in fields:
            if key not in KEYS:
                self._problem(unknown("key of a pipeline:", key, KEYS), fields[key].key_where, "E-CONFIG-UNKNOWN")
        input_ = self._section("input", Input)
        if not self._given("input"):
            self._problem(f"The pipeline {name!r} needs an input, such as `input: {{datatype: eeg}}`.",
                          anchor(self.node), "E-CONFIG-MISSING")  # fmt: skip
        built = Pipeline(
            name=name,
            title=self._text("title") or name,
            citation=self._text("citation"),
            input=input_ or Input(datatype="eeg"),
            target=self._section("target", Target),
            preprocess=self._stage("preprocess"),
            featurize=self._stage("featurize"),
            train=self._train(),
            evaluate=self._section("evaluate", Evaluate),
            export=self._stage("export"),
            seed=self._seed(),
            keep=self._keep(),
            device=self._device(),
            node=self.node,
        )
        self.problems.extend(check(built))
        return built

    def _problem(self, message: str, where: str, code: str, remedy: str | None = None) -> None:
        self.problems.append(ConfigError(message, code=code, where=where, remedy=remedy))

    def _given(self, key: str) -> Node | None:
        node = self.node.fields.get(key)
        return None if node is None or node.is_null else node

    def _text(self, key: str) -> str | None:
        node = self._given(key)
        if node is not None and node.text is None:
            self._problem(f"{key}: expected text, got {kind_of(node)}.", anchor(node), "E-CONFIG-VALUE")
        return node.text if node is not None else None

    def _seed(self) -> int:
        node = self._given("seed")
        if node is None:
            return DEFAULT_SEED
        if isinstance(node.value, bool) or not isinstance(node.value, int) or not 0 <= node.value < 2**63:
            said = f"seed: expected a whole number from 0 on, got {kind_of(node)}."
            self._problem(said, anchor(node), "E-CONFIG-VALUE")
            return DEFAULT_SEED
        return node.value

    def _keep(self) -> str:
        node = self._given("keep")
        if node is None:
            return KEEP[0]
        if node.value not in KEEP:
            said = f"keep: expected one of {', '.join(KEEP)}, got {kind_of(node)}."
            self._problem(said, anchor(node), "E-CONFIG-VALUE")
            return KEEP[0]
        return str(node.value)

    def _device(self) -> str:
        try:
            return checked(self._text("device") or "auto")
        except UsageError as error:
            self._problem(
                f"device: {error.message}", anchor(self.node.fields["device"]), "E-CONFIG-VALUE", error.remedy
            )
            return "auto"

    def _section(self, key: str, model: type[Made]) -> Made | None:
        node = self._given(key)
        if node is None:
            return None
        node = _positioned(node, model)
        return self._settings(model, _inside(node) if key in ("target", "evaluate") else node, key)

    def _settings(
        self, model: type[Made], node: Node, address: str, replaced: dict[str, Any] | None = None
    ) -> Made | None:
        """Return checked settings, or None with the problems noted; `replaced` are parts that were checked apart."""
        if not isinstance(node.value, dict):
            said = f"{address}: expected a mapping of settings, got {kind_of(node)}."
            self._problem(said, node.where, "E-CONFIG-VALUE")
            return None
        document = {**_document(node, tuple(address.split("."))), **(replaced or {})}
        try:
            return validate(model, document, node)
        except ValidationError as error:
            self.problems.extend(translate(error, model, node, address))
        except ConfigError as error:  # a validator that knows a code of its own, but not the place
            error.where = error.where or anchor(node)
            self.problems.append(error)
        return None

    def _stage(self, stage: str) -> tuple[Use, ...]:
        node = self._given(stage)
        return () if node is None else self._uses(node, LISTED[stage], stage)

    def _uses(self, node: Node, kind: str, address: str) -> tuple[Use, ...]:
        if not isinstance(node.value, list):
            self._problem(
                f"{address}: expected a list of steps, got {kind_of(node)}.",
                node.where,
                "E-CONFIG-STAGE",
                "Write one step a line, each behind a dash.",
            )
            return ()
        found = (self._use(part, item, kind, address) for part, item in tree.steps(node))
        return tuple(use for use in found if use)

    def _use(self, part: tree.Part, item: Node, kind: str, stage: str) -> Use | None:
        if not part.name:
            self._no_step(item, stage)
            return None
        address = f"{stage}.{tree.place(part)}"
        given = tree.step_settings(item)
        try:
            definition = registry.get(kind, part.name)
        except ConfigError as error:
            error.where = anchor(given)
            self.problems.append(error)
            return None
        settings = self._settings(definition, given, address)
        return Use(part.name, settings, address) if settings else None

    def _no_step(self, item: Node, stage: str) -> None:
        keys = ", ".join(item.fields)
        got = f"the keys {keys} side by side" if keys else kind_of(item)
        remedy = "Indent the settings below their step: `- filter: {l_freq: 1 Hz}`."
        self._problem(f"{stage}: expected one step, got {got}.", item.where, "E-CONFIG-STEP", remedy)

    def _train(self) -> Train | None:
        node = self._given("train")
        if node is None:
            return None
        if not isinstance(node.value, dict):
            self._settings(Train, node, "train")
            return None
        model = node.fields.get("model")
        uses = self._uses(model, "models", "train.model") if model is not None and not model.is_null else ()
        replaced = {"model": uses} if model is not None else {}
        train = self._settings(Train, _inside(node), "train", replaced)
        return self._finished(train, uses, node)

    def _finished(self, train: Train | None, uses: Sequence[Use], node: Node) -> Train | None:
        if train is None:
            return None
        deep = any(use.settings.deep for use in uses if isinstance(use.settings, ModelStep))
        changes: dict[str, Any] = {"model": tuple(uses)}
        if deep and "null" not in node.fields:
            changes["null"] = train.null.model_copy(update={"permutations": 0})  # too dear to be a default
        if not node.fields["model"].items:
            said = "train.model is empty; name at least one model."
            self._problem(said, anchor(node.fields["model"]), "E-CONFIG-STAGE")
        return train.model_copy(update=changes)


def _inside(node: Node) -> Node:
    """Return a section whose own sections are mappings, where a bare value stands for the positional field."""
    if not isinstance(node.value, dict):
        return node
    return replace(node, value={key: _positioned(at, INSIDE.get(key, Settings)) for key, at in node.fields.items()})


def _positioned(node: Node, model: type[Settings]) -> Node:
    """Return the node as a mapping where a bare scalar or list stands for the positional field."""
    if model.positional is None or isinstance(node.value, dict) or node.is_null:
        return node
    value = replace(node, key_where=node.where)
    if node.text is not None and get_origin(model.model_fields[model.positional].annotation) in (list, tuple):
        value = Node([node], node.where, None, node.where)
    return Node({model.positional: value}, node.where, None, node.key_where)


def _document(node: Node, path: tuple[str, ...]) -> Any:
    """Return plain values for pydantic, labels as they were written; what a section among them says are no labels."""
    if isinstance(node.value, dict):
        return {key: _document(child, (*path, key)) for key, child in node.value.items()}
    return plain(node, as_text=path in AS_TEXT or path[:-1] in AS_TEXT)
