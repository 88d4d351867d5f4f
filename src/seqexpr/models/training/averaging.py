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

    def update(averaged: list[Tensor], current: list[Tensor], n_averaged: Tensor) -> None:
        n = int(n_averaged)
        new = 1 - min(share, (1 + n) / (10 + n))
        for old, now in zip(averaged, current, strict=True):
            if old.is_floating_point():
                old.lerp_(now, new)
            else:
                old.copy_(now)

    return update
