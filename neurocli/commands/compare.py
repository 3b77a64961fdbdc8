"""`neurocli compare RUN RUN ...`: scores side by side, with what their number calls for."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated, Any

import typer

from . import _options as o

Runs = Annotated[list[Path], typer.Argument(help="Output folders of runs.")]
Datasets = Annotated[bool, typer.Option("--datasets", help="Each folder is of another dataset: test over them all.")]
Metric = Annotated[str | None, typer.Option("--metric", help="Only this one.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("compare")(compare)


def compare(runs: Runs, metric: Metric = None, datasets: Datasets = False, json: o.Json = False) -> None:
    """Print the scores of several runs, best first, and a test of each pair, corrected for how many there are."""
    from ..pipelines.scores import comparison, meta
    from ._show import number, say

    if datasets:
        _over_datasets(meta([run.absolute() for run in runs], metric), as_json=json)
        return
    document = comparison([run.absolute() for run in runs], metric)
    if json:
        print(json_.dumps({"schema_version": 1, **document}))
        return
    print(document["metric"])
    for row in document["rows"]:
        rivals = ", ".join(f"{name} {number(row.get(name))}" for name in ("majority", "linear", "shuffled"))
        print(f"  {number(row['mean'])}  {row['pipeline']}  (chance {number(row['chance'])}; {rivals})")
    if len(document["datasets"]) > 1:
        say(f"  no test: the runs are of {len(document['datasets'])} datasets ({'; '.join(document['datasets'])}); "
            "`--datasets` compares pipelines that were run on each of them")  # fmt: skip
    for pair in document["pairs"]:
        print(f"  {_paired(pair, document['n_compared'])}")


def _paired(pair: dict[str, Any], n_compared: int) -> str:
    from ._show import number

    both = f"{pair['better']} over {pair['worse']}"
    if pair["difference"] is None and not pair["n_subjects"]:
        return f"{both}: no test, since they have no subject and no fold in common"
    return (f"{both}: {number(pair['difference'])}, p {number(pair['p_subjects'])} by subjects, "
            f"{number(pair['p_folds'])} by folds, corrected for {n_compared}")  # fmt: skip


def _over_datasets(document: dict[str, Any], *, as_json: bool) -> None:
    """Print the meta-analysis: means over datasets, and each pair with its combined p."""
    from ._show import number

    if as_json:
        print(json_.dumps({"schema_version": 1, **document}))
        return
    print(f"{document['metric']}, {len(document['datasets'])} datasets")
    for row in document["rows"]:
        print(f"  {number(row['mean'])}  {row['pipeline']}")
    for pair in document["pairs"]:
        sizes = ", ".join(str(one["n_subjects"]) for one in pair["per_dataset"])
        print(f"  {pair['better']} over {pair['worse']}: effect {number(pair['effect'])}, p {number(pair['p'])} "
              f"over datasets of {sizes} subjects")  # fmt: skip
