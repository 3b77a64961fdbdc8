"""The feature catalogue on the workload W: ours beside the best peer, feature by feature."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .row import Row, python

BOLD_SUM, GEOMETRIC_MEAN, WORST = 30.0, 8.0, 0.95


def rows() -> Iterator[Row]:
    """Yield a row a feature that has a peer, then the sum and the geometric mean of the ratios of the bold ones."""
    document = json.loads(python("-m", "neurocli.features.bench", "--json").stdout)
    for line in document["features"]:
        if not line.get("peer_cpu_ms"):
            continue
        ours, peer = line["cpu_ms"] / 1e3, line["peer_cpu_ms"] / 1e3
        name = f"{line['name']} (max rel err {line['max_rel_err']:.1e})"
        yield Row(name, ours, line["peer"], peer, f"{WORST} x", peer / ours >= WORST)
    bold = document["bold"]
    if bold["n_rows"]:
        ours, peers, mean = bold["cpu_ms"] / 1e3, bold["peer_cpu_ms"] / 1e3, bold["geometric_mean"]
        name = f"features, sum of the {bold['n_rows']} bold rows"
        yield Row(name, ours, "best peers", peers, f"{BOLD_SUM:.0f} x less", peers >= BOLD_SUM * ours)
        name = "features, geometric mean of their ratios"
        yield Row(name, 1 / mean, "best peers", 1.0, f"{GEOMETRIC_MEAN:.0f} x", mean >= GEOMETRIC_MEAN)
