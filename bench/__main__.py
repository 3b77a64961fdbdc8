"""`python -m bench [NAME ...]`: every benchmark, or those named; exits 1 when a bar is missed."""

from __future__ import annotations

import sys
from importlib import import_module

SECTIONS = ("startup", "warm", "prep", "steps", "presets", "planning", "scale", "runner", "features", "permutations")


def main(names: list[str]) -> int:
    """Print every row as it is measured."""
    missed = 0
    for name in names or SECTIONS:
        for row in import_module(f"bench.{name}").rows():
            print(row, flush=True)
            missed += not row.met
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
