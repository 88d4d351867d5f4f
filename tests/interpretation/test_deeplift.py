"""DeepLIFT's rules: contributions add up for every architecture; two oracles."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from seqexpr.interpretation.deeplift import DeepLift, multipliers
from seqexpr.models.nets.configs import CompactCNN, Dilated, DreamRNN, Hybrid, LegNet
from seqexpr.models.nets.encoding import one_hot
from seqexpr.models.nets.layers import MaskedBatchNorm1d
from seqexpr.models.nets.network import SequenceNetwork

NETWORKS = [
    CompactCNN(n_channels=8),
    LegNet(stem_channels=8, block_channels=(8, 8)),
    Dilated(n_channels=8),
    DreamRNN(n_channels=8, n_hidden=6),
    Hybrid(n_channels=8, n_heads=2),
    Hybrid(n_channels=8, n_heads=2, n_places=1),
]


def built(config, *, seed=0):
    torch.manual_seed(seed)
    network = SequenceNetwork(config, n_outputs=1).eval().double().requires_grad_(False)
    for layer in network.modules():
        if isinstance(layer, MaskedBatchNorm1d):
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2)
            layer.weight.normal_()
            layer.bias.normal_()
    return network


def inputs(n=4, length=50, *, seed=1):
    made = torch.Generator().manual_seed(seed)
    codes = torch.randint(0, 4, (2, n, length), generator=made, dtype=torch.uint8)
    return one_hot(codes[0], dtype=torch.float64), one_hot(codes[1], dtype=torch.float64)


@pytest.mark.parametrize("config", NETWORKS, ids=lambda c: f"{c.name}-{c.n_places}")
def test_contributions_add_up_for_every_architecture(config):
    network, (x, reference) = built(config), inputs()
    found, out, before = multipliers(lambda both: network(both)[:, 0], x, reference)
    sums = (found * (x - reference)).sum(dim=(1, 2))
    torch.testing.assert_close(sums, out - before, atol=1e-9, rtol=1e-9)
    torch.testing.assert_close(out, network(x)[:, 0], atol=1e-9, rtol=1e-9)
    assert float((out - before).abs().max()) > 1e-6


@pytest.mark.parametrize("config", NETWORKS, ids=lambda c: f"{c.name}-{c.n_places}")
def test_while_the_rules_are_on_the_network_says_the_same(config):
    network, (x, reference) = built(config), inputs()
    both = torch.cat([x, reference]).requires_grad_(True)
    with DeepLift():
        found = network(both)
    torch.testing.assert_close(found, network(both), atol=1e-9, rtol=1e-9)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of captum's hooks
def test_a_plain_network_is_explained_as_by_captum():
    captum = pytest.importorskip("captum.attr")
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv1d(4, 6, 5, padding=2), nn.ReLU(), nn.Conv1d(6, 6, 3), nn.Sigmoid(), nn.Flatten(),
        nn.Linear(6 * 48, 5), nn.Tanh(), nn.Linear(5, 1),
    ).double().requires_grad_(False)  # fmt: skip
    x, reference = inputs()
    found, _, _ = multipliers(lambda both: net(both)[:, 0], x, reference)
    wanted = captum.DeepLift(net).attribute(x, reference, target=0)
    torch.testing.assert_close(found * (x - reference), wanted, atol=1e-9, rtol=1e-7)


def test_products_and_maxima_by_hand():
    # Shapley's value of a * b from (1, 1) to (3, 2): a gets 2 * 1.5 = 3, b gets 1 * 2 = 2.
    x = torch.tensor([[[3.0], [2.0]]])
    reference = torch.tensor([[[1.0], [1.0]]])
    found, out, before = multipliers(lambda both: (both[:, 0] * both[:, 1])[:, 0], x, reference)
    assert (found * (x - reference)).ravel().tolist() == [3.0, 2.0]
    assert (out - before).item() == 5.0
    # Of the larger of two from (0, 1) to (3, 2): a alone first gains 2, last 1: 1.5; b 1 or 0: 0.5.
    x, reference = torch.tensor([[[3.0], [2.0]]]), torch.tensor([[[0.0], [1.0]]])
    found, _, _ = multipliers(
        lambda both: torch.maximum(both[:, 0], both[:, 1])[:, 0], x, reference
    )
    assert (found * (x - reference)).ravel().tolist() == [1.5, 0.5]


def test_a_layer_that_is_used_twice_adds_up():
    torch.manual_seed(0)
    layer = nn.Linear(4, 4).double().requires_grad_(False)
    act = nn.SiLU()
    x, reference = inputs(length=1)

    def run(both):
        return act(layer(act(layer(both[:, :, 0])))).sum(dim=1)

    found, out, before = multipliers(run, x, reference)
    torch.testing.assert_close((found * (x - reference)).sum(dim=(1, 2)), out - before)


def test_where_nothing_differs_nothing_is_passed_on():
    network, (x, _) = built(NETWORKS[0]), inputs()
    found, out, before = multipliers(lambda both: network(both)[:, 0], x, x.clone())
    assert torch.isfinite(found).all()
    assert torch.equal(out, before)
