from __future__ import annotations

import pytest
import torch

from seqexpr.errors import InputError
from seqexpr.models.nets.configs import (
    ARCHITECTURES,
    CompactCNN,
    Dilated,
    DreamRNN,
    Hybrid,
    LegNet,
)
from seqexpr.models.nets.encoding import code_matrix, mask_of, one_hot
from seqexpr.models.nets.network import SequenceNetwork, count_parameters

SMALL = {
    "compact_cnn": CompactCNN(n_channels=8, n_places=4),
    "legnet": LegNet(stem_channels=8, block_channels=(8, 6)),
    "dream_rnn": DreamRNN(n_channels=8, n_hidden=4),
    "dilated": Dilated(n_channels=8, n_layers=2, n_pools=1),
    "hybrid": Hybrid(n_channels=8, n_heads=2, n_layers=1),
}


def built(config, *, seed=0, n_outputs=2, n_covariates=0):
    torch.manual_seed(seed)
    network = SequenceNetwork(config, n_outputs=n_outputs, n_covariates=n_covariates)
    for module in network.modules():  # moments as after some training
        if hasattr(module, "running_var"):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    return network.eval()


def read(network, sequences, *, length=None):
    codes = torch.from_numpy(code_matrix(sequences, length=length))
    with torch.no_grad():
        return network(one_hot(codes), mask_of(codes))


def test_there_is_a_small_one_of_each():
    assert set(SMALL) == set(ARCHITECTURES)


@pytest.mark.parametrize("name", SMALL)
def test_padding_never_changes_a_prediction(name):
    network = built(SMALL[name])
    rows = ["ACGTTGCATGCCA", "ACG", "T", "GGGTACCATNNATTGACACA"]
    alone = torch.cat([read(network, [row]) for row in rows])
    together = read(network, rows)
    wider = read(network, rows, length=33)
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(wider, alone, rtol=1e-5, atol=1e-6)
    assert float((alone[0] - alone[3]).abs().max()) > 1e-3  # and it looks at the bases


@pytest.mark.parametrize("name", SMALL)
def test_an_empty_sequence_and_an_unknown_base_give_numbers(name):
    found = read(built(SMALL[name]), ["", "N", "NNNNNN"])
    assert torch.isfinite(found).all()


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_are_those_of_finite_differences(name, masked):
    torch.manual_seed(1)
    network = SequenceNetwork(SMALL[name], n_outputs=1, n_hidden=4).double().eval()
    codes = torch.from_numpy(code_matrix(["ACGTTGCA", "ACGTT" if masked else "TTTTGCAA"]))
    x = one_hot(codes, dtype=torch.float64).requires_grad_()
    mask = mask_of(codes)
    mask = None if mask is None else mask.double()
    assert torch.autograd.gradcheck(lambda x: network(x, mask), (x,), fast_mode=True)


@pytest.mark.parametrize("name", SMALL)
def test_every_weight_is_trained(name):
    network = SequenceNetwork(SMALL[name], n_outputs=1).train()
    codes = torch.from_numpy(code_matrix(["ACGTTGCATT", "ACGTTTTT"]))
    network(one_hot(codes), mask_of(codes)).sum().backward()
    still = [key for key, value in network.named_parameters() if value.grad is None]
    assert not still


def test_covariates_join_after_the_convolutions():
    network = built(SMALL["compact_cnn"], n_covariates=3)
    x = one_hot(torch.zeros(2, 9, dtype=torch.uint8))
    beside = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, -1.0]])
    found = network(x, None, beside)
    assert not torch.allclose(found[0], found[1])


@pytest.mark.parametrize(
    ("config", "reach"),
    [
        (CompactCNN(stem_width=5, width=3, n_blocks=1), 5 + 2),
        (CompactCNN(stem_width=5, width=3, n_blocks=3), 5 + 2 * (1 + 2 + 4) + (1 + 2)),
        (Dilated(stem_width=7, n_layers=2, n_pools=0), 7 + 2 * (2 + 4)),
        (Dilated(stem_width=7, n_layers=1, n_pools=2), 7 + (4 + 1) + (8 + 2) + 2 * 4 * 2),
    ],
)
def test_the_receptive_field_is_what_a_place_can_see(config, reach):
    """By gradients: which bases move the activation in the middle, before it is pooled."""
    assert config.receptive_field() == reach
    seen = {}
    trunk = config.build().double().eval()
    trunk.places.register_forward_hook(lambda _, args, out: seen.update(x=args[0]))
    widest = 0
    x = torch.randn(1, 4, 401, dtype=torch.float64, requires_grad=True)
    for _ in range(3):  # a ReLU or a maximum may hide a base in one draw
        trunk(x)
        middle = seen["x"][0, :, seen["x"].shape[2] // 2].sum()
        moved = torch.autograd.grad(middle, x)[0][0].abs().sum(dim=0).nonzero()[:, 0]
        widest = max(widest, int(moved.max() - moved.min()) + 1)
        x = torch.randn(1, 4, 401, dtype=torch.float64, requires_grad=True)
    assert widest == reach


def test_sizes_are_those_of_the_docs():
    def size(config):
        return count_parameters(SequenceNetwork(config, n_outputs=1))

    assert size(CompactCNN()) < 300_000
    published = LegNet(stem_channels=64, block_channels=(80, 96, 112, 128))
    assert size(LegNet()) < size(published) < 2_000_000


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (CompactCNN(n_channels=0), "n_channels = 0: must be at least 1"),
        (CompactCNN(width=4), "width = 4: must be odd"),
        (LegNet(block_channels=()), r"block_channels = \(\): must be at least 1"),
        (DreamRNN(dropout=1.0), r"dropout = 1.0: must be in \[0, 1\)"),
        (Hybrid(n_channels=6, n_heads=4), "a multiple of n_heads = 4"),
        (Dilated(n_pools=-1), "n_pools = -1: must be at least 1"),
    ],
)
def test_parameters_out_of_range_are_told(config, text):
    with pytest.raises(InputError, match=text):
        config.check()
    Dilated(n_pools=0).check()
