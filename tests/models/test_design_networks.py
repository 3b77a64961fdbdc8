"""Networks that are ours after a paper's abstract: each on a simulation that has what it looks for."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import torch
from sklearn.manifold import SpectralEmbedding

from neurocli import registry
from neurocli.evaluation import metrics
from neurocli.features.curvature import ollivier_ricci_curvature
from neurocli.models._ablation import ablation_curve
from neurocli.models._chain import build_chain
from neurocli.models._deep import network_class
from neurocli.models._graphs import curvatures, eigenmap, strongest_edges
from neurocli.models._torch_histn import regions_of
from neurocli.models._torch_ricci import Denoiser
from neurocli.models._training import one_thread


def use(name, **settings):
    return registry.get("models", name)(**settings)


# -- HiSTN ----------------------------------------------------------------------------------------------------------


def test_histn_keeps_to_its_budget():
    module = network_class("histn")(14, 5, 256, 128.0)
    assert sum(p.numel() for p in module.parameters()) <= 1200


def test_regions_are_those_of_the_names():
    names = ["Fp1", "AF3", "Fz", "FC5", "Cz", "T7", "CP1", "Pz", "PO8", "O2"]
    assert regions_of(names, 10) == [0, 0, 0, 1, 1, 2, 3, 3, 4, 4]
    assert regions_of(["EEG O1", "EEG F3"], 2) == [1, 0]
    assert regions_of(["E1", "E2", "E3", "E4"], 4) == [0, 1, 2, 3]
    assert regions_of([], 10) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_names_of_channels_reach_the_network():
    """The same samples under other names make another hierarchy."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 4, 64)), np.tile([0, 1], 10)
    samples = {"subject": ["01"] * 20, "duration": [0.5] * 20}
    found = [
        build_chain([use("histn", n_epochs=1)]).fit(X, y, samples, columns=names).fitted_[-1][1]
        for names in (["F3", "F4", "O1", "O2"], ["F3", "O1", "F4", "O2"])
    ]
    assert found[0].signature_["ch_names"] == ["F3", "F4", "O1", "O2"]
    assert not np.array_equal(found[0].weights_["member"], found[1].weights_["member"])
    assert np.isfinite(found[0].predict_proba(X)).all()


def ratings(n, rng, off=0.0):
    """Return features of five states without an order, and ratings that are `off` by a step in a share of samples."""
    state = rng.integers(0, 5, n)
    X = np.random.default_rng(5).normal(size=(5, 6))[state] + 0.3 * rng.normal(size=(n, 6))
    step = np.where(rng.random(n) < 0.5, 1, -1) * (rng.random(n) < off)
    return X, np.clip(state + step, 0, 4)


def test_ordinal_smoothing_raises_sequential_hits():
    """Later raters are off by one step in three of ten; the smoothed network has a neighbour as its second choice."""
    rng = np.random.default_rng(0)
    (X, y), (held, truth) = ratings(150, rng), ratings(1000, rng, off=0.3)
    score = metrics.get("sequential_top2")
    found = {}
    for smoothing in (0.0, 0.3):
        model = use(
            "feature_attention",
            n_epochs=12,
            learning_rate=0.02,
            depth=1,
            width=8,
            label_smoothing=smoothing,
            ordinal=True,
        )
        found[smoothing] = score(truth, build_chain([model], 0).fit(X, y).decision(held))
    assert found[0.3] > found[0.0] + 0.05  # four standard errors of a share of 1000
    assert found[0.0] > score.chance(truth, 5)


# -- curvature and eigenmap -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [3, 5, 8])
def test_curvature_of_complete_graphs(n):
    """1 - W1 with laziness 0 is (n - 2) / (n - 1); the slope towards laziness 1, Lin, Lu and Yau's, is n / (n - 1)."""
    A = np.ones((n, n)) - np.eye(n)
    assert curvatures(A)[0, 1] == pytest.approx((n - 2) / (n - 1))
    assert curvatures(A, 0.999)[0, 1] / 0.001 == pytest.approx(n / (n - 1))


def test_curvature_of_trees_and_long_cycles():
    tree = nx.random_labeled_tree(12, seed=3)
    A = nx.to_numpy_array(tree, nodelist=range(12))
    found, degree = curvatures(A), A.sum(axis=1)
    for i, j in tree.edges:
        assert found[i, j] == pytest.approx(min(2 / degree[i] + 2 / degree[j] - 2, 0), abs=1e-9)  # 0 at a leaf
    cycle = curvatures(nx.to_numpy_array(nx.cycle_graph(8)))
    assert np.allclose(cycle, 0, atol=1e-12)


def test_curvature_is_that_of_the_feature():
    A = nx.to_numpy_array(nx.connected_watts_strogatz_graph(10, 4, 0.4, seed=1))
    rows, columns = np.triu_indices(10, 1)
    feature = ollivier_ricci_curvature(A, idleness=0.5)
    assert np.allclose(np.where(A[rows, columns] > 0, feature, 0), curvatures(A, 0.5)[rows, columns], atol=1e-9)


def test_the_eigenmap_is_scikit_learns():
    A = nx.to_numpy_array(nx.connected_watts_strogatz_graph(12, 4, 0.3, seed=2))
    oracle = SpectralEmbedding(2, affinity="precomputed", random_state=0).fit_transform(A)
    oracle *= np.sign(oracle[np.abs(oracle).argmax(axis=0), [0, 1]])
    assert np.allclose(eigenmap(A, 2), oracle, atol=1e-6)


def test_edges_are_the_strongest_and_hold_together():
    rng = np.random.default_rng(0)
    weight = rng.random((9, 9))
    weight = (weight + weight.T) / 2
    A = strongest_edges(weight, 2)
    assert np.array_equal(A, A.T)
    assert not np.diag(A).any()
    assert nx.is_connected(nx.from_numpy_array(A))
    strongest = np.argsort(np.where(np.eye(9) > 0, -1, weight), axis=1)[:, -2:]
    assert all(A[i, j] for i, row in enumerate(strongest) for j in row)


def test_the_graph_of_the_network_joins_channels_that_go_together():
    rng = np.random.default_rng(0)
    size = np.exp(rng.normal(size=(200, 2, 1)))  # two groups of channels, each as loud as it likes
    x = np.concatenate([size[:, :1] * rng.normal(size=(200, 3, 64)), size[:, 1:] * rng.normal(size=(200, 3, 64))], 1)
    module = network_class("ricci_graph")(6, 2, 64, 64.0, n_neighbours=2)
    module.prepare(torch.from_numpy(x).float())
    graph = module.graph.numpy() > 0
    assert graph[:3, :3].all()
    assert graph[3:, 3:].all()
    assert graph[:3, 3:].sum() == 1  # the bridge that holds it together
    place = module.place[:, 0].numpy()
    assert place[:3].max() < place[3:].min() or place[3:].max() < place[:3].min()


def test_the_denoiser_comes_nearer_to_the_clean_signal():
    """Rhythms of two kinds at 2 dB: the noisy signal correlates by 0.78, what one linear filter could do is above."""
    with one_thread(0):
        n_times, sfreq = 60, 60.0
        time = torch.arange(n_times) / sfreq

        def rhythms(n):
            freq = torch.where(torch.rand(n, 2, 1) < 0.5, 5.0, 10.0)
            return 2**0.5 * torch.sin(2 * torch.pi * (freq * time + torch.rand(n, 2, 1)))

        net = Denoiser(n_times, 10)
        adam = torch.optim.Adam(net.parameters(), 3e-3)
        for _ in range(150):
            x = rhythms(16)
            loss = ((net(x + 10 ** (-2 / 20) * torch.randn_like(x)) - x) ** 2).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
        clean = rhythms(200)
        noisy = clean + 10 ** (-2 / 20) * torch.randn_like(clean)
        with torch.no_grad():
            denoised = net(noisy)
    before, after = (np.corrcoef(clean.flatten(), z.flatten())[0, 1] for z in (noisy, denoised))
    assert before == pytest.approx((1 + 10**-0.2) ** -0.5, abs=0.01)
    assert after > 0.95


# -- the critic -------------------------------------------------------------------------------------------------------


def test_the_critic_pulls_the_classes_apart():
    """The loss beside the classes is penalty minus distance; training makes the distance grow and the slope stay 1."""
    with one_thread(0):
        module = network_class("adversarial_attention")(2, 2, 64, 64.0, width=8, depth=1, adversary=1.0, dropout=0.0)
        x, y = torch.randn(64, 2, 64), torch.arange(64) % 2
        x = x * (1 + y[:, None, None])
        adam = torch.optim.Adam(module.parameters(), 1e-2)
        losses = []
        for _ in range(60):
            _, loss = module.learn(x, y)
            adam.zero_grad()
            loss.backward()
            adam.step()
            losses.append(loss.item())
        features = module.features(x)
        slope = module._slope(features[y == 0], features[y == 1]).item()
    assert losses[-1] < -1  # the distance outweighs the penalty
    assert slope < 0.5  # the mean slope is between 0.3 and 1.7
    assert module.learn(x[y == 0], y[y == 0])[1].item() == 0


# -- attention over features ------------------------------------------------------------------------------------------


def test_the_ablation_curve_falls_from_the_whole_score_to_chance():
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 150)
    X = rng.normal(size=(300, 6)) + 1.2 * y[:, None]
    model = use("feature_attention", n_epochs=10, learning_rate=0.02, depth=1, width=8)
    chain = build_chain([use("standardize"), model], 0).fit(X[:200], y[:200])
    counts = [0, 2, 4, 6]
    curve = ablation_curve(chain, X[200:], y[200:], counts, np.random.default_rng(1), fill=X[:200].mean(0), n_repeats=6)
    mean = curve.mean(axis=1)
    assert np.all(curve[0] == np.mean(chain.predict(X[200:]) == y[200:]))
    assert np.all(np.diff(mean) < 0)
    assert mean[0] > 0.9
    assert np.all(curve[-1] == 0.5)  # told nothing, it says one class
    again = ablation_curve(chain, X[200:], y[200:], counts, np.random.default_rng(1), fill=X[:200].mean(0), n_repeats=6)
    assert np.array_equal(curve, again)
