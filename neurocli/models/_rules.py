"""What makes a list of members a chain, checked on the settings alone (nothing heavy is imported)."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ConfigError
from ..step import ModelStep

REMEDY = {
    "covariances": "Put 'covariance' or 'augmented_covariance' into featurize, alone.",
    "columns": "Put 'tangent_space' before it, or features that give columns (such as 'band_power') into featurize.",
    "epochs": "It learns from the signal itself: end preprocess with 'epoch' and leave featurize out.",
}


def check_rules(uses: Sequence[ModelStep]) -> None:
    """Check that exactly the last member predicts and that each can take what the one before it gives.

    Raises
    ------
    ConfigError
        ``E-CONFIG-MODEL``, naming the member.
    """
    if not uses or not uses[-1].predicts:
        last = f"{uses[-1].name!r}, which only transforms" if uses else "nothing"
        raise ConfigError(
            f"A model ends with a member that predicts; this one ends with {last}.",
            code="E-CONFIG-MODEL",
            remedy="End it with one such as 'logistic_regression', 'lda' or 'ridge'.",
        )
    for use in uses[:-1]:
        if use.predicts:
            raise ConfigError(
                f"{use.name!r} predicts, so nothing may follow it in a model.",
                code="E-CONFIG-MODEL",
                remedy="Make it the last member.",
            )
    _check_kinds(uses)


def _check_kinds(uses: Sequence[ModelStep]) -> None:
    kind, giver = "any", ""
    for use in uses:
        if "any" not in (kind, use.takes) and kind != use.takes:
            raise ConfigError(
                f"{use.name!r} needs {use.takes}, and {giver!r} before it gives {kind}.",
                code="E-CONFIG-MODEL",
                remedy=REMEDY[use.takes],
            )
        kind = kind if use.gives == "same" and use.takes == "any" else use.takes if use.gives == "same" else use.gives
        giver = use.name
