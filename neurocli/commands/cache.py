"""`neurocli cache`: what the store holds, what may go, what is damaged, and how it travels."""

from __future__ import annotations

import json as json_
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import _options as o

if TYPE_CHECKING:
    from ..store import Store

Where = Annotated[
    Path | None, typer.Option("--store", help="The store.", show_default="NEUROCLI_STORE, else OUT/.neurocli/store")
]
Out = Annotated[Path | None, typer.Option("-o", "--out", "--output-dir", help="The output folder of a run.")]
Days = Annotated[float, typer.Option("--older-than", help="Days; younger entries stay.", min=0)]
DryRun = Annotated[bool, typer.Option("-n", "--dry-run", help="Say what would go, and leave it.")]
Repair = Annotated[bool, typer.Option("--repair", help="Set damaged entries aside, so that the next run mends them.")]
Run = Annotated[list[str], typer.Option("--run", help="Only what this run refers to; may be repeated.")]
Keys = Annotated[list[str] | None, typer.Argument(help="Keys, or their beginnings.", show_default="all")]
Size = Annotated[str, typer.Argument(help="Such as `200 GB`, or `none`.")]
Archive = Annotated[Path, typer.Argument(help="A tar file.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    cache = typer.Typer(name="cache", help="Look after the store.", no_args_is_help=True)
    for command in (ls, du, gc, quota, verify, export):
        cache.command(command.__name__)(command)
    cache.command("import")(import_)
    app.add_typer(cache)


def ls(keys: Keys = None, store: Where = None, out: Out = None, json: o.Json = False) -> None:
    """List the entries: key, bytes, when it was made and what it is."""
    from ..store import care

    rows = [row for row in care.ls(_store(store, out)) if _named(row["key"], keys)]
    if json:
        return _print({"entries": rows})
    for row in rows:
        state = "" if row["intact"] else "  damaged"
        size = amount(row["bytes"])
        print(f"{row['key'][:12]}  {size:>9}  {row['created'] or '-':<20}  {_what(row['recipe'])}{state}")
    return None


def du(store: Where = None, out: Out = None, json: o.Json = False) -> None:
    """Tell how much the store holds, and how much of it waits for `gc`."""
    from ..store import care

    found = care.du(_store(store, out))
    if json:
        return _print(found)
    limit = "no quota" if found["quota_bytes"] is None else f"quota {amount(found['quota_bytes'])}"
    sizes = f"{amount(found['bytes'])}, {amount(found['waiting_bytes'])} to sweep"
    print(f"{found['entries']} entries, {sizes}, {limit}")
    return None


def gc(
    older_than: Days = 7.0, dry_run: DryRun = False, store: Where = None, out: Out = None, json: o.Json = False
) -> None:
    """Remove entries that no run refers to, and what dead processes left behind."""
    from ..store import care

    found = care.gc(_store(store, out), older_than_s=older_than * care.DAY, dry_run=dry_run)
    if json:
        return _print(found)
    word = "would go" if dry_run else "removed"
    print(f"{len(found['removed'])} entries {word}, {amount(found['bytes'])}, {found['kept']} kept")
    return None


def quota(size: Size, store: Where = None, out: Out = None, json: o.Json = False) -> None:
    """Set how much the store may hold; beyond it, what no run refers to goes, the oldest first."""
    from ..store import quota as quotas

    place = _store(store, out, must_exist=False)
    limit = None if size == "none" else quotas.parse(size)
    quotas.write(place, limit)
    if json:
        return _print({"quota_bytes": limit})
    print(f"{place.root}: {'no quota' if limit is None else amount(limit)}")
    return None


def verify(
    keys: Keys = None, repair: Repair = False, store: Where = None, out: Out = None, json: o.Json = False
) -> None:
    """Read entries and compare their hashes; exits 7 when one is damaged and was not repaired."""
    from ..errors import Exit
    from ..store import care

    place = _store(store, out)
    chosen = [key for key in care.keys(place) if _named(key, keys)]
    damaged = [key for key in chosen if _is_damaged(place, key, repair=repair)]
    if json:
        _print({"checked": len(chosen), "damaged": damaged, "repaired": repair})
    else:
        print(f"{len(chosen)} entries checked, {len(damaged)} damaged{', set aside' if repair and damaged else ''}")
        print("".join(f"{key}\n" for key in damaged), end="")
    raise typer.Exit(int(Exit.STORE) if damaged and not repair else 0)


def export(
    archive: Archive, keys: Keys = None, run: Run = [], store: Where = None, out: Out = None, json: o.Json = False  # noqa: B006 - typer reads it
) -> None:  # fmt: skip
    """Write entries into a tar for another machine."""
    from ..store import archive as archives
    from ..store import care

    place = _store(store, out)
    wanted = care.of_runs(place, run) if run else set(care.keys(place))
    found = archives.export(place, [key for key in wanted if _named(key, keys)], archive)
    if json:
        return _print({**found, "outputs": [str(archive)]})
    print(f"{archive}: {found['entries']} entries, {amount(found['bytes'])}")
    return None


def import_(archive: Archive, store: Where = None, out: Out = None, json: o.Json = False) -> None:
    """Read entries from a tar; names and hashes are checked, and nothing in it is ever run."""
    from ..store import archive as archives

    found = archives.import_(_store(store, out), archive)
    if json:
        return _print(found)
    print(f"{found['imported']} entries imported, {found['present']} were there already")
    return None


def _store(store: Path | None, out: Path | None, *, must_exist: bool = True) -> Store:
    from ..errors import UsageError
    from ..store import Store

    named = store or os.environ.get("NEUROCLI_STORE") or (out and out / ".neurocli" / "store")
    if not named:
        raise UsageError("Which store? Name it with --store, or the output folder of a run with -o.")
    if must_exist and not Path(named).is_dir():
        raise UsageError(f"There is no store at {named}.", remedy="Check --store or -o.")
    return Store(Path(named))


def _named(key: str, keys: Sequence[str] | None) -> bool:
    return not keys or any(key.startswith(beginning) for beginning in keys)


def _is_damaged(store: Store, key: str, *, repair: bool) -> bool:
    from ..errors import StoreError

    if repair:
        return store.repair(key)
    try:
        store.verify(key)
    except StoreError as error:
        if error.code != "E-STORE-CORRUPT":
            raise
        return True
    return False


def _what(recipe: dict[str, Any]) -> str:
    steps = [str(step.get("name", "")) for step in recipe.get("steps", []) if isinstance(step, dict)]
    return " ".join([str(recipe.get("stage", "")), *steps]).strip()


def amount(n_bytes: float) -> str:
    """Return a number of bytes for eyes, in the units that `cache quota` takes."""
    for unit in ("B", "KB", "MB", "GB"):
        if n_bytes < 999.95:
            return f"{n_bytes:.1f} {unit}" if unit != "B" else f"{n_bytes:.0f} B"
        n_bytes /= 1000
    return f"{n_bytes:.1f} TB"


def _print(document: dict[str, Any]) -> None:
    print(json_.dumps({"schema_version": 1, **document}, ensure_ascii=False))
