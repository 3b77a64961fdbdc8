"""What the report says of how a network was trained."""

from __future__ import annotations

from typing import Any

from ._chain import Chain


def training_facts(chain: Chain, *, is_final: bool = False) -> dict[str, Any]:
    """Return the learning curve of a chain's network and, of the one that is published, its size.

    Nothing where the chain ends with no network. Latency is no part of it: it differs from run to run.
    """
    decoder = chain.fitted_[-1][1]
    if not hasattr(decoder, "curve_"):
        return {}
    facts: dict[str, Any] = {"curve": decoder.curve_}
    if is_final:
        from ._card import size

        facts |= size(decoder)
    return {"training": facts}
