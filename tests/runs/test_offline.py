"""No run needs a network: none opens a socket, nothing calls home, and `NEUROCLI_OFFLINE` makes it impossible."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from neurocli.errors import Exit

from .conftest import ROOT

TRY = """
import socket, sys
sys.argv = ["neurocli", "explain", "E-ENVIRONMENT-OFFLINE"]
from neurocli.commands import main
try:
    main()
except SystemExit as end:
    assert not end.code
try:
    {attempt}
except Exception as error:
    print(getattr(error, "code", type(error).__name__))
else:
    print("allowed")
"""
ATTEMPTS = {
    "a socket": "socket.socket()",
    "a socket of version 6": "socket.socket(socket.AF_INET6)",
    "a look-up": 'socket.getaddrinfo("localhost", 80)',
    "a download": 'import urllib.request; urllib.request.urlopen("http://127.0.0.1:9/")',
    "a pair of our own": "[end.close() for end in socket.socketpair()]",
}


def attempted(name: str, offline: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NEUROCLI_OFFLINE": offline}
    code = TRY.format(attempt=ATTEMPTS[name])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("name", ["a socket", "a socket of version 6", "a look-up", "a download"])
def test_offline_every_way_out_is_refused(name):
    assert attempted(name, "1") == "E-ENVIRONMENT-OFFLINE"


def test_processes_of_ours_may_talk_to_each_other_offline():
    assert attempted("a pair of our own", "1") == "allowed"


@pytest.mark.parametrize("value", ["", "0", "no"])
def test_without_the_wish_a_step_may_use_the_network(value):
    assert attempted("a socket", value) == "allowed"


def can_trace(folder: Path) -> bool:
    strace = shutil.which("strace")
    words = [strace or "", "-f", "-e", "trace=socket", "-o", str(folder / "probe"), sys.executable, "-c",
             "import socket; socket.socket().close()"]  # fmt: skip
    return bool(strace) and subprocess.run(words, capture_output=True, check=False).returncode == 0


def internet(trace: Path) -> list[str]:
    return [line for line in trace.read_text().splitlines() if "AF_INET" in line]


@pytest.mark.slow
@pytest.mark.stress
@pytest.mark.parametrize("offline", ["1", ""])
def test_a_whole_run_makes_no_system_call_for_a_socket(dataset, file, cli, tmp_path, offline):
    """Not even one that no Python asked for: a library that calls home does so from threads of its own."""
    if not can_trace(tmp_path):
        pytest.skip("strace is not here, or may not trace")
    assert internet(tmp_path / "probe"), "the test would see one"
    trace, words = tmp_path / "trace", ["run", "tiny", "--bids-dir", dataset, "-o", tmp_path / "out", "-f", file, "-q"]
    command = ["strace", "-f", "-q", "-e", "trace=socket,connect", "-o", str(trace), sys.executable, "-m", "neurocli"]
    env = {**cli.env, "NEUROCLI_OFFLINE": offline}
    done = subprocess.run([*command, *map(str, words)], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    assert internet(trace) == []


INTRUDER = """
import sys
if "worker" in sys.orig_argv:
    from neurocli.pipelines import stages
    def fetching(*_):
        import socket
        socket.socket()
    stages.STAGE_WORK["preprocess"] = fetching
"""


def test_a_step_that_wants_the_network_fails_its_unit_in_the_worker(dataset, file, cli, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(INTRUDER)
    cli.env |= {"NEUROCLI_OFFLINE": "1", "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    done = cli("run", "tiny", "--bids-dir", dataset, "-o", tmp_path / "out", "-f", file)
    assert done.returncode == Exit.ENVIRONMENT
    assert "E-ENVIRONMENT-OFFLINE" in done.stderr


def test_doctor_proves_that_sockets_can_be_refused(cli):
    found = cli.document("doctor", "--offline")
    assert found["network"]["sockets can be refused"] is True
    assert cli("doctor", "--offline").returncode == 0
