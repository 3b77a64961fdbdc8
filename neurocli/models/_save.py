"""Fitted chains as skops bytes: the same model gives the same bytes, and nothing is unpickled."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np
from skops.io import dumps, get_untrusted_types, loads
from skops.io.exceptions import UntrustedTypesFoundException

from ..errors import InputError
from ._chain import Chain

# every type beyond skops's own list that a chain of ours may hold; a file that names another is refused
TRUSTED = (
    "neurocli.models._baselines.LogVariance",
    "neurocli.models._baselines.Majority",
    "neurocli.models._calibrated.Calibrated",
    "neurocli.models._chain.Chain",
    "neurocli.models._confounds.ConfoundRegression",
    "neurocli.models._covariances.AugmentedCovariances",
    "neurocli.models._csp.CSP",
    "neurocli.models._deep.Deep",
    "neurocli.models._either.Either",
    "neurocli.models._groups.Center",
    "neurocli.models._groups.EuclideanAlignment",
    "neurocli.models._groups.Recenter",
    "neurocli.models._select.Select",
    "neurocli.models._ssvep.CanonicalCorrelation",
    "neurocli.models._ssvep.TRCA",
    "neurocli.models._tangent.MDM",
    "neurocli.models._tangent.TangentSpace",
    "neurocli.models._vectorize.Vectorize",
    "numpy.dtype",
    "pyriemann.estimation.XdawnCovariances",
    "pyriemann.spatialfilters.Xdawn",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time that a zip file can say


def to_bytes(chain: Chain) -> np.ndarray:
    """Return a fitted chain as skops bytes, the same ones for the same chain.

    Parameters
    ----------
    chain : Chain
        Fitted.

    Returns
    -------
    data : array of uint8, shape (n_bytes,)
    """
    with zipfile.ZipFile(io.BytesIO(dumps(chain))) as source:
        schema = json.loads(source.read("schema.json"))
        names = _renumbered(schema)
        files = {new: source.read(old) for old, new in names.items()}
    files["schema.json"] = json.dumps(schema, indent=1).encode()
    return np.frombuffer(_zipped(files), np.uint8)


def from_bytes(data: np.ndarray | bytes) -> Chain:
    """Return the chain that `to_bytes` wrote.

    Raises
    ------
    InputError
        ``E-MODEL-UNTRUSTED`` where the file holds a type that is not on our list, ``E-MODEL-READ`` where it is broken.
    """
    content = data if isinstance(data, bytes) else np.asarray(data, np.uint8).tobytes()
    try:
        strange = sorted(set(get_untrusted_types(data=content)) - set(TRUSTED))
        if strange:
            raise _untrusted(strange)
        chain = loads(content, trusted=list(TRUSTED))
    except UntrustedTypesFoundException as error:
        raise _untrusted([str(error)]) from error
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, ImportError, EOFError) as error:
        raise InputError(
            f"The model cannot be read: {error}", code="E-MODEL-READ", remedy="Fetch or train it again."
        ) from error
    if not isinstance(chain, Chain):
        raise _untrusted([type(chain).__name__])
    return chain


def _untrusted(types: list[str]) -> InputError:
    return InputError(
        f"The model holds what no model of neurocli holds, and is not opened: {', '.join(types)}.",
        code="E-MODEL-UNTRUSTED",
        remedy="Use models that neurocli wrote.",
    )


def _renumbered(schema: dict[str, Any]) -> dict[str, str]:
    """Replace the memory addresses in a schema by numbers in the order they come, and return old -> new file names.

    Scalars get a number each time: whether two equal ones are the same object is Python's chance.
    """
    numbers: dict[int, int] = {}
    files: dict[str, str] = {}
    for count, node in enumerate(_nodes(schema)):
        own = count if node.get("__loader__") == "JsonNode" else numbers.setdefault(node.get("__id__", -count), count)
        if "__id__" in node:
            node["__id__"] = own
        if isinstance(node.get("file"), str):
            suffix = node["file"].rpartition(".")[2]
            node["file"] = files.setdefault(node["file"], f"{len(files)}.{suffix}")
    return files


def _nodes(value: Any) -> Any:
    if isinstance(value, dict):
        if "__loader__" in value:
            yield value
        for part in value.values():
            yield from _nodes(part)
    elif isinstance(value, list):
        for part in value:
            yield from _nodes(part)


def _zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # else Windows writes another byte
            target.writestr(entry, content)
    return buffer.getvalue()
