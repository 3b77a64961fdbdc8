"""How `tissue_volumes` and `atlas_volumes` are done."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import nibabel.affines
import numpy as np

from ...data.recording import Image, Recording
from .._common import refuse
from .._image import labels_of
from .._regions import names_of
from . import spaces
from .register import registered
from .t1 import volume

if TYPE_CHECKING:
    from ..atlas_volumes import AtlasVolumes
    from ..tissue_volumes import TissueVolumes

MRF = "[0.1,1x1x1]"  # weight and radius of the field of ANTs
TISSUES = ("fluid", "grey", "white")  # from dark to bright in a T1 image
SIDES = (re.compile(r"(?P<side>left|right)[-_ ](?P<rest>.+)", re.I), re.compile(r"(?P<rest>.+)[-_ ](?P<side>L|R)"))


def tissue_volumes(data: Image, settings: TissueVolumes) -> Recording:
    """Return the volume of each tissue, in each half of the brain if asked for."""
    labels = _tissues(data, volume(data, settings.name))
    voxel = voxel_m3(data)
    if not settings.sides:
        found = {name: (labels == i).sum() * voxel for i, name in enumerate(TISSUES, start=1)}
        return measured(data, settings.name, found)
    left = _left(data)
    found = {}
    for i, name in enumerate(TISSUES, start=1):
        here = labels == i
        found |= {f"left-{name}": (here & left).sum() * voxel, f"right-{name}": (here & ~left).sum() * voxel}
    return measured(data, settings.name, found)


def _tissues(data: Image, x: np.ndarray) -> np.ndarray:
    """Return 1, 2, 3 for fluid, grey and white matter, 0 elsewhere, shape (x, y, z)."""
    inside = x > 0  # zeros that a mask takes in (the furrows of a head without skull) would be a tissue of their own
    if data.mask is not None:
        inside &= np.asarray(data.mask) != 0
    if len(np.unique(x[inside][:100_000])) < len(TISSUES):
        raise refuse(data, "E-INPUT-MASK", "Fewer than three tissues can be told apart.", "Run brain_extract before.")
    ants = spaces.ants()
    image, mask = spaces.to_ants(data, x), spaces.to_ants(data, inside).clone("unsigned int")
    bright, clusters = ants.iMath(image, "Normalize"), f"kmeans[{len(TISSUES)}]"
    try:
        found = ants.atropos(a=bright, x=mask, i=clusters, m=MRF, c="[5,0]", r=0)  # or it takes its seed from the clock
    except Exception as error:  # antspyx knows no other kind
        why = f"Atropos found no {len(TISSUES)} tissues: {error}"
        raise refuse(data, "E-INPUT-TOOL", why, "Look at the image; run brain_extract before.") from error
    labels: np.ndarray = np.rint(found["segmentation"].numpy()).astype(np.int8)
    return labels


def _left(data: Image) -> np.ndarray:
    """Return where a voxel lies left of the midline once the head is turned into MNI space, shape (x, y, z)."""
    fixed = spaces.template_image(4)  # a midline needs no more
    with registered(fixed, spaces.to_ants(data, np.asarray(data.data)), "affine") as found:
        to_template = np.linalg.inv(found.matrix())
    ijk = np.indices(data.data.shape).reshape(3, -1).T
    x = nibabel.affines.apply_affine(to_template @ np.asarray(data.affine), ijk)[:, 0]
    left: np.ndarray = (x < 0).reshape(data.data.shape)
    return left


def atlas_volumes(data: Image, settings: AtlasVolumes) -> Recording:
    """Return the volume of each region of an atlas, brought into the head by registering the template to it."""
    x = volume(data, settings.name)
    values, affine = labels_of(settings.atlas, "atlas_volumes.atlas")
    labels = spaces.to_ants(Image(values, affine, data.entities), values)
    with registered(spaces.template_image(settings.resolution), spaces.to_ants(data, x), settings.how) as found:
        here = np.rint(found.to_moving(labels)).astype(int)
    inside = here * (x > 0 if data.mask is None else np.asarray(data.mask) != 0)
    index = [int(i) for i in np.unique(values) if i]
    if not np.isin(inside, index).any():
        raise refuse(data, "E-INPUT-MASK", "No region of the atlas lies in the image.", "Is the atlas in MNI space?")
    named = zip(names_of(settings.atlas, index), index, strict=True)
    return measured(data, settings.name, {name: (inside == i).sum() * voxel_m3(data) for name, i in named})


def voxel_m3(data: Image) -> float:
    """Return the volume of a voxel."""
    return float(abs(np.linalg.det(np.asarray(data.affine)[:3, :3])) * 1e-9)


def asymmetries(found: dict[str, float]) -> dict[str, float]:
    """Return (left - right) / (left + right) of every pair of names that differ in their side alone."""
    pairs: dict[str, dict[str, float]] = {}
    for name, value in found.items():
        match = next((match for match in (pattern.fullmatch(name) for pattern in SIDES) if match), None)
        if match:
            pairs.setdefault(match["rest"], {})[match["side"][0].lower()] = value
    whole = {rest: sides for rest, sides in pairs.items() if len(sides) == 2 and sum(sides.values()) > 0}
    return {f"asymmetry-{rest}": (s["l"] - s["r"]) / (s["l"] + s["r"]) for rest, s in whole.items()}


def measured(data: Image, step: str, found: dict[str, float], units: dict[str, str] | None = None) -> Recording:
    """Return measures as the channels of a recording of one sample, in m³ where `units` says nothing else."""
    more = asymmetries(found)
    values = {name: float(value) for name, value in (found | more).items()}
    return Recording(
        data=np.array(list(values.values()))[:, None],
        sfreq=1.0,
        ch_names=tuple(values),
        ch_types=("region",) * len(values),
        units=(*((units or {}).get(name, "m^3") for name in found), *("1",) * len(more)),
        entities=data.entities,
        notes=(*data.notes, {"step": step, **values}),
    )
