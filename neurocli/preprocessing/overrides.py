"""What a person has decided about single recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..step import Step, named
from ._files import digest_of


@named("overrides")
class Overrides(Step):
    """Apply a person's decisions from a table: bad and good channels, spans to exclude, components to drop or keep.

    The table is tab-separated, one decision a row. The columns `what` (``bad_channel``, ``good_channel``,
    ``bad_span``, ``drop_component``, ``keep_component``), `value` (the channel, or the component's number from 0),
    `onset` and `duration` (s, of a span) and `reason` are ours. Any other column is an entity (`subject`, `session`,
    `task`, `run`, …; ``participant_id`` too) and says which recordings the row is about; ``n/a`` means all. A run
    of the whole dataset warns of rows that are about none.

    Parameters
    ----------
    file : str
        Path of the table.
    digest : str
        Filled in: the content of the table, so that a changed decision is computed anew.

    Raises
    ------
    InputError
        ``E-INPUT-OVERRIDES``: a row names a channel or a span that the recording does not have.
    ConfigError
        ``E-CONFIG-FILE``: the table has other columns or words than these, or a row without a reason;
        ``E-CONFIG-ORDER``: a row is about a component, and `ica` comes before this step.
    """

    file: str
    digest: str = ""
    positional = "file"
    version = 2  # runs are numbers, quotation marks letters

    _filled = digest_of("file")

    def idle(self, recordings: Sequence[Mapping[str, str]]) -> Sequence[str]:
        """Return the rows of the table that are about no recording."""
        from ._decisions import idle

        return tuple(idle(self.file, recordings))

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording with these decisions; they stand in its notes with their reasons."""
        from ._overrides import overridden

        return overridden(data, self)
