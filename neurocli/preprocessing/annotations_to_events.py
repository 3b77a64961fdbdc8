"""Annotations of the file as rows of the events table."""

from __future__ import annotations

from typing import Any

from ..step import Step, named


@named("annotations_to_events")
class AnnotationsToEvents(Step):
    """Add the recording's annotations to its events, for files that come without ``events.tsv``.

    ``BAD`` and ``EDGE`` annotations are no events.

    Parameters
    ----------
    column : str
        The events column that takes the descriptions.
    only : list of str, optional
        Descriptions to take, or patterns such as ``S *``; all by default.

    Raises
    ------
    InputError
        ``E-INPUT-EVENTS``: no annotation is one of these.
    """

    column: str = "trial_type"
    only: list[str] | None = None
    positional = "column"

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording with more events, in the order of time."""
        from ._annotations import as_events

        return as_events(data, self)
