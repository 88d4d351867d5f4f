"""Averaged weights: what is validated and kept."""

from __future__ import annotations

from itertools import chain

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

__all__ = ["AveragedNetwork"]


class AveragedNetwork(AveragedModel):
    """A copy of a network whose weights are the moving average of those of the network.

    Batch normalisation's moments are averaged too, counters are copied. PyTorch's own
    class looks all weights up in every step, which took 8% of the training of a small
    network on a processor, and waits for a GPU each time; here they are looked up once.

    Parameters
    ----------
    network : nn.Module
        What is followed, where it is trained: its weights are changed in place only.
    share : float
        Share of the average that is kept in a step, in [0, 1); in step n at
        most (1 + n) / (10 + n), so that at first it follows closely.

    References
    ----------
    Tarvainen & Valpola (2017), Mean teachers, NeurIPS, equation 3.

    Examples
    --------
    >>> network = torch.nn.Linear(1, 1, bias=False)
    >>> average = AveragedNetwork(network, share=0.5)
    >>> for value in (0.0, 1.0):
    ...     _ = torch.nn.init.constant_(network.weight, value)
    ...     average.follow()
    >>> round(average.module.weight.item(), 3)  # 1 - 2 / 11 of the new one
    0.818
    """

    def __init__(self, network: nn.Module, share: float) -> None:
        super().__init__(network, use_buffers=True)
        self.share = share
        for part in self.modules():  # a copy's weights lie apart, which a GPU warns of
            if isinstance(part, nn.RNNBase):
                part.flatten_parameters()
        pairs = list(zip(_tensors(self.module), _tensors(network), strict=True))
        moving = [pair for pair in pairs if pair[0].is_floating_point()]
        self._averaged, self._current = [old for old, _ in moving], [now for _, now in moving]
        self._counters = [pair for pair in pairs if not pair[0].is_floating_point()]

    @torch.no_grad()
    def follow(self) -> None:
        """Take in the weights that the network has now; the first time, all of them."""
        n = int(self.n_averaged)
        kept = min(self.share, (1 + n) / (10 + n)) if n else 0.0
        get_ema_multi_avg_fn(kept)(self._averaged, self._current, self.n_averaged)
        for old, now in self._counters:
            old.copy_(now)
        self.n_averaged += 1


def _tensors(network: nn.Module) -> chain[Tensor]:
    return chain(network.parameters(), network.buffers())
