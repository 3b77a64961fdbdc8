"""Compiled twins of features and quantities, one family a file; see `features.define`."""

from __future__ import annotations

import atexit
import shutil
import tempfile

from numba import config, njit


def _settle_cache() -> None:
    """Keep what is compiled for this process alone where neither our folder nor the user's cache may be written to.

    numba would refuse to make any kernel, as in a container that is read-only.
    """
    try:
        njit(cache=True)(_settle_cache)
    except RuntimeError:
        config.CACHE_DIR = tempfile.mkdtemp(
            prefix="neurocli-kernels-"
        )  # a new one: nobody else can have put code there
        atexit.register(shutil.rmtree, config.CACHE_DIR, ignore_errors=True)


_settle_cache()
