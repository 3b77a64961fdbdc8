"""A real SLURM of one node for the tests of one file, with or without accounting."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

UP = Path(__file__).resolve().parents[3] / "shared" / "slurm" / "slurm-up.sh"
PORTS = ("SLURMCTLD_PORT", "SLURMD_PORT", "SLURMDBD_PORT", "SLURM_MARIADB_PORT")


@contextmanager
def started(folder: Path, *, accounting: bool = False) -> Iterator[None]:
    """Start a SLURM on this machine and end it afterwards; where that cannot be, use one that answers, or skip."""
    needed = ["slurmctld", "slurmd", "munged", *(["slurmdbd", "mariadbd"] if accounting else [])]
    if not (UP.exists() and all(map(shutil.which, needed)) and os.getuid() == 0):
        if accounting or not answers():
            pytest.skip("no such SLURM answers on this machine, and none can be started")
        yield
        return
    inherited = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}  # nproc heeds it
    environment = {**inherited, "SLURM_SANDBOX": str(folder), **dict(zip(PORTS, free_ports(), strict=True))}
    command = ["bash", str(UP), *(["--sacct"] if accounting else [])]
    found = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    before = os.environ.get("SLURM_CONF")
    try:
        if found.returncode:
            pytest.skip(f"SLURM does not start here: {found.stderr[-300:]}")
        os.environ["SLURM_CONF"] = found.stdout.strip().rpartition("=")[2]
        yield
    finally:
        down = ["bash", str(UP.with_name("slurm-down.sh")), "--clean"]
        subprocess.run(down, capture_output=True, check=False, env=environment | {"SLURM_CONF": f"{folder}/slurm.conf"})
        os.environ.pop("SLURM_CONF", None) if before is None else os.environ.update(SLURM_CONF=before)


def answers() -> bool:
    return bool(shutil.which("sinfo")) and not subprocess.run(["sinfo"], capture_output=True, check=False).returncode


def free_ports() -> list[str]:
    """Return ports that nobody uses now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    ports = [str(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
