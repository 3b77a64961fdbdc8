"""Where one image lies in another: rigid, affine or nonlinear, by ANTs or by elastix."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError
from . import spaces, workflow

KINDS = {"rigid": "Rigid", "affine": "Affine", "syn": "SyN"}


@dataclass(frozen=True)
class Registration:
    """A transform from `moving` to `fixed`; `forward` and `backward` are files of ANTs in the order it applies them."""

    fixed: Any
    moving: Any
    forward: Sequence[str]
    backward: Sequence[str]

    def to_fixed(self, image: Any, how: str = "linear", before: Sequence[str] = ()) -> np.ndarray:
        """Return an image of the moving space on the grid of the fixed one, resampled once.

        `before` are files of transforms from another image into the moving space, where `image` lies in that one.
        """
        out = spaces.ants().apply_transforms(self.fixed, image, [*self.forward, *before], interpolator=how)
        return np.asarray(out.numpy())

    def to_moving(self, image: Any, how: str = "genericLabel") -> np.ndarray:
        """Return an image of the fixed space, such as labels, on the grid of the moving one."""
        inverted = [str(path).endswith(".mat") for path in self.backward]
        out = spaces.ants().apply_transforms(
            self.moving, image, list(self.backward), interpolator=how, whichtoinvert=inverted
        )
        return np.asarray(out.numpy())

    def matrix(self) -> np.ndarray:
        """Return the linear part as a matrix from fixed to moving coordinates, RAS and mm, shape (4, 4)."""
        linear = next(path for path in self.forward if path.endswith(".mat"))
        return ras_matrix(spaces.ants().read_transform(linear))


def itk_affine(matrix: np.ndarray, path: Path) -> str:
    """Write a matrix in RAS and mm as an affine transform of ITK and return its path."""
    flip = np.diag([*spaces.LPS, 1.0])
    turned = flip @ matrix @ flip
    ants = spaces.ants()
    made = ants.create_ants_transform(
        transform_type="AffineTransform", dimension=3, matrix=turned[:3, :3], translation=turned[:3, 3]
    )
    ants.write_transform(made, str(path))
    return str(path)


def ras_matrix(transform: Any) -> np.ndarray:
    """Return an affine transform of ITK as a matrix in RAS, shape (4, 4)."""
    parameters, centre = np.asarray(transform.parameters), np.asarray(transform.fixed_parameters)[:3]
    turn, shift = parameters[:9].reshape(3, 3), parameters[9:12]
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = shift + centre - turn @ centre
    flip = np.diag([*spaces.LPS, 1.0])
    found: np.ndarray = flip @ matrix @ flip
    return found


def by_ants(fixed: Any, moving: Any, kind: str, folder: Path) -> dict[str, Any]:
    """Register two images of ANTs (``E-INPUT-TOOL`` where it finds nothing to register)."""
    try:
        found: dict[str, Any] = spaces.ants().registration(
            fixed, moving, type_of_transform=kind, outprefix=f"{folder}/"
        )
    except (RuntimeError, ValueError) as error:
        message = f"ANTs could not register the image: {error}."
        raise InputError(message, code="E-INPUT-TOOL", remedy="Look whether there is a head in it.") from error
    return found


@contextmanager
def registered(fixed: Any, moving: Any, how: str) -> Iterator[Registration]:
    """Yield the registration of `moving` to `fixed` by ANTs (``rigid``, ``affine`` or ``syn``); its files live as long.

    Mutual information is sampled from a fixed seed on one thread, so the same images give the same transform.
    """
    with workflow.scratch() as folder:
        found = by_ants(fixed, moving, KINDS[how], folder)
        yield Registration(fixed, moving, found["fwdtransforms"], found["invtransforms"])


ELASTIX = """(FixedInternalImagePixelType "float")
(MovingInternalImagePixelType "float")
(UseDirectionCosines "true")
(Registration "MultiResolutionRegistration")
(Interpolator "LinearInterpolator")
(ResampleInterpolator "FinalBSplineInterpolator")
(Resampler "DefaultResampler")
(FixedImagePyramid "FixedSmoothingImagePyramid")
(MovingImagePyramid "MovingSmoothingImagePyramid")
(Optimizer "AdaptiveStochasticGradientDescent")
(Transform "{transform}")
(Metric "AdvancedMattesMutualInformation")
(AutomaticScalesEstimation "true")
(AutomaticTransformInitialization "true")
(AutomaticTransformInitializationMethod "{start}")
(HowToCombineTransforms "Compose")
(NumberOfHistogramBins 32)
(NumberOfResolutions 4)
(MaximumNumberOfIterations 250)
(NumberOfSpatialSamples 4096)
(NewSamplesEveryIteration "true")
(ImageSampler "RandomCoordinate")
(RandomSeed 1)
(FinalBSplineInterpolationOrder 1)
(DefaultPixelValue 0)
(WriteResultImage "true")
(ResultImagePixelType "float")
(ResultImageFormat "nii")
"""


def by_elastix(fixed: Any, moving: Any, how: str, folder: Path) -> tuple[Path, Path]:
    """Register two NIfTI objects with elastix through nipype; return the warped image and its transform.

    Parameters
    ----------
    fixed, moving : NIfTI objects
    how : {'rigid', 'affine'}
    folder : Path
        Where it works.
    """
    import nibabel

    named = {"fixed_image": fixed, "moving_image": moving}
    for name, image in named.items():
        nibabel.save(image, folder / f"{name}.nii")
    transform = {"rigid": "EulerTransform", "affine": "AffineTransform"}[how]
    parameters = folder / "parameters.txt"
    parameters.write_text(ELASTIX.format(transform=transform, start="CenterOfGravity"))
    kind = workflow.interface("nipype.interfaces.elastix.Registration")
    inputs = {name: str(folder / f"{name}.nii") for name in named}
    outputs = workflow.run("elastix", kind, inputs | {"parameters": [str(parameters)], "num_threads": 1}, folder)
    kept = folder / "transform.txt"
    shutil.copyfile(outputs.transform[-1], kept)
    return Path(outputs.warped_file), kept
