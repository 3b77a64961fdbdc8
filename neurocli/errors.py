"""What can go wrong, said once: every error has a stable code, a place, a remedy and an exit status."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses of every command (`neurocli explain exit`)."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    CONFIG = 3
    INPUT = 4
    PARTIAL = 5
    FAILED = 6
    STORE = 7
    RESOURCES = 8
    ENVIRONMENT = 9
    STALE = 10
    TEMPORARY = 75
    SIGINT = 130
    SIGTERM = 143


class NeurocliError(Exception):
    """An error a person can act on.

    Parameters
    ----------
    message : str
        One sentence: what was asked and what is the matter.
    code : str, optional
        Stable code such as ``E-CONFIG-UNIT``; each has a page in ``neurocli/explanations``.
    where : str, optional
        The place: ``file:line:column``, a path, or a unit.
    remedy : str, optional
        What to do about it.
    """

    default_code = "E-INTERNAL"
    exit_status = Exit.INTERNAL

    def __init__(self, message: str, *, code: str | None = None, where: str | None = None, remedy: str | None = None):
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{self.code} {place}{self.message}{remedy}"

    def __reduce__(self) -> tuple[object, ...]:
        return (_restored, (type(self), self.message, self.code, self.where, self.remedy))

    def to_dict(self) -> dict[str, str | int | None]:
        """Return what the ledger keeps of it."""
        return {
            "code": self.code,
            "exit": int(self.exit_status),
            "where": self.where,
            "message": self.message,
            "remedy": self.remedy,
        }


def _restored(
    kind: type[NeurocliError], message: str, code: str, where: str | None, remedy: str | None
) -> NeurocliError:
    return kind(message, code=code, where=where, remedy=remedy)


class UsageError(NeurocliError):
    """The command line itself is wrong."""

    default_code = "E-USAGE"
    exit_status = Exit.USAGE


class ConfigError(NeurocliError):
    """`pipelines.yaml`, or a setting given with ``--set``, is wrong."""

    default_code = "E-CONFIG"
    exit_status = Exit.CONFIG


class InputError(NeurocliError):
    """The dataset, or one recording of it, is wrong."""

    default_code = "E-INPUT"
    exit_status = Exit.INPUT


class StoreError(NeurocliError):
    """The store or the ledger cannot be used."""

    default_code = "E-STORE"
    exit_status = Exit.STORE


class ResourceError(NeurocliError):
    """Memory, time or disk do not suffice."""

    default_code = "E-RESOURCE"
    exit_status = Exit.RESOURCES


class MissingError(NeurocliError):
    """An extra, an external tool, a GPU or a template is missing on this machine."""

    default_code = "E-ENVIRONMENT"
    exit_status = Exit.ENVIRONMENT


class TemporaryError(NeurocliError):
    """Try again later: preempted, or the scheduler is busy."""

    default_code = "E-TEMPORARY"
    exit_status = Exit.TEMPORARY


MOST_NAMES = 60  # in one message: every pipeline and step, not every unit of a study


def unknown(what: str, name: object, known: Iterable[str]) -> str:
    """Return the sentence for a name that nothing answers to, with the nearest known one."""
    names = sorted(known)
    near = get_close_matches(str(name), names, n=3)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    if len(names) <= MOST_NAMES:
        return f"Unknown {what} {str(name)!r}.{hint} Known: {', '.join(names) or 'none'}."
    shown = sorted({*near, *names[: MOST_NAMES - len(near)]})
    return f"Unknown {what} {str(name)!r}.{hint} Known: {', '.join(shown)} and {len(names) - len(shown)} more."
