"""Whole runs of the tiny pipeline that stress tests disturb, and what must come out of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from neurocli.store import Store, care
from neurocli.store.ledger import read

from ..runs.conftest import PIPELINES, ROOT, write_dataset

STORE = ".neurocli/store/"
HANG_S = 900  # a run takes seconds; this is for a crowded machine


@dataclass(frozen=True)
class Stage:
    """A dataset with its pipelines file, on which runs are started."""

    home: Path

    @classmethod
    def built(cls, home: Path, n_subjects: int, pipelines: str = PIPELINES) -> Stage:
        """Write the dataset and the file."""
        write_dataset(home / "bids", n_subjects)
        (home / "pipelines.yaml").write_text(pipelines)
        return cls(home)

    @property
    def env(self) -> dict[str, str]:
        """Return the environment of a run."""
        return {**os.environ, "PYTHONPATH": str(ROOT), "NEUROCLI_CACHE_DIR": str(self.home / "cache")}

    def words(self, out: Path) -> list[str]:
        """Return the command line of a run."""
        words = ["run", "tiny", "--bids-dir", self.home / "bids", "-o", out, "-f", self.home / "pipelines.yaml", "-q"]
        return [*map(str, words), "--n-cpus", "2"]

    def start(self, out: Path, **options: object) -> subprocess.Popen[bytes]:
        """Start a run in a session of its own."""
        command = [sys.executable, "-m", "neurocli", *self.words(out)]
        return subprocess.Popen(
            command, env=self.env, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options
        )

    def finish(self, out: Path) -> None:
        """Run to the end; a second such run has nothing to do."""
        done = self.start(out)
        _, said = done.communicate(timeout=HANG_S)
        assert done.returncode == 0, said.decode()


def contents(out: Path) -> dict[str, bytes]:
    """Return everything that was published and every payload, by name."""
    kept = [*published(out), *payloads(out)]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in kept}


def published(out: Path) -> list[Path]:
    """Return every file of the output folder that is for people."""
    return [path for path in out.rglob("*") if path.is_file() and ".neurocli" not in path.parts]


def payloads(out: Path) -> list[Path]:
    """Return every file of the store's entries, but for manifests, which say when and how long."""
    store = Store(out / ".neurocli" / "store")
    paths = [path for key in care.keys(store) for path in store.find(key).rglob("*")]
    return [path for path in paths if path.is_file() and path.name != "manifest.json"]


def check(out: Path, undisturbed: dict[str, bytes], *, partial: bool = False) -> None:
    """See that the same names hold the same bytes, and that every entry is what its manifest says.

    With `partial` the store may hold more: a run that loses a recording goes on with the others, under other keys.
    """
    verify(out)
    found = contents(out)
    more = {name for name in found.keys() - undisturbed.keys() if not (partial and name.startswith(STORE))}
    assert not more, f"nobody asked for {sorted(more)}"
    assert not (missing := undisturbed.keys() - found.keys()), f"missing: {sorted(missing)}"
    assert not (other := [name for name in undisturbed if found[name] != undisturbed[name]]), f"other bytes: {other}"


def verify(out: Path) -> None:
    """See that every entry of the store is what its manifest says."""
    store = Store(out / ".neurocli" / "store")
    for key in care.keys(store):
        store.verify(key)


def executed(out: Path) -> Counter[str]:
    """Return how often each unit was computed, in the words of the ledger."""
    events = read(out / ".neurocli" / "ledger")
    return Counter(e["unit"] for e in events if e["event"] == "done" and e.get("how") == "executed")
