"""What changed must not be answered from the store: a version and the golden digest of its code go together.

Where the code changed and the numbers are the same, write the new digests: ``python -m tests.versions.test_versions``.
Where other numbers come out, bump the version first: the ``version`` of the step, feature, member or exporter,
``VERSION`` of `bids/readers`, or one of `pipelines/versions.py`. That voids what is cached of it and what follows.
"""

from __future__ import annotations

import json
from pathlib import Path

from .code import is_empty, room
from .versioned import ENGINE, FITTING, JUDGING, READING, everything, now

GOLDEN = Path(__file__).with_name("golden.json")
TOOLS = {"features.bench", "features.warm", "features.workload", "features.cuda._bench", "features.cuda._jacobi",
         "features.cuda._tangent", *room("features/peers")}  # fmt: skip


def test_a_version_is_bumped_when_its_code_changes():
    golden = json.loads(GOLDEN.read_text())
    found = now()
    changed = sorted(name for name in {*golden, *found} if golden.get(name) != found.get(name))
    assert not changed, f"{', '.join(changed)}: {(__doc__ or '').partition(chr(10) * 2)[2]}"


def test_a_result_depends_on_its_helpers_and_not_on_others():
    of = {name: modules for name, (_, modules) in everything()}
    assert {"preprocessing.filter", "preprocessing._filter", "preprocessing._common"} <= of["steps/filter"]
    assert "preprocessing._ica" not in of["steps/filter"]
    assert {"preprocessing._mri.t1", "preprocessing._mri.spaces"} <= of["steps/bias_correct"]
    assert {"features.spectrum", "features.kernels.spectrum", "features.cuda.spectrum"} <= of["features/band_power"]
    assert "features.kernels.template_matches" not in of["features/band_power"]
    assert {"models._torch_eegnet", "models._torch_blocks"} <= of["models/eegnet"]
    assert "geometry.tangent" in of["models/tangent_space"]


def test_no_module_that_makes_numbers_is_forgotten():
    watched = {*READING, *ENGINE, *FITTING, *JUDGING, *(m for _, (_, modules) in everything() for m in modules)}
    rooms = ("preprocessing", "features", "geometry", "models", "evaluation", "exporters", "reports")
    forgotten = set().union(*map(room, rooms)) - watched - TOOLS
    assert not {name for name in forgotten if not is_empty(name)}


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(now(), indent=1) + "\n")
