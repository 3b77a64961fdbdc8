"""Everything that has a version, and the code that the version stands for."""

from __future__ import annotations

from collections.abc import Iterator

from neurocli import registry
from neurocli.bids import readers
from neurocli.features import catalogue
from neurocli.features.requests import quantities
from neurocli.pipelines import versions

from .code import closure, digest, room

READING = {"bids.channels", "bids.companions", "bids.entries", "bids.image", "bids.nuisance", "bids.one_d",
           "bids.places", "bids.question", "bids.read", "bids.regions", "bids.select", "bids.sidecars", "bids.tables",
           "bids.units", *room("bids/readers")}  # fmt: skip
ENGINE = closure(["features.featurize"], ["features"])
FITTING = closure(["pipelines.train"], ["pipelines", "evaluation", "models", "geometry"])
JUDGING = room("evaluation") | {"pipelines.evaluate"}
ROOMS = {
    "steps": ["preprocessing", "geometry"], "models": ["models", "geometry"], "exporters": ["exporters", "reports"],
}  # fmt: skip
Versioned = tuple[int, set[str]]


def everything() -> Iterator[tuple[str, Versioned]]:
    """Yield a name, and its version with the modules that its results depend on."""
    yield "reading", (readers.VERSION, READING)
    yield "engine", (versions.ENGINE, ENGINE)
    yield "fitting", (versions.FITTING, FITTING)
    yield "judging", (versions.JUDGING, JUDGING - FITTING)
    for kind, rooms in ROOMS.items():
        for name, definition in registry.definitions(kind).items():
            module = definition.__module__.removeprefix("neurocli.")
            yield f"{kind}/{name}", (definition.version, closure([module], rooms) - FITTING)
    for name, about in catalogue.index()["features"].items():
        yield f"features/{name}", (about["version"], _of_feature(name) - ENGINE)


def _of_feature(name: str) -> set[str]:
    """Return the modules of a feature, of the quantities it stands on, and of their twins."""
    definition = catalogue.feature(name)
    needed = quantities(definition)
    found = [definition.module, *(quantity.module for quantity in needed.values())]
    found += [twins[n] for twins in catalogue.index()["twins"].values() for n in (name, *needed) if n in twins]
    return closure([module.removeprefix("neurocli.") for module in found], ["features", "geometry"])


def now() -> dict[str, list[int | str]]:
    """Return each version with the digest of the code that it stands for."""
    return {name: [version, digest(modules)] for name, (version, modules) in everything()}
