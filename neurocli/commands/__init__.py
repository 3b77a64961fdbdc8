"""The command line: one Typer sub-command a file, and the only place that prints or exits."""

from __future__ import annotations

import gc
import json
import sys
from importlib import import_module
from pkgutil import iter_modules

import typer

from .. import __version__
from ..errors import NeurocliError
from ._help import HELP, arrange, plain
from ._options import spread


def build() -> typer.Typer:
    """Return the application with every sub-command; a file `make_deps.py` holds the command `make-deps`."""
    app = typer.Typer(
        name="neurocli",
        help="From a BIDS dataset and a pipeline named in YAML to an honestly evaluated, exported brain decoder.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": list(HELP)},
    )
    app.callback()(root)
    for info in iter_modules(__path__):
        if not info.name.startswith("_"):
            module = import_module(f"{__name__}.{info.name}")
            module.register(app)
    arrange(app)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


def root(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", is_eager=True, callback=_print_version
    ),
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
) -> None:
    """From a BIDS dataset and a pipeline named in YAML to an honestly evaluated, exported brain decoder."""
    del version  # its callback has printed it
    if debug:
        sys.tracebacklimit = 1000


def main() -> None:
    """Run the command line; the only `except` that prints."""
    debug = "--debug" in sys.argv[1:]
    _settle_network()
    gc.set_threshold(200_000)  # a plan is a hundred thousand small objects, none of them garbage
    try:
        plain(typer.main.get_command(build()))(spread([dashed(a) for a in sys.argv[1:]]), prog_name="neurocli")
    except NeurocliError as error:
        if debug:
            raise
        if "--json" in sys.argv[1:]:  # a program that asked for a document gets one
            document = {"schema_version": 1, "status": "failed", "error": error.to_dict()}
            typer.echo(json.dumps({**document, "exit": int(error.exit_status)}))
        typer.echo(f"error: {error}\n  neurocli explain {error.code}", err=True)
        sys.exit(int(error.exit_status))
    finally:
        gc.freeze()  # or the interpreter looks through all of MNE for garbage on its way out: half a second


def _settle_network() -> None:
    """Silence what calls home, and forbid the network where that is asked for."""
    from ..runners import offline

    offline.silence()
    if offline.is_asked_for():
        offline.guard()


def dashed(argument: str) -> str:
    """Take `--n_cpus` for `--n-cpus`; values are left alone."""
    name, equals, value = argument.partition("=")
    return name.replace("_", "-") + equals + value if argument.startswith("--") else argument
