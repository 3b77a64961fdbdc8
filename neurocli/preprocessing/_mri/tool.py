"""How `nipype` is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np

from ...data.captured import capture
from ...data.recording import Image
from ...errors import ConfigError, InputError, unknown
from .._common import need, noted, where
from .._image import placed, to_nifti
from . import spaces, workflow

if TYPE_CHECKING:
    from ..nipype_interface import NipypeInterface


def applied(data: Image, settings: NipypeInterface) -> Image:
    """Return the image that the interface made of this one."""
    need(data, settings.name, "image")
    placed(data)
    kind = workflow.interface(settings.interface)
    with workflow.scratch() as folder:
        inputs = {name: _filled(value, folder) for name, value in settings.inputs.items()}
        inputs |= {settings.image: str(_saved(to_nifti(data, np.asarray(data.data)), folder / "image.nii.gz"))}
        outputs = _carried(data, kind, inputs, folder)
        made, kept = _made(outputs, settings.output), _keep(outputs)
        loaded = nibabel.load(made)
        values, affine = np.asarray(loaded.dataobj), np.asarray(loaded.affine)
    return noted(data, settings.name, {"interface": settings.interface, "files": kept}, data=values, affine=affine)


def _carried(data: Image, kind: type[Any], inputs: dict[str, Any], folder: Path) -> Any:
    try:
        return workflow.run("tool", kind, inputs, folder)
    except InputError as error:
        error.where = where(data)
        raise


def _filled(value: Any, folder: Path) -> Any:
    if isinstance(value, list):
        return [_filled(part, folder) for part in value]
    if value != "{template}":
        return value
    t1, _, affine = spaces.template(2)
    return str(_saved(nibabel.Nifti1Image(t1, affine), folder / "template.nii.gz"))


def _saved(image: Any, path: Path) -> Path:
    if not path.exists():
        nibabel.save(image, path)
    return path


def _made(outputs: Any, name: str) -> Path:
    names = outputs.copyable_trait_names()
    if name not in names:
        raise ConfigError(unknown("output", name, names), code="E-CONFIG-INTERFACE")
    found = getattr(outputs, name)
    if not isinstance(found, str):
        raise ConfigError(f"The output {name!r} is no file.", code="E-CONFIG-INTERFACE")
    return Path(found)


def _keep(outputs: Any) -> list[str]:
    """Capture every file among the outputs and return their names."""
    values = [getattr(outputs, name) for name in outputs.copyable_trait_names()]
    flat = [value for given in values for value in (given if isinstance(given, list) else [given])]
    paths = {Path(value).name: Path(value) for value in flat if isinstance(value, str) and Path(value).is_file()}
    for name, path in sorted(paths.items()):
        capture(path, name)
    return sorted(paths)
