"""Contributions in networks: they add up, agree with mutagenesis, and find what was learnt."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seqexpr.interpretation.attribution import attribute_network
from seqexpr.interpretation.checks import check_agreement, check_sum
from seqexpr.interpretation.mutagenesis import (
    member_effects,
    mutagenesis,
    mutate_by_predicting,
    mutation_effects,
)
from seqexpr.models.nets.configs import CompactCNN, Dilated, DreamRNN, Hybrid, LegNet
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.training.settings import Augmentation, Training

NETWORKS = [
    CompactCNN(n_channels=8),
    LegNet(stem_channels=8, block_channels=(8, 8)),
    Dilated(n_channels=8),
    DreamRNN(n_channels=8, n_hidden=6),
    Hybrid(n_channels=8, n_heads=2),
]


def rows(n=60, seed=0):
    rng = np.random.default_rng(seed)
    texts = ["".join(rng.choice(list("ACGT"), size=length)) for length in rng.integers(25, 33, n)]
    return texts, np.array([[text.count("A"), text.count("CG")] for text in texts], dtype=float)


def fitted(network, *, loss="squared", strands="average", epochs=3):
    X, y = rows()
    return NeuralRegressor(
        network, training=Training(n_epochs=epochs, loss=loss), n_members=2,
        augmentation=Augmentation(strands=strands, shift=1), left_flank="ACGTT", right_flank="GG",
    ).fit(X, y)  # fmt: skip


@pytest.mark.parametrize("network", NETWORKS, ids=lambda c: c.name)
@pytest.mark.parametrize("strands", ["average", "as_given"])
def test_effects_are_those_of_predicting_every_change(network, strands):
    model = fitted(network, strands=strands)
    some = [*rows()[0][:3], "ACGNTAC", "TTG"]
    np.testing.assert_allclose(
        mutation_effects(model, some, target=1), mutate_by_predicting(model, some, target=1),
        atol=2e-5,
    )  # fmt: skip


@pytest.mark.parametrize("loss", ["squared", "gaussian", "bins"])
@pytest.mark.parametrize("method", ["deeplift", "integrated_gradients"])
def test_contributions_add_up_with_every_loss(loss, method):
    model = fitted(CompactCNN(n_channels=8), loss=loss)
    found = attribute_network(model, rows()[0][:8], method=method, target=1, n_references=3)
    assert check_sum(found).value < (1e-4 if method == "deeplift" else 0.2)
    np.testing.assert_allclose(found.predictions, model.predict(rows()[0][:8])[:, 1], atol=1e-5)
    assert found.spread.shape == found.values.shape


@pytest.mark.parametrize("network", NETWORKS, ids=lambda c: c.name)
def test_contributions_agree_with_mutagenesis(network):
    model = fitted(network, epochs=15)
    some = rows()[0][:20]
    found = attribute_network(model, some, target=0, n_references=5)
    assert check_sum(found).is_passed
    assert check_agreement(found, mutagenesis(model, some, target=0)).value > 0.5


def test_the_same_seed_gives_the_same():
    model = fitted(CompactCNN(n_channels=4))
    one, same, other = (
        attribute_network(model, rows()[0][:2], n_references=2, random_state=seed).values
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_members_are_told_apart():
    model = fitted(CompactCNN(n_channels=4))
    each = member_effects(model, rows()[0][:2], target=1)
    assert each.shape[0] == 2
    np.testing.assert_allclose(each.mean(axis=0), mutation_effects(model, rows()[0][:2], target=1))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_says_the_same():
    model = fitted(CompactCNN(n_channels=8))
    here = mutation_effects(model, rows()[0][:3])
    model.set_params(device="cuda").__dict__.pop("_opened", None)
    np.testing.assert_allclose(mutation_effects(model, rows()[0][:3]), here, atol=1e-3)
