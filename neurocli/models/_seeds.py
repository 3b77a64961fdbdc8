"""From a generator to the integer that scikit-learn takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def seed_from(rng: np.random.Generator | None) -> int:
    """Return an integer drawn from `rng`; 0 without one."""
    return 0 if rng is None else int(rng.integers(2**31))
