"""The table of decoders by labelled EEG sets: `python -m bench.decoders [--sets ..] [--decoders ..] [-o FOLDER]`.

`decoders.yaml` declares it. Every cell is the plan of one `neurocli evaluate`, its units carried out in this process;
what has ended stands in `cells.jsonl` and is not run again. `_decoder_table` writes the table.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from neurocli.bids.demo import write_demo
from neurocli.errors import NeurocliError
from neurocli.pipelines import choose
from neurocli.pipelines.execute import Event, run_task
from neurocli.pipelines.manifest import Context
from neurocli.pipelines.request import Request
from neurocli.pipelines.units import Task
from neurocli.runners import document as answers
from neurocli.runners.outfolder import prepare_out
from neurocli.runners.run import Report, Run
from neurocli.store import Store
from neurocli.store.ledger import Ledger
from neurocli.store.ledger import read as read_ledger

from ._decoder_table import markdown
from .row import DATA

Document = dict[str, Any]
DECLARED: Document = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
BATCH = 16  # epochs of EEG a step of a network: the sets have few


@dataclass(frozen=True)
class Cell:
    """One decoder on one set.

    Parameters
    ----------
    set, decoder : str
        Names of `decoders.yaml`.
    pipeline : dict
        As a pipelines file has it.
    facts : dict
        What the table says of it besides its score.
    """

    set: str
    decoder: str
    pipeline: Document
    facts: Document

    @property
    def name(self) -> str:
        """Name of the pipeline."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.set} {self.decoder}".lower()).strip("-")


def cells(declared: Document = DECLARED) -> list[Cell]:
    """Return every cell that is run, tier by tier and set by set."""
    runs = {name: one for name, one in declared["decoders"].items() if "skip" not in one}
    found = [
        (one.get("tier", 0), Cell(name, decoder, _pipeline(of_set, one, declared), _facts(of_set, one, declared)))
        for name, of_set in declared["sets"].items()
        for decoder, one in runs.items()
        if name in one.get("only", declared["sets"])
    ]
    return [cell for _, cell in sorted(found, key=lambda pair: pair[0])]


def _pipeline(found: Document, one: Document, declared: Document) -> Document:
    model = [_grouped(member, found["group"]) for member in one.get("model", [])]
    more: Document = {"null": {"permutations": 0 if _no_null(one) else declared["permutations"]}}
    if "deep" in one:
        model.append({one["deep"]: {"n_epochs": found["n_epochs"], "batch_size": BATCH}})
        more["seeds"] = declared["seeds"]
    more |= {"search": one["search"]} if "search" in one else {}
    train = found["pipeline"]["train"]
    more |= {"balance": one["balance"]} if "balance" in one and "balance" in train else {}
    pipeline = {**found["pipeline"], "train": {**train, "model": model, **more}}
    return pipeline | {"preprocess": found["inputs"][one["input"]], "export": []} | _featurize(found, one)


def _featurize(found: Document, one: Document) -> Document:
    feature = one.get("features")
    settled = {"band_power": found["band_power"]} if feature == "band_power" else feature
    return {"featurize": [settled]} if settled else {}


def _grouped(member: Any, group: str) -> Any:
    """Return a member with the set's group for `GROUP`."""
    return json.loads(json.dumps(member).replace('"GROUP"', json.dumps(group)))


def _no_null(one: Document) -> str | None:
    return "cost" if "deep" in one else one.get("null")


def _facts(found: Document, one: Document, declared: Document) -> Document:
    deep = {"n_epochs": found["n_epochs"], "seeds": len(declared["seeds"])} if "deep" in one else {"seeds": 1}
    return {"split": found["split"], "no_null": _no_null(one), **deep}


def write_pipelines(chosen: Sequence[Cell], path: Path) -> None:
    """Write the pipelines file of the cells."""
    document = {"version": 1, "pipelines": {cell.name: cell.pipeline for cell in chosen}}
    path.write_text(yaml.dump(document, Dumper=_Plain, sort_keys=False), encoding="utf-8")


class _Plain(yaml.SafeDumper):
    """Writes in full what occurs more than once, so that every pipeline can be read alone."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - part of the signature
        return True


class OverTime(BaseException):
    """A cell has had its time; no `except Exception` of a unit may take it for an error of its own."""


def measure(cell: Cell, folder: Path, data: Path, limit_s: float) -> Document | None:
    """Run one cell in this process and return its row; None where it was stopped at its limit."""
    request = Request(cell.name, data, folder / "runs" / cell.name, until="evaluate", file=folder / "pipelines.yaml",
                      store=folder / "store", n_cpus=1)  # fmt: skip
    before = _cpu_s()
    try:
        with _at_most(limit_s):
            document = run_here(request)
    except OverTime:
        return None
    row = {"set": cell.set, "decoder": cell.decoder, **cell.facts, "exit": document["exit"]}
    return row | _scored(document) | _costs(request, _cpu_s() - before)


def _cpu_s() -> float:
    """Return the CPU time of this process and of all it has started and seen end."""
    return sum(os.times()[:4])


@contextmanager
def _at_most(limit_s: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise OverTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run_here(request: Request) -> Document:
    """Run a pipeline in this process and return what the command line prints with ``--json``."""
    try:
        prepare_out(request.out, request.bids_dir)
        (pipeline,) = choose.chosen(request)
        tally = Run(request, pipeline, _carry, lambda _: None).execute()
        return answers.document(pipeline.name, request, tally, 0.0)
    except NeurocliError as error:
        return {"exit": int(error.exit_status), "error": error.to_dict()}


def _carry(context: Context, waiting: Sequence[Task], report: Report) -> list[Event]:
    """Carry tasks out one after the other in this process: a worker's start would cost more than most cells."""
    ledger = Ledger(Path(context.out) / ".neurocli" / "ledger")
    events = [event for task in waiting for event in run_task(context, task, ledger)]
    for event in events:
        report(event)
    return events


def _scored(document: Document) -> Document:
    """Return what a run's document says: scores, or the codes of its errors."""
    errors = [document["error"]] if "error" in document else document.get("failures", [])
    scores = {score["metric"]: _score(score) for score in document.get("scores", [])}
    return {"codes": list(dict.fromkeys(error["code"] for error in errors)), "scores": scores}


def _score(score: Document) -> Document:
    kept = {
        name: score[name] for name in ("mean", "ci", "ci_method", "chance", "p_null", "rivals", "drift", "n_samples")
    }
    facts = score["null_facts"] or {}
    kept["n_permutations"] = facts.get("n_permutations", 0)
    return kept | {"smallest_p": facts.get("smallest_p"), "of_seeds": _of_seeds(score)}


def _of_seeds(score: Document) -> list[float]:
    """Return the score of each seed, where it is the mean over folds."""
    if score["aggregate"] != "mean over folds":
        return []
    values: dict[int, list[float]] = {}
    for fold in score["per_fold"]:
        values.setdefault(fold.get("seed", 0), []).append(fold["value"])
    return [sum(own) / len(own) for own in values.values()]


def _costs(request: Request, cpu_s: float) -> Document:
    """Return CPU time of all, that of the decoder's own fits on all folds and seeds, and its weights."""
    done = [event for event in read_ledger(request.out / ".neurocli" / "ledger") if event["event"] == "done"]
    fits = [event for event in done if event["stage"] == "train" and event["how"] == "executed"]
    own = [event["cpu_s"] for event in fits if re.fullmatch(r"train/[^/]+/model(@\d+)?", event["unit"])]
    whole = max(cpu_s, sum(event["cpu_s"] for event in done))  # of a run that was stopped and went on, what is known
    return {"cpu_s": whole, "fit_cpu_s": sum(own), "n_parameters": _n_parameters(done, request.store_folder)}


def _n_parameters(done: Sequence[Document], store: Path) -> int | None:
    """Return the number of weights of the network that was fitted to all samples."""
    keys = [event["key"] for event in done if event["unit"].startswith("train/all/")]
    known: Document = Store(store).read(keys[0])[1]["saw"].get("training", {}) if keys else {}
    return known.get("n_parameters")


def folder_of(name: str, folder: Path, declared: Document = DECLARED) -> Path:
    """Return the BIDS dataset of a set, which is written where it is simulated."""
    given = declared["sets"][name]["folder"]
    return DATA / given if given else write_demo(folder / "simulation")


def rows_in(path: Path) -> list[Document]:
    """Return the rows that were measured so far."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []


def measured(
    chosen: Sequence[Cell], folder: Path, data: Callable[[str], Path], limit_s: float, until: datetime
) -> Iterator[Document]:
    """Yield a row for each cell: kept from before, measured now, or left out for want of time.

    Parameters
    ----------
    chosen : sequence of Cell
        In the order in which they run.
    folder : Path
        Has ``pipelines.yaml``; keeps what was measured.
    data : callable
        The BIDS dataset of a set.
    limit_s : float
        Time that a cell may take, in s.
    until : datetime
        When to stop.
    """
    kept = {(row["set"], row["decoder"]): row for row in rows_in(folder / "cells.jsonl")}
    for cell in chosen:
        row = kept.get((cell.set, cell.decoder))
        left_s = min(limit_s, (until - datetime.now()).total_seconds())
        if row is None and left_s > 0:
            row = measure(cell, folder, data(cell.set), left_s)
            _keep(row, folder / "cells.jsonl")
        yield row or {"set": cell.set, "decoder": cell.decoder, **cell.facts, "skip": "time"}


def _keep(row: Document | None, path: Path) -> None:
    if row is not None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.decoders", description=__doc__)
    parser.add_argument("--sets", nargs="+", default=list(DECLARED["sets"]), choices=list(DECLARED["sets"]))
    parser.add_argument("--decoders", nargs="+", default=list(DECLARED["decoders"]), choices=list(DECLARED["decoders"]))
    parser.add_argument("-o", "--out", type=Path, default=Path("decoders"), help="Folder for the runs and the table.")
    parser.add_argument("--limit", type=float, default=900.0, help="Seconds that a cell may take.")
    parser.add_argument("--until", type=datetime.fromisoformat, default=datetime.max, help="When to stop.")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> None:
    """Run what was asked for, and write `table.md` and `table.json`."""
    asked = _arguments(words)
    asked_for = [cell for cell in cells() if cell.set in asked.sets and cell.decoder in asked.decoders]
    asked.out.mkdir(parents=True, exist_ok=True)
    folder = asked.out.absolute()
    write_pipelines(asked_for, folder / "pipelines.yaml")
    rows = []
    for row in measured(asked_for, folder, lambda name: folder_of(name, folder), asked.limit, asked.until):
        rows.append(row)
        print(row["set"], row["decoder"], "–", row.get("skip") or f"exit {row['exit']}", flush=True)
    skipped = {name: one["skip"] for name, one in DECLARED["decoders"].items() if "skip" in one}
    (folder / "table.json").write_text(
        json.dumps({"rows": rows, "not_run": skipped}, indent=1) + "\n", encoding="utf-8"
    )
    (folder / "table.md").write_text(markdown(rows, skipped), encoding="utf-8")


if __name__ == "__main__":
    main()
