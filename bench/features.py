"""The feature catalogue on the workload W: ours beside the best peer, feature by feature."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from .row import Row, python

BOLD_SUM, GEOMETRIC_MEAN, WORST = 30.0, 8.0, 0.95


def rows() -> Iterator[Row]:
    """Yield a row a feature that has a peer, then the sum and the geometric mean of the ratios."""
    document = json.loads(python("-m", "neurocli.features.bench", "--json").stdout)
    ratios, ours_s, peers_s = [], 0.0, 0.0
    for line in document["features"]:
        if not line.get("peer_cpu_ms"):
            continue
        ours, peer = line["cpu_ms"] / 1e3, line["peer_cpu_ms"] / 1e3
        ratios.append(peer / ours)
        ours_s, peers_s = ours_s + ours, peers_s + peer
        name = f"{line['name']} (max rel err {line['max_rel_err']:.1e})"
        yield Row(name, ours, line["peer"], peer, f"{WORST} x", peer / ours >= WORST)
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    yield Row("features, sum", ours_s, "best peers", peers_s, f"{BOLD_SUM:.0f} x less", peers_s >= BOLD_SUM * ours_s)
    yield Row("features, geometric mean of ratios", 1 / mean, "best peers", 1.0, f"{GEOMETRIC_MEAN:.0f} x",
              mean >= GEOMETRIC_MEAN)  # fmt: skip
