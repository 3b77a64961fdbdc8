"""`neurocli explain`: what a code or an exit status means, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PAGES = Path(__file__).resolve().parents[1] / "explanations"
STATUSES = {
    0: "everything asked for exists and is valid",
    1: "internal error; please report it",
    2: "usage: the command line is wrong",
    3: "configuration: pipelines.yaml is wrong, at file:line:column",
    4: "input or BIDS error found before computing: empty selection, unreadable dataset, fewer than two classes",
    5: "partial: some units failed, the others are published",
    6: "all units failed, or a gathering stage did",
    7: "store or ledger: corrupt, disk full, permission",
    8: "resources: every failure was memory or time; the message gives the request to use",
    9: "environment: an extra, an external tool, a GPU or a template is missing",
    10: "`plan --check`: something is stale or missing",
    75: "temporary: try again (preempted, scheduler busy)",
    130: "stopped by SIGINT (Ctrl-C)",
    143: "stopped by SIGTERM",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


def explain(
    code: Annotated[
        str | None, typer.Argument(help="A code such as E-CONFIG-UNIT, or `exit`; all codes if absent.")
    ] = None,
) -> None:
    """Explain an error code, or with `exit` the exit statuses."""
    if code is None:
        for page in sorted(PAGES.glob("E-*.md"), key=lambda page: page.stem):
            print(f"{page.stem:24} {_title(page)}")
        print(f"{'exit':24} Exit statuses")
    elif code.lower() == "exit":
        for status, meaning in STATUSES.items():
            print(f"{status:>4}  {meaning}")
    else:
        print(_page(code).read_text(encoding="utf-8").rstrip())


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")


def _page(code: str) -> Path:
    from ..errors import UsageError, unknown

    known = {page.stem: page for page in PAGES.glob("E-*.md")}
    if code.upper() not in known:
        area = "-".join(code.upper().split("-")[:2])
        near = [name for name in known if name.startswith(area)]  # all of them would fill the screen
        raise UsageError(unknown("code", code.upper(), near or known), remedy="`neurocli explain` lists them all.")
    return known[code.upper()]
