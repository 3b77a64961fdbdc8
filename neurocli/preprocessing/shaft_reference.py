"""Re-referencing inside each electrode of an implantation."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ..step import Step, named


@named("shaft_reference")
class ShaftReference(Step):
    """Re-reference intracranial contacts within their shaft (or grid), told by the letters before the contact's number.

    Parameters
    ----------
    to : 'bipolar' or 'average'
        Each contact against the next one (``A1-A2``), or against the mean of the good contacts of its shaft.
    types : list of str
        Channel types that are contacts.

    Raises
    ------
    InputError
        ``E-INPUT-REFERENCE``: there are no contacts, their names do not end in numbers, or no two are neighbours;
        ``E-INPUT-NAN``.
    """

    to: Literal["bipolar", "average"] = "bipolar"
    types: list[str] = Field(default_factory=lambda: ["seeg", "ecog", "dbs"])
    positional = "to"

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the re-referenced recording; shafts and contacts that were left out are in its notes."""
        from ._shafts import within_shafts

        return within_shafts(data, self)
