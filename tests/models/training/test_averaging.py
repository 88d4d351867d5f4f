from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from seqexpr.models.training.averaging import AveragedNetwork


def test_averaged_weights_are_a_moving_average():
    network = nn.BatchNorm1d(1)
    average = AveragedNetwork(network, 0.9)
    average.n_averaged.fill_(10**6)
    with torch.no_grad():
        average.module.weight.zero_()
    network.num_batches_tracked.fill_(7)
    average.follow()
    assert average.module.weight.item() == pytest.approx(0.1)
    assert average.module.num_batches_tracked.item() == 7
    assert average.n_averaged.item() == 10**6 + 1


def test_at_first_it_is_the_network_and_then_follows_it():
    network = nn.Linear(1, 1)
    average = AveragedNetwork(network, 0.999)
    for value, found in ((2.0, 2.0), (1.0, 2.0 - 9 / 11), (1.0, None)):
        nn.init.constant_(network.weight, value)
        average.follow()
        if found is not None:  # by hand: step n keeps (1 + n) / (10 + n)
            assert average.module.weight.item() == pytest.approx(found)


def test_it_is_pytorchs_own_average():
    """Bit for bit, where the share is that of every step."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    ours = AveragedNetwork(network, 0.05)
    theirs = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.05), use_buffers=True)
    for _ in range(5):
        with torch.no_grad():
            for part in network.parameters():
                part.add_(torch.randn_like(part))
            network(torch.randn(8, 3))
        ours.follow()
        theirs.update_parameters(network)
    for name, value in theirs.state_dict().items():
        if "num_batches" not in name:  # which PyTorch would average
            torch.testing.assert_close(ours.state_dict()[name], value, rtol=0, atol=0)
