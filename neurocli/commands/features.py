"""`neurocli features`: the catalogue of features, its compiler cache, and its benchmark."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Backend = Annotated[str, typer.Option(help="reference, cpu or cuda.")]
Compiled = Annotated[
    str, typer.Option("--backend", help="cpu or cuda; unless said, both where there is a GPU.", show_default=False)
]
Names = Annotated[str, typer.Option("--features", help="Names, separated by commas; all unless said.")]
Epochs = Annotated[int, typer.Option(min=1, help="Epochs of the workload of the benchmark.")]
Dtype = Annotated[Literal["float32", "float64"], typer.Option(help="What ours computes in.")]
Threads = Annotated[int, typer.Option(min=1, help="From two on, also time ours with so many chunks at once.")]


def register(app: typer.Typer) -> None:
    """Add the command and what is below it."""
    group = typer.Typer(help="List the features, compile them ahead, or time them.", invoke_without_command=True)
    group.callback()(features)
    group.command("list")(listing)
    group.command("compile")(compiling)
    group.command("bench")(benchmark)
    app.add_typer(group, name="features")


def features(context: typer.Context, as_json: Json = False) -> None:
    """List the features, compile them ahead, or time them."""
    if context.invoked_subcommand is None:
        listing(as_json)


def listing(as_json: Json = False) -> None:
    """List every feature with its unit, what it is of, its cost class, backends and source."""
    from ..features import catalogue

    found = catalogue.index()["features"]
    if as_json:
        typer.echo(json.dumps({"schema_version": 1, "features": found}, ensure_ascii=False))
        return
    _print_table(found)


def _print_table(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0))
    for name, share in (("feature, unit, of each", 1), ("what it is", 2)):
        table.add_column(name, ratio=share)
    for name, about in found.items():
        unit = "no unit" if about["unit"] == "1" else about["unit"]
        backends = f"{about['cost']}; {', '.join(about['backends'])}"
        first = "\n".join(
            [f"[bold]{escape(name)}[/bold]", escape(f"  {unit}, of each {about['per']}"), f"  {backends}"]
        )
        table.add_row(first, escape("\n".join(filter(None, (about["summary"], about["source"])))))
    Console(soft_wrap=False).print(table)


def compiling(names: Names = "", backend: Compiled = "", as_json: Json = False) -> None:
    """Compile the features now, so that no run has to; the results are kept on disk."""
    from ..features.warm import here, warm

    wanted, lacking = ([backend], "") if backend else here()
    seconds: dict[str, dict[str, float]] = {one: {} for one in wanted}
    for one in wanted:
        for name, spent in warm(one, names=_split(names)):
            seconds[one][name] = round(spent, 3)
            if not as_json:
                typer.echo(f"{one:5}{name:28}{spent:8.2f} s")
    if lacking:
        typer.echo(f"The kernels for a GPU were not compiled: {lacking}", err=True)
    if as_json:
        more = {"also": {one: seconds[one] for one in wanted[1:]}}
        typer.echo(json.dumps({"schema_version": 1, "backend": wanted[0], "seconds": seconds[wanted[0]], **more}))


def benchmark(
    names: Names = "",
    epochs: Epochs = 200,
    backend: Backend = "cpu",
    dtype: Dtype = "float32",
    threads: Threads = 1,
    as_json: Json = False,
) -> None:
    """Time the features on the fixed workload, the best other library beside each where it is installed."""
    from ..features import bench

    picked = bench.chosen(_split(names))
    if backend == "cuda":
        text, made = bench.on_gpu(picked, epochs, dtype, repeats=20)
    else:
        measured = list(bench.measure(picked, epochs, backend, dtype, n_threads=threads))
        text, made = "\n".join(bench.lines(measured)), bench.document(measured, epochs, threads)
    typer.echo(json.dumps(made) if as_json else text)


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]
