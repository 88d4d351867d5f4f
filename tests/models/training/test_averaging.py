from __future__ import annotations

import pytest
import torch

from seqexpr.models.training.averaging import moving_average


def test_averaged_weights_are_a_moving_average():
    update = moving_average(0.9)
    averaged, n = [torch.zeros(1), torch.zeros(1, dtype=torch.int64)], torch.tensor(10**6)
    update(averaged, [torch.ones(1), torch.ones(1, dtype=torch.int64)], n)
    assert averaged[0].item() == pytest.approx(0.1)
    assert averaged[1].item() == 1
    early = [torch.zeros(1)]
    update(early, [torch.ones(1)], torch.tensor(0))
    assert early[0].item() == pytest.approx(0.9)  # at first it follows
