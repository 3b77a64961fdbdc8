"""Any tool that nipype knows, on one image, inside a unit."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..step import Step, named


@named("nipype")
class NipypeInterface(Step):
    """Run an interface of nipype (FSL, AFNI, FreeSurfer, ANTs, elastix …) on the image.

    It runs as a workflow in a scratch folder; the files it leaves are kept in the store with the unit, and the one
    that `output` names becomes the image.

    Parameters
    ----------
    interface : str
        Dotted path below ``nipype.interfaces``, such as ``nipype.interfaces.fsl.BET``.
    image : str
        The input that takes the image.
    output : str
        The output that becomes the image.
    inputs : dict
        Other inputs; ``{template}`` stands for the T1 of MNI space at 2 mm.

    Raises
    ------
    ConfigError
        ``E-CONFIG-INTERFACE``: no such interface, input or output.
    MissingError
        ``E-ENVIRONMENT-TOOL``: its program is not installed.
    InputError
        ``E-INPUT-TOOL``: the program failed on this image.

    References
    ----------
    Gorgolewski et al. (2011) Front. Neuroinform. 5:13.
    """

    interface: str
    image: str = "in_file"
    output: str = "out_file"
    inputs: dict[str, Any] = Field(default_factory=dict)
    libraries = ("nipype",)

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the image that the interface made."""
        from ._mri.tool import applied

        return applied(data, self)
