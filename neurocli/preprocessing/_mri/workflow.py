"""A nipype workflow inside a unit: run in a scratch folder, its files captured; our store decides what runs at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from ...errors import ConfigError, InputError, MissingError, unknown

INTERFACES = ("nipype.interfaces.", "nipype.algorithms.")
QUIET = dict.fromkeys(["workflow_level", "interface_level", "utils_level"], "ERROR")  # it logs to standard output
INSTALL = {  # the command of a tool -> how to get it
    "elastix": "On Debian: apt-get install elastix.",
    "transformix": "On Debian: apt-get install elastix.",
    "dcm2niix": "On Debian: apt-get install dcm2niix.",
    "bet": "Install FSL from https://fsl.fmrib.ox.ac.uk and source its setup.",
    "recon-all": "Install FreeSurfer from https://surfer.nmr.mgh.harvard.edu and source its setup.",
    "3dvolreg": "Install AFNI from https://afni.nimh.nih.gov and put it on PATH.",
}


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="neurocli-nipype-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def interface(path: str) -> type[Any]:
    """Return the interface at a dotted path below ``nipype.interfaces`` or ``nipype.algorithms``.

    Raises
    ------
    ConfigError
        If it lies elsewhere or is no interface (``E-CONFIG-INTERFACE``): YAML must not name code to import.
    """
    os.environ["NIPYPE_NO_ET"] = os.environ["NO_ET"] = "1"  # else it asks the network for its own version
    module, _, name = path.rpartition(".")
    if not path.startswith(INTERFACES) or not all(part.isidentifier() for part in path.split(".")):
        raise _no_interface(path, "Interfaces are named as in nipype.interfaces.fsl.BET.")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise _no_interface(path, f"nipype has no such interface: {error}.") from error
    from nipype.interfaces.base import BaseInterface

    if not (isinstance(found, type) and issubclass(found, BaseInterface)):
        raise _no_interface(path, f"{name} is no interface.")
    return found


def _no_interface(path: str, remedy: str) -> ConfigError:
    return ConfigError(f"{path!r} is no nipype interface.", code="E-CONFIG-INTERFACE", remedy=remedy)


def tool(command: str) -> None:
    """Refuse where an external tool is missing (``E-ENVIRONMENT-TOOL``)."""
    if shutil.which(command) is None:
        remedy = INSTALL.get(command, f"Install it and put {command} on PATH; `neurocli doctor` lists what it finds.")
        raise MissingError(f"The program {command!r} is not on PATH.", code="E-ENVIRONMENT-TOOL", remedy=remedy)


def run(name: str, kind: type[Any], inputs: dict[str, Any], folder: Path) -> Any:
    """Run one interface as a node of a workflow and return its outputs.

    Parameters
    ----------
    name : str
        Of the node, and so of its folder.
    kind : type
        The interface.
    inputs : dict
        Trait to value.
    folder : Path
        Where it works.

    Raises
    ------
    ConfigError
        If there is no such trait, or it does not take the value (``E-CONFIG-INTERFACE``).
    MissingError
        If its program is not installed (``E-ENVIRONMENT-TOOL``).
    InputError
        If the program fails; the last that it printed is in the message (``E-INPUT-TOOL``).
    """
    from nipype import Node, Workflow, config
    from nipype import logging as their_logging

    made = kind()
    for trait, value in inputs.items():
        _set(made, trait, value)
    command = getattr(made, "_cmd", None)
    if command:
        tool(command.split()[0])
        made.terminal_output = "file_split"  # the program's words go to files, and into the message if it fails
    config.update_config({"logging": QUIET})
    their_logging.update_logging(config)
    workflow = Workflow("unit", base_dir=str(folder))
    workflow.config["execution"] = _execution(folder)
    workflow.add_nodes([Node(made, name=name)])
    try:
        [done] = workflow.run("Linear").nodes()
    except Exception as error:  # nipype wraps whatever the program did
        last = [line for line in str(error).splitlines() if line.strip()][-1:]
        message = f"{kind.__name__} failed: {' '.join(last).strip()}"
        remedy = "Run it by hand on this image to see why."
        raise InputError(message, code="E-INPUT-TOOL", remedy=remedy) from error
    return done.result.outputs


def _execution(folder: Path) -> dict[str, str]:
    quiet = dict.fromkeys(["check_version", "create_report", "get_linked_libs", "remove_unnecessary_outputs"], "false")
    return quiet | {"crashdump_dir": str(folder), "crashfile_format": "txt", "stop_on_first_crash": "true"}


def _set(made: Any, trait: str, value: Any) -> None:
    names = made.inputs.copyable_trait_names()
    if trait not in names:
        raise ConfigError(unknown("input", trait, names), code="E-CONFIG-INTERFACE", where=type(made).__name__)
    try:
        setattr(made.inputs, trait, value)
    except Exception as error:  # traits raise their own TraitError
        raise ConfigError(f"{trait}: {error}", code="E-CONFIG-INTERFACE", where=type(made).__name__) from error
