"""No library calls home; and with ``NEUROCLI_OFFLINE`` set, no process of ours opens a socket to anywhere.

Both hold for workers too: they are the same command, and inherit the environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from ..errors import MissingError

VARIABLE = "NEUROCLI_OFFLINE"
# onnxruntime from 1.29 on looks up its maker's servers as soon as it is imported; nipype asks for its newest version
SILENT = {"ORT_DISABLE_TELEMETRY": "1", "NIPYPE_NO_ET": "1", "NO_ET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
LOOKUPS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}


def silence() -> None:
    """Have libraries send nothing about their use; what the user has set already stands."""
    for name, value in SILENT.items():
        os.environ.setdefault(name, value)


def is_asked_for(env: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment asks for no network at all."""
    return env.get(VARIABLE, "").strip().lower() not in ("", "0", "no", "false", "off")


def guard() -> None:
    """Refuse every internet socket and every look-up of a name in this process, for good.

    What is native and does not ask Python is told by its own variables (`SILENT`); a test watches the system calls.
    """
    import socket

    families = {socket.AF_INET, socket.AF_INET6}

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event in LOOKUPS or (event == "socket.__new__" and arguments[1] in families):
            raise _refusal()

    sys.addaudithook(refuse)


def _refusal() -> MissingError:
    return MissingError(
        f"Something wanted to use the network, and {VARIABLE} forbids it.",
        code="E-ENVIRONMENT-OFFLINE",
        remedy=f"Fetch what it needs where there is a network, or unset {VARIABLE}.",
    )
