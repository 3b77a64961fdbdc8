"""Files that a setting names: their content enters the key, as a digest that is filled in when YAML is read."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any

from pydantic import model_validator


def beside(path: str | Path, extension: str) -> Path:
    """Return the path with another extension, ``.nii.gz`` counting as one."""
    path = Path(path)
    return path.with_name(path.name.removesuffix(".gz")).with_suffix(extension)


def content(*paths: Path) -> str:
    """Return a digest of what the files hold; one that is missing counts as empty."""
    digest = blake2b(digest_size=16)
    for path in paths:
        digest.update(path.read_bytes() if path.is_file() else b"")
        digest.update(b"\0")
    return digest.hexdigest()


def digest_of(*names: str, extension: str | None = None) -> Any:
    """Return a validator that fills the field ``digest`` from the files in the fields `names`, unless it is given.

    With an `extension`, the file of that extension beside each counts too.
    """

    def fill(settings: Any) -> Any:
        if not isinstance(settings, dict) or settings.get("digest"):
            return settings
        given = [settings[name] for name in names if isinstance(settings.get(name), (str, Path))]
        for path in map(Path, given):
            if not path.is_file():
                raise ValueError(f"there is no file {str(path)!r}.")
        others = [beside(path, extension) for path in given] if extension else []
        return settings | {"digest": content(*map(Path, given), *others)} if given else settings

    return model_validator(mode="before")(fill)
