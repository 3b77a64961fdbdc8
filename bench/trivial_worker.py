"""A worker whose tasks do nothing but leave an entry in a store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from neurocli.runners.worker import serve
from neurocli.store import Store


def main() -> None:
    """Serve until stdin ends."""
    store = Store(Path(sys.argv[1]))

    def run_one(index: int) -> dict[str, Any]:
        key = f"{index:064x}"
        with store.claim(key):
            if not store.has(key):
                store.write(key, {}, {"value": index}, {"stage": "trivial", "index": index})
        return {}

    serve(int(sys.argv[sys.argv.index("--pipe") + 1]), run_one)


if __name__ == "__main__":
    main()
