"""Averaged weights: what is validated and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["moving_average"]


def moving_average(share: float) -> Callable[[Any, Any, Any], None]:
    """Return how averaged weights take in new ones; at first they follow them closely.

    Parameters
    ----------
    share : float
        Share of the average that is kept in a step, in [0, 1); in step n at
        most (1 + n) / (10 + n).

    References
    ----------
    Tarvainen & Valpola (2017), Mean teachers, NeurIPS, equation 3.
    """
    from torch.optim.swa_utils import get_ema_multi_avg_fn

    def update(averaged: list[Tensor], current: list[Tensor], n_averaged: Tensor) -> None:
        n = int(n_averaged)
        average = get_ema_multi_avg_fn(min(share, (1 + n) / (10 + n)))
        pairs = list(zip(averaged, current, strict=True))
        moving = [pair for pair in pairs if pair[0].is_floating_point()]
        if moving:
            average([old for old, _ in moving], [now for _, now in moving], n_averaged)
        for old, now in pairs:
            if not old.is_floating_point():  # counters
                old.copy_(now)

    return update
