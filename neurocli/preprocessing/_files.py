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


def digest_of(field: str, *, beside: str | None = None) -> Any:
    """Return a validator that fills the field ``digest`` from the file in `field`, unless it is given."""

    def fill(settings: Any) -> Any:
        if not isinstance(settings, dict) or settings.get("digest") or not isinstance(settings.get(field), (str, Path)):
            return settings
        path = Path(settings[field])
        if not path.is_file():
            raise ValueError(f"{field}: there is no file {str(path)!r}.")
        others = [_beside(path, beside)] if beside else []
        return settings | {"digest": content(path, *others)}

    return model_validator(mode="before")(fill)


_beside = beside
