"""ONNX gives what the chain gives, or says why there is none."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli import registry
from neurocli.models._chain import build_chain
from neurocli.models._onnx import to_onnx

onnxruntime = pytest.importorskip("onnxruntime")


def use(name, **settings):
    return registry.get("models", name)(**settings)


def run(data, X):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"X": X.astype(np.float32)})[-1]).reshape(len(X), -1)


@pytest.fixture
def columns():
    rng = np.random.default_rng(0)
    y = np.tile([0, 1, 2], 20)
    return rng.normal(size=(60, 6)) + y[:, None] * [1, 0, 0, 0, 0, 1], y


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("name", ["logistic_regression", "lda", "svm", "ridge", "random_forest", "knn", "mlp"])
@pytest.mark.parametrize("before", [["standardize"], ["impute", "pca"], ["select"]], ids=str)
def test_scores_are_those_of_the_chain(columns, before, name, n_classes):
    X, y = columns[0].astype(np.float32).astype(float), np.minimum(columns[1], n_classes - 1)
    small = {"random_forest": {"n_estimators": 5}, "select": {"k": 3}}
    chain = build_chain([use(member, **small.get(member, {})) for member in [*before, name]]).fit(X, y)
    result = to_onnx(chain, X)
    assert result.takes == "features", result.reason
    assert result.data is not None, result.reason
    found, expected = run(result.data, X), chain.decision(X)
    expected = expected if found.shape == expected.shape else expected[:, 1:]
    assert np.allclose(found, expected, atol=1e-5 * max(1, np.abs(expected).max()))
    assert result.error is not None


@pytest.mark.parametrize("name", ["ridge", "svm"])
def test_a_number_converts_too(columns, name):
    X = columns[0].astype(np.float32).astype(float)
    chain = build_chain([use("standardize"), use(name)]).fit(X, X @ np.arange(6.0))
    result = to_onnx(chain, X)
    assert np.allclose(run(result.data, X), chain.decision(X), atol=1e-4)


def test_a_tangent_space_chain_begins_after_it():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 4, 50)) * (1 + np.tile([0, 1], 20)[:, None, None])
    X = x @ x.swapaxes(1, 2) / 50
    chain = build_chain([use("tangent_space"), use("standardize"), use("lda")]).fit(X, np.tile([0, 1], 20))
    result = to_onnx(chain, X)
    assert result.takes == "features after tangent_space"
    assert "'tangent_space' has no ONNX form" in result.reason
    vectors = chain.fitted_[0][1].transform(X)
    assert np.allclose(run(result.data, vectors), chain.decision(X), atol=1e-5)


def test_what_has_no_onnx_form_says_so(columns):
    x = np.random.default_rng(0).normal(size=(60, 4, 50))
    chain = build_chain([use("mdm")]).fit(x @ x.swapaxes(1, 2), columns[1])
    assert to_onnx(chain, x @ x.swapaxes(1, 2)).data is None
    assert "'mdm' has no ONNX form" in to_onnx(chain, x @ x.swapaxes(1, 2)).reason
    majority = build_chain([use("majority")]).fit(*columns)
    result = to_onnx(majority, columns[0])
    assert result.data is None
    assert "'majority' does not convert" in result.reason


def test_the_same_chain_gives_the_same_bytes(columns):
    chain = build_chain([use("standardize"), use("svm")]).fit(*columns)
    assert to_onnx(chain, columns[0]).data == to_onnx(chain, columns[0]).data


DEEP = [
    name
    for name, definition in registry.definitions("models").items()
    if hasattr(definition, "network") and definition.takes == "epochs"
]


@pytest.mark.parametrize("name", DEEP)
def test_a_deep_decoder_takes_epochs_in_volts(name):
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(24, 3, 128)) * 1e-5 + 2e-5).astype(np.float32)
    small = {"deep4": {"pool": 2}, "eeg_conformer": {"depth": 1}, "dbconformer": {"depth": 1}}
    small["seizure_transformer"] = {"widths": [8, 16], "depth": 1, "n_hidden": 16}
    samples = {"subject": ["01"] * 24, "duration": [1.0] * 24}
    uses = [use("euclidean_alignment"), use(name, n_epochs=1, **small.get(name, {}))]
    plain = build_chain(uses[1:]).fit(x, np.tile([0, 1], 12), samples)
    result = to_onnx(plain, x, samples)
    assert result.takes == "epochs"
    assert np.allclose(run(result.data, x[:7]), plain.decision(x[:7], samples), atol=1e-5)
    aligned = build_chain(uses).fit(x, np.tile([0, 1], 12), samples)
    assert to_onnx(aligned, x, samples).takes == "epochs after euclidean_alignment"


def test_attention_over_features_takes_columns(columns):
    X = columns[0].astype(np.float32).astype(float)
    chain = build_chain([use("standardize"), use("feature_attention", n_epochs=1, depth=1)]).fit(X, columns[1])
    result = to_onnx(chain, X)
    assert result.takes == "features after standardize"
    held = chain.fitted_[0][1].transform(X)
    assert np.allclose(run(result.data, held), chain.decision(X), atol=1e-5)
