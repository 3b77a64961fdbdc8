"""nipype's MultiProc, mended: a node that is killed is one failed node, and nothing is polled.

Upstream waits for ever for the result of a process that was killed, and sleeps a poll for every `n_procs` nodes, even
when all of them are cached (``docs/upstream``). Here every node has a process and a pipe of its own, and the end of the
pipe tells that it has ended, however it did.
"""

from __future__ import annotations

import multiprocessing as mp
import os
import signal
from contextlib import suppress
from copy import deepcopy
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

from nipype.pipeline.plugins import multiproc

from .supervise import Undertaker

PRELOAD = ["nipype.pipeline.engine", "nipype.pipeline.plugins.multiproc"]


class Job(NamedTuple):
    """A node at work."""

    process: Any
    pipe: Connection


class MultiProcPlugin(multiproc.MultiProcPlugin):  # type: ignore[misc]  # nipype has no types
    """Run the nodes of a workflow in processes; takes the ``plugin_args`` of the class that it mends."""

    def __init__(self, plugin_args: dict[str, Any] | None = None) -> None:
        super().__init__(plugin_args=plugin_args)
        self.pool.shutdown()  # it has no process yet, and never gets one
        self._context = mp.get_context(self.plugin_args.get("mp_context") or "forkserver")
        if self._context.get_start_method() == "forkserver":
            self._context.set_forkserver_preload(PRELOAD)
        self._jobs: dict[int, Job] = {}
        self._undertaker = Undertaker()

    def run(self, graph: Any, config: Any, updatehash: bool = False) -> None:
        """Run a graph; whatever is still at work when we leave, in whichever way, is ended."""
        config = deepcopy(config)
        config["execution"]["poll_sleep_duration"] = 0  # we wait for ends, not for time to pass
        try:
            super().run(graph, config, updatehash=updatehash)
        finally:
            for job in self._jobs.values():
                _end(job)
            self._undertaker.dismiss()

    def _send_procs_to_workers(self, updatehash: bool = False, graph: Any = None) -> None:
        """Start what there is room for, and then wait until one of the nodes ends."""
        n_before = -1
        while n_before != (n_before := int(self.proc_done.sum())):  # a cached node gives its room back only next time
            super()._send_procs_to_workers(updatehash=updatehash, graph=graph)
        self._undertaker.watch([job.process.pid for job in self._jobs.values()])
        if self._jobs:
            wait([job.pipe for job in self._jobs.values()])

    def _submit_job(self, node: Any, updatehash: bool = False) -> int:
        if getattr(node.interface, "terminal_output", "") == "stream":
            node.interface.terminal_output = "allatonce"
        self._taskid += 1
        pipe, theirs = self._context.Pipe(duplex=False)
        loudness = multiproc.logger.getEffectiveLevel()
        orders = (theirs, loudness, node, updatehash, self._taskid, self._cwd)
        process = self._context.Process(target=work, args=orders)
        process.start()
        theirs.close()  # or the pipe would never end
        self._jobs[self._taskid] = Job(process, pipe)
        return int(self._taskid)

    def _get_result(self, taskid: int) -> dict[str, Any] | None:
        job = self._jobs[taskid]
        if not job.pipe.poll():
            return None
        try:
            return dict(job.pipe.recv())
        except (EOFError, OSError):
            job.process.join()
            how = _how(job.process.exitcode)
            return {"result": None, "traceback": [f"The process of this node {how}.\n"], "taskid": taskid}

    def _clear_task(self, taskid: int) -> None:
        _end(self._jobs.pop(taskid))


def work(pipe: Connection, loudness: int, node: Any, updatehash: bool, taskid: int, cwd: str) -> None:
    """Run one node, in its own process and process group, and answer on the pipe."""
    os.setpgid(0, 0)
    multiproc.logger.setLevel(loudness)
    multiproc.process_initializer(cwd)
    result = multiproc.run_node(node, updatehash, taskid)
    try:
        pipe.send(result)
    except Exception as error:  # a result that cannot be pickled
        pipe.send({"result": None, "traceback": [f"{type(error).__name__}: {error}\n"], "taskid": taskid})


def _end(job: Job) -> None:
    """End a node that is still at work, and whatever a node has left running."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(job.process.pid, signal.SIGKILL)
    job.process.join()
    job.process.close()
    job.pipe.close()


def _how(exit_status: int | None) -> str:
    if exit_status is None or exit_status >= 0:
        return f"left with exit status {exit_status} and no result"
    try:
        return f"was ended by {signal.Signals(-exit_status).name}"
    except ValueError:
        return f"was ended by signal {-exit_status}"
