"""SLURM in words: the batch file of an array, the four commands that are called, and what they answer."""

from __future__ import annotations

import math
import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..errors import MissingError, NeurocliError, TemporaryError

MAX_ELEMENTS = 1000  # MaxArraySize is 1001 unless a site changes it
AIM_S = 300.0  # shorter units are grouped until a job takes about this long
MIN_ELEMENTS = 16  # but not into fewer jobs than this: they also run side by side
MAX_RESTARTS = 3
NOTICE_S = 60  # how long before its end a job is told
# reasons for which a pending job never starts by itself
DEAD = {
    "DependencyNeverSatisfied",
    "JobHoldMaxRequeue",
    "launch failed requeued held",
    "JobHeldAdmin",
    "BadConstraints",
}
TRANSIENT = re.compile(r"timed out|temporar|Unable to contact|Connection refused|try again|Zero Bytes", re.IGNORECASE)


@dataclass(frozen=True)
class Array:
    """A job array whose elements run ranges of tasks of one frozen manifest.

    Parameters
    ----------
    name : str
        Of the job.
    command : tuple of str
        The worker; ``--index FIRST-LAST`` is added.
    ranges : tuple of (int, int)
        First and last task of each element.
    logs : Path
        Folder for what the jobs print beside the logs of units.
    limit_s : float or None
        The most that one task may take.
    mem_gb : float or None
        The memory of one element.
    gpu : bool
        Whether each element needs one.
    """

    name: str
    command: tuple[str, ...]
    ranges: tuple[tuple[int, int], ...]
    logs: Path
    limit_s: float | None = None
    mem_gb: float | None = None
    gpu: bool = False


def ranges(first: int, n_tasks: int, mean_s: float | None = None) -> tuple[tuple[int, int], ...]:
    """Return the first and last task of each element: as many as a site allows, fewer where tasks are short."""
    size = math.ceil(n_tasks / MAX_ELEMENTS)
    if mean_s is not None:
        size = max(size, min(math.ceil(AIM_S / max(mean_s, 0.01)), math.ceil(n_tasks / MIN_ELEMENTS)))
    starts = range(first, first + n_tasks, max(1, size))
    return tuple((start, min(start + size, first + n_tasks) - 1) for start in starts)


def batch_text(array: Array) -> str:
    """Return the batch file; a preempted element puts itself back into the queue."""
    longest = max((last - start + 1 for start, last in array.ranges), default=1)
    output = f"{array.logs.as_posix().replace('%', '%%')}/%A_%a.out"
    card = ["#SBATCH --gres=gpu:1"] if array.gpu else []
    lines = [
        "#!/bin/bash",
        f"#SBATCH --job-name={array.name}",
        f"#SBATCH --array=0-{len(array.ranges) - 1}",
        f'#SBATCH --output="{output}"',
        "#SBATCH --nodes=1 --ntasks=1 --cpus-per-task=1",
        "#SBATCH --requeue --open-mode=append",
        f"#SBATCH --signal=B:USR1@{NOTICE_S}",
        *card,
    ]
    if array.limit_s is not None:  # the notice comes up to a minute early
        lines.append(f"#SBATCH --time={math.ceil(array.limit_s * longest / 60) + 2}")
    if array.mem_gb is not None:
        lines.append(f"#SBATCH --mem={math.ceil(array.mem_gb * 1000)}M")
    log = f'{shlex.quote(str(array.logs))}/"${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID.out"'
    texts = " ".join(f"{start}-{last}" if last > start else f"{start}" for start, last in array.ranges)
    return "\n".join(
        [*lines, f"ranges=({texts})", SCRIPT.format(command=shlex.join(array.command), restarts=MAX_RESTARTS, log=log)]
    )


# A signal may come at any time: before there is a worker, or while it is only a copy of this shell that loses signals
# (so it is sent until the worker is gone, which heeds the first), before it heeds signals (it is ended by it, which is
# taken for leaving), while we wait (the wait ends, not the worker), or after it has ended.
SCRIPT = """range=${{ranges[$SLURM_ARRAY_TASK_ID]}}
worker= told=
tell() {{ told=1; while [ -n "$worker" ] && kill -USR1 "$worker" 2>/dev/null; do sleep 1; done; }}
trap tell USR1 TERM
{command} --index "$range" &
worker=$!
[ -z "$told" ] || tell
wait "$worker"
status=$?
[ -z "$told" ] || {{ wait "$worker"; status=$?; }}
[ $status -le 128 ] || case $(kill -l "$status") in USR1|TERM) status=75 ;; esac
element="${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}"
if [ $status -eq 75 ] && [ "${{SLURM_RESTART_COUNT:-0}}" -lt {restarts} ]; then
  case $(scontrol show job "$element") in  # one that a person cancelled stays so
    *JobState=RUNNING*) scontrol requeue "$element" ;;
  esac
fi
test -s {log} || rm -f {log}  # most jobs say nothing
exit $status
"""


def follow_text(name: str, command: Sequence[str], logs: Path) -> str:
    """Return the batch file of the short job that goes on with the next stage."""
    output = f"{logs.as_posix().replace('%', '%%')}/%j.out"
    return "\n".join([
        "#!/bin/bash",
        f"#SBATCH --job-name={name}",
        f'#SBATCH --output="{output}"',
        "#SBATCH --nodes=1 --ntasks=1 --cpus-per-task=1",
        "#SBATCH --requeue --open-mode=append",
        f"exec {shlex.join(command)}",
        "",
    ])  # fmt: skip


# the commands


def submit(batch: Path, arguments: Iterable[str] = (), after: Iterable[str] = ()) -> str:
    """Submit a batch file and return the job id; a scheduler that is busy is asked again.

    Raises
    ------
    MissingError
        If there is no SLURM on this machine (``E-SLURM-MISSING``).
    NeurocliError
        If it refuses the job (``E-SLURM-REFUSED``), or does not answer (``E-SLURM-BUSY``).
    """
    dependency = [f"--dependency=afterany:{':'.join(after)}"] if after else []
    words = [word for text in arguments for word in shlex.split(text)]
    command = ["sbatch", "--parsable", *dependency, *words, str(batch)]
    for pause in (2.0, 5.0, 10.0, None):
        answer = _call(command)
        if answer.returncode == 0:
            return parse_job_id(answer.stdout)
        if pause is None or not TRANSIENT.search(answer.stderr):
            break
        time.sleep(pause)
    reason = answer.stderr.strip()[-500:]
    if TRANSIENT.search(reason):
        raise busy(reason)
    remedy = "Correct --slurm-args, or ask the people who run the cluster; the batch file is left for you to try."
    raise SlurmError(f"sbatch refused the job: {reason.rstrip('.')}.", where=str(batch), remedy=remedy)


class SlurmError(NeurocliError):
    """SLURM refuses what it is asked."""

    default_code = "E-SLURM-REFUSED"
    exit_status = MissingError.exit_status


def busy(reason: str) -> TemporaryError:
    """Return the error of a scheduler that does not answer."""
    remedy = "Jobs that were submitted go on; run the same command again to find them."
    return TemporaryError(f"SLURM does not answer: {reason}", code="E-SLURM-BUSY", remedy=remedy)


class Element(NamedTuple):
    """One element of an array that SLURM still knows."""

    state: str
    reason: str

    @property
    def is_dead(self) -> bool:
        """Whether it waits for something that never comes."""
        return self.state == "PENDING" and self.reason in DEAD


def queue() -> dict[str, Element] | None:
    """Return every job of ours that has not ended, by ``JOB_INDEX``; one call for all. None if SLURM is too busy."""
    answer = _call(["squeue", "--noheader", "--array", f"--user={os.getuid()}", "--format=%i|%T|%r"])
    return parse_queue(answer.stdout) if answer.returncode == 0 else None


def accounting(jobs: Sequence[str]) -> dict[str, str]:
    """Return the state in which elements ended, by ``JOB_INDEX``; nothing where accounting is off."""
    if not jobs or not shutil.which("sacct"):
        return {}
    wanted = ",".join(sorted(set(jobs)))
    answer = _call(["sacct", "--noheader", "--allocations", "--parsable2", "--jobs", wanted, "--format=JobID,State"])
    return parse_accounting(answer.stdout) if answer.returncode == 0 else {}


def cancel(elements: Sequence[str]) -> None:
    """End jobs or elements."""
    if elements:
        _call(["scancel", *elements])


def _call(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    except FileNotFoundError as error:
        remedy = "Run this on a login node of the cluster, or use --executor local."
        raise MissingError(f"{command[0]} is not here.", code="E-SLURM-MISSING", remedy=remedy) from error
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"{command[0]} timed out")


# the answers


def parse_job_id(text: str) -> str:
    """Return the id in the answer of sbatch, plain or ``--parsable``, whatever a site's wrapper prints around it."""
    for line in reversed(text.splitlines()):
        if match := re.fullmatch(r"\s*(?:Submitted batch job )?(\d+)(?:;\S*)?\s*", line):
            return match[1]
    remedy = "The job may be running: look at squeue before you submit again."
    raise SlurmError(f"sbatch answered without a job id: {text.strip()[-200:]!r}.", remedy=remedy)


def parse_queue(text: str) -> dict[str, Element]:
    """Return the elements in the answer of squeue."""
    rows = [line.strip().split("|", 2) for line in text.splitlines()]
    return {row[0]: Element(row[1], row[2].strip("()")) for row in rows if len(row) == 3}


def parse_accounting(text: str) -> dict[str, str]:
    """Return the states in the answer of sacct; ``CANCELLED by 0`` is CANCELLED."""
    rows = [line.split("|") for line in text.splitlines()]
    return {row[0]: row[1].split()[0] for row in rows if len(row) >= 2 and row[1].strip()}


def state_in_log(text: str) -> str:
    """Return the state that the last words of a job tell where there is no accounting; FAILED if they tell nothing."""
    for pattern, state in (
        (r"DUE TO TIME LIMIT", "TIMEOUT"),
        (r"oom.kill|[Oo]ut [Oo]f [Mm]emory|exceeded memory limit|Exceeded job memory", "OUT_OF_MEMORY"),
        (r"DUE TO PREEMPTION|DUE TO JOB REQUEUE", "PREEMPTED"),
        (r"DUE TO NODE FAILURE", "NODE_FAIL"),
        (r"CANCELLED AT", "CANCELLED"),
    ):
        if re.search(pattern, text):
            return state
    return "FAILED"
