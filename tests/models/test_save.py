"""Models as bytes: the same ones each time, and nothing strange comes back."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from skops.io import dumps

from neurocli import registry
from neurocli.errors import InputError
from neurocli.models._baselines import baseline
from neurocli.models._chain import Chain, build_chain
from neurocli.models._save import from_bytes, to_bytes

SCRIPT = """
import hashlib, numpy as np
from neurocli import registry
from neurocli.models._chain import build_chain
from neurocli.models._save import to_bytes
X = np.random.default_rng(0).normal(size=(40, 3)); y = np.tile([0, 1], 20)
uses = [registry.get("models", n)() for n in ("standardize", "pca", "svm")]
print(hashlib.sha256(to_bytes(build_chain(uses).fit(X, y))).hexdigest())
"""


def fitted():
    X = np.random.default_rng(0).normal(size=(40, 3))
    uses = [registry.get("models", name)() for name in ("standardize", "pca", "svm")]
    return build_chain(uses).fit(X, np.tile([0, 1], 20)), X


@pytest.mark.slow  # imports scikit-learn in a process of its own
def test_another_process_writes_the_same_bytes():
    """Addresses in memory and the hash seed leave no trace."""
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True, text=True)
    assert run.stdout.strip() == hashlib.sha256(to_bytes(fitted()[0])).hexdigest()


def test_no_time_and_no_address_is_in_the_file():
    with zipfile.ZipFile(io.BytesIO(to_bytes(fitted()[0]).tobytes())) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        ids = [int(word) for word in archive.read("schema.json").decode().replace(",", "").split() if word.isdigit()]
    assert max(ids) < 10_000


def test_baselines_come_back():
    chain, X = baseline("linear"), fitted()[1]
    chain.fit(X, np.tile([0, 1], 20))
    assert np.array_equal(from_bytes(to_bytes(chain)).decision(X), chain.decision(X))


class Stranger(LogisticRegression):
    """A type that no chain of ours holds."""


def test_a_type_that_is_not_ours_is_refused_before_it_is_made():
    chain = Chain([("stranger", Stranger())])
    with pytest.raises(InputError, match="Stranger") as caught:
        from_bytes(dumps(chain))
    assert caught.value.code == "E-MODEL-UNTRUSTED"


def test_a_trusted_type_that_is_no_chain_is_refused():
    with pytest.raises(InputError, match="LogisticRegression") as caught:
        from_bytes(dumps(LogisticRegression()))
    assert caught.value.code == "E-MODEL-UNTRUSTED"


def rewritten(change):
    source = zipfile.ZipFile(io.BytesIO(to_bytes(fitted()[0]).tobytes()))
    schema = json.loads(source.read("schema.json"))
    change(schema)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            content = json.dumps(schema) if name == "schema.json" else source.read(name)
            target.writestr(name, content)
    return buffer.getvalue()


def test_a_schema_that_names_a_command_is_refused():
    def poison(schema):
        schema["content"]["content"]["members"] |= {"__class__": "system", "__module__": "os", "__loader__": "TypeNode"}

    with pytest.raises(InputError, match=r"os.system|posix") as caught:
        from_bytes(rewritten(poison))
    assert caught.value.code == "E-MODEL-UNTRUSTED"


@pytest.mark.parametrize("content", [b"", b"not a model", to_bytes(fitted()[0]).tobytes()[:500]])
def test_a_broken_file_is_said_to_be_broken(content):
    with pytest.raises(InputError) as caught:
        from_bytes(content)
    assert caught.value.code == "E-MODEL-READ"
