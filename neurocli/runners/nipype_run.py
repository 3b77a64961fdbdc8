"""Carry tasks out as nodes of a nipype workflow; our store decides what runs, our ledger what became of it."""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import Exit, MissingError, TemporaryError, UsageError, unknown
from ..pipelines import manifest
from ..pipelines.manifest import Context
from ..pipelines.request import Request
from ..pipelines.units import Task
from . import nipype_ends, provenance
from .run import Carry, Event, Report
from .workers import run_folder, worker_command

OURS = __package__
THEIRS = "nipype.pipeline.plugins"
PLUGINS = {
    "Linear": f"{THEIRS}.LinearPlugin",
    "MultiProc": f"{OURS}._nipype_multiproc.MultiProcPlugin",
    "SLURM": f"{OURS}._nipype_slurm.SLURMPlugin",
    "SLURMGraph": f"{OURS}._nipype_slurm.SLURMGraphPlugin",
    "PBS": f"{THEIRS}.PBSPlugin",
    "SGE": f"{THEIRS}.SGEPlugin",
    "LSF": f"{THEIRS}.LSFPlugin",
    "Condor": f"{THEIRS}.CondorPlugin",
}
EXECUTION = {
    "create_report": False,
    "stop_on_first_crash": False,
    "check_version": False,
    "get_linked_libs": False,  # a node would run ldd on the shell
    "hash_method": "timestamp",
}
Plugin = Callable[..., Any]


@contextmanager
def carrier(request: Request) -> Iterator[Carry]:
    """Yield a function that hands tasks to the plugin that ``nipype:PLUGIN`` names."""
    plugin = find(request.executor.removeprefix("nipype:"))

    def carry(context: Context, waiting: Sequence[Task], report: Report) -> list[Event]:
        provenance.write(run_folder(context), context.describe or {}, request)
        return Phase(request, context, waiting, report).carry(plugin)

    yield carry


def find(name: str) -> Plugin:
    """Return the class of a plugin: a known name, or the dotted path of a class.

    Raises
    ------
    UsageError
        If there is none, or it leaves before its jobs have ended and nobody could say when (``E-USAGE-EXECUTOR``).
    MissingError
        If nipype cannot be imported (``E-NIPYPE-MISSING``).
    """
    if name not in PLUGINS and "." not in name:
        raise _no(unknown("nipype plugin", name, PLUGINS))
    quiet()
    path = PLUGINS.get(name, name)
    plugin = _imported(path)
    if not callable(getattr(plugin, "run", None)):
        raise _no(f"{path!r} is no class of a nipype plugin.")
    if _leaves_early(plugin) and name not in PLUGINS:
        raise _no(f"{path!r} leaves before its jobs have ended, and nothing says when they have.")
    return plugin  # type: ignore[no-any-return]  # whatever the path names


def _no(message: str) -> UsageError:
    remedy = f"Use nipype:{{{','.join(PLUGINS)}}}, or nipype:package.module.Class."
    return UsageError(message, code="E-USAGE-EXECUTOR", remedy=remedy)


def quiet() -> None:
    """Import nipype with its look for newer versions off, and hear of it only what we say ourselves."""
    os.environ["NIPYPE_NO_ET"] = os.environ["NO_ET"] = "1"
    try:
        import_module(THEIRS)
    except ImportError as error:
        remedy = "Install nipype, or use --executor local."
        raise MissingError(f"nipype cannot be imported: {error}.", code="E-NIPYPE-MISSING", remedy=remedy) from error
    for name in ("nipype", "nipype.workflow", "nipype.interface", "nipype.utils"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _imported(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise _no(f"There is no nipype plugin {path!r}: {error}.") from error


def _leaves_early(plugin: Any) -> bool:
    base = import_module(f"{THEIRS}.base").GraphPluginBase
    return isinstance(plugin, type) and issubclass(plugin, base)


class Phase:
    """Tasks that do not depend on each other: one node each, in a working folder that is thrown away."""

    def __init__(self, request: Request, context: Context, waiting: Sequence[Task], report: Report) -> None:
        self.request, self.context = request, context
        path = run_folder(context) / "tasks.jsonl"
        first = manifest.append(path, context, waiting)
        self.command = worker_command(path)
        self.folder = run_folder(context) / f"nipype-{first}-{os.getpid()}"
        self.tasks = {first + i: task for i, task in enumerate(waiting)}
        self.ends = nipype_ends.Ends(context, self.tasks, self.folder, report)

    def carry(self, plugin: Plugin) -> list[Event]:
        """Run the workflow and return the final events of all units."""
        self.folder.mkdir(parents=True)
        try:
            return self.ends.collect(self._run(plugin))
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, plugin: Plugin) -> str:
        """Run the workflow; return what nipype complains of, which decides nothing."""
        workflow = self.workflow()
        runner = plugin(plugin_args=self.arguments())
        try:
            workflow.run(runner)
        except KeyboardInterrupt as stop:
            raise _stopped() from stop
        except Exception as error:  # what became of each task is in the ledger
            return f"{type(error).__name__}: {error}"
        return ""

    def workflow(self) -> Any:
        """Return the workflow; a node is a line of shell, so nothing of ours is pickled."""
        from nipype.interfaces.base import CommandLine
        from nipype.pipeline.engine import Node, Workflow

        script = self._script()
        workflow = Workflow(f"w{time.time_ns()}", base_dir=str(self.folder))
        workflow.config["logging"] = dict.fromkeys(("workflow_level", "interface_level", "utils_level"), "CRITICAL")
        workflow.config["execution"] = {**EXECUTION, "crashdump_dir": str(self.folder)}
        for index in self.tasks:
            line = CommandLine("sh", args=shlex.join([str(script), str(index)]), terminal_output="none")
            # names of jobs are made of these, and the queue is asked for them
            node = Node(line, name=f"t{index}_{workflow.name}", mem_gb=0.01)
            workflow.add_nodes([node])
        return workflow

    def _script(self) -> Path:
        """Write what a node runs: the worker, and then how it ended, which no plugin tells reliably."""
        limit = self.request.time_limit
        words = ["timeout", "-k", "10", f"{limit:g}", *self.command] if limit else self.command
        path = self.folder / "node.sh"
        here, folder = shlex.quote(str(Path.cwd())), shlex.quote(str(self.folder))
        path.write_text(SCRIPT.format(here=here, folder=folder, command=shlex.join(words)))
        return path

    def arguments(self) -> dict[str, Any]:
        """Return ``plugin_args``; each plugin takes what it knows."""
        log = shlex.quote(str(self.folder / "slurm-%j.out"))
        arguments = {
            "n_procs": self.request.workers,
            "raise_insufficient": False,
            "sbatch_args": " ".join([*self.request.slurm_args, "-o", log, "-e", log]),
            "status_callback": lambda node, status: self.ends.hear(),  # noqa: ARG005  the signature is nipype's
        }
        return arguments | ({"memory_gb": self.request.mem_gb} if self.request.mem_gb else {})


SCRIPT = """#!/bin/sh
cd {here} || exit
ours={folder}/"$1"
{command} --index "$1" >"$ours.out" 2>&1
echo $? >"$ours.part" && mv "$ours.part" "$ours.exit"
"""


def _stopped() -> TemporaryError:
    remedy = "Run the same command again: what had ended is not done again."
    error = TemporaryError("The run was stopped before it ended.", code="E-RUN-STOPPED", remedy=remedy)
    error.exit_status = Exit.SIGINT
    return error
