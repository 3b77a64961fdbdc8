"""What this machine, or the part of it that we may use, has to give: memory and GPUs."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..pipelines.device import n_cards

CGROUP = Path("/sys/fs/cgroup")


def free_bytes() -> int | None:
    """Return the memory that is free for us, in bytes: of the machine, the control group or the SLURM job, the least.

    None where the system does not say.
    """
    found = [_of_machine(), _of_group(), _of_job()]
    known = [n_bytes for n_bytes in found if n_bytes is not None]
    return min(known) if known else None


def total_bytes() -> int:
    """Return the memory that this machine has, in bytes, whoever uses it now."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _of_machine() -> int | None:
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return None
    match = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    return int(match[1]) * 1024 if match else None


def _of_group() -> int | None:
    """Return what the limit of our control group leaves, in either version of the interface."""
    for line in _lines(Path("/proc/self/cgroup")):
        _, controllers, group = (*line.split(":", 2), "", "")[:3]
        if controllers == "":
            limit, used = CGROUP / f".{group}" / "memory.max", CGROUP / f".{group}" / "memory.current"
        elif "memory" in controllers.split(","):
            folder = CGROUP / "memory" / f".{group}"
            limit, used = folder / "memory.limit_in_bytes", folder / "memory.usage_in_bytes"
        else:
            continue
        numbers = [int(text[0]) for text in (_lines(limit), _lines(used)) if text and text[0].isdigit()]
        if len(numbers) == 2:
            return max(0, numbers[0] - numbers[1])
    return None


def _of_job() -> int | None:
    given = os.environ.get("SLURM_MEM_PER_NODE", "")
    return int(given) << 20 if given.isdigit() and int(given) else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def gpus(device: str) -> tuple[str, ...]:
    """Return the devices that units may use, one unit each.

    Parameters
    ----------
    device : str
        ``cpu`` for none, ``cuda:1`` for one, ``auto`` or ``cuda`` for all that are visible. An interpreter of kernels
        (``TRITON_INTERPRET=1``) stands in for one card where there is none and one is asked for by name.
    """
    n = n_cards() or (os.environ.get("TRITON_INTERPRET") == "1" and device.startswith("cuda"))
    cards = tuple(f"cuda:{i}" for i in range(n))
    return cards if device in ("auto", "cuda") else tuple(card for card in cards if card == device)
