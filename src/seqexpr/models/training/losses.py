"""Losses, each weighted, and each blind to targets that were not measured.

All are of targets scaled to mean 0 and deviation 1. A loss reads the raw
outputs of a network, shape (n, t * n_outputs), and says what they mean.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["BINS", "Loss", "error_and_pearson", "make_loss"]

BINS = 18
_EDGE = 3.0  # deviations of the outermost bins
_SMALLEST_VARIANCE = 1e-4


class Loss(ABC):
    """A loss over t targets.

    Attributes
    ----------
    n_outputs : int
        Outputs of the network for each target.
    """

    n_outputs = 1

    def __init__(self, n_targets: int) -> None:
        self.n_targets = n_targets

    def __call__(self, raw: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Return the weighted mean over what was measured.

        Parameters
        ----------
        raw : Tensor, shape (n, t * n_outputs)
            Of the network.
        target : Tensor, shape (n, t)
            NaN = not measured.
        weight : Tensor, shape (n,)
            Non-negative.
        """
        measured = ~torch.isnan(target)
        each = self._each(self._split(raw), torch.where(measured, target, 0.0))
        share = weight[:, None] * measured
        return (each * share).sum() / share.sum().clamp(min=1e-12)

    def mean(self, raw: Tensor) -> Tensor:
        """Return the predicted mean of the raw outputs, shape (n, t)."""
        return self._split(raw)[:, :, 0]

    def deviation(self, raw: Tensor) -> Tensor | None:
        """Return the predicted standard deviation, shape (n, t); None if it is not predicted."""
        del raw
        return None

    def _split(self, raw: Tensor) -> Tensor:
        return raw.unflatten(1, (self.n_targets, self.n_outputs))

    @abstractmethod
    def _each(self, raw: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each row and target, shape (n, t)."""


class _Squared(Loss):
    def _each(self, raw: Tensor, target: Tensor) -> Tensor:
        return (raw[:, :, 0] - target) ** 2


class _Huber(Loss):
    def _each(self, raw: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(raw[:, :, 0], target, reduction="none")


class _Gaussian(Loss):
    """Nix & Weigend (1994), ICNN: (log v + (y - m)² / v) / 2."""

    n_outputs = 2

    def _each(self, raw: Tensor, target: Tensor) -> Tensor:
        variance = self._variance(raw)
        return (torch.log(variance) + (target - raw[:, :, 0]) ** 2 / variance) / 2

    def deviation(self, raw: Tensor) -> Tensor | None:
        return torch.sqrt(self._variance(self._split(raw)))

    @staticmethod
    def _variance(raw: Tensor) -> Tensor:
        # With 0.54 added to the output, it starts at the variance of the target.
        return F.softplus(raw[:, :, 1] + math.log(math.e - 1)) + _SMALLEST_VARIANCE


class _Bins(Loss):
    """Penzar et al. (2023): a measurement is a normal distribution as wide as a bin.

    The first and the last bin are open, so that no mass is lost.
    """

    n_outputs = BINS

    def __init__(self, n_targets: int) -> None:
        super().__init__(n_targets)
        self.centers = torch.linspace(-_EDGE, _EDGE, BINS)

    def _each(self, raw: Tensor, target: Tensor) -> Tensor:
        centers = self.centers.to(raw)
        width = centers[1] - centers[0]
        edges = (centers[1:] + centers[:-1]) / 2
        below = torch.special.ndtr((edges - target[:, :, None]) / width)  # n, t, bins - 1
        ends = torch.zeros_like(below[:, :, :1])
        share = torch.cat([ends, below, ends + 1], dim=2).diff(dim=2)
        return -(share * F.log_softmax(raw, dim=2)).sum(dim=2)

    def mean(self, raw: Tensor) -> Tensor:
        return torch.softmax(self._split(raw), dim=2) @ self.centers.to(raw)

    def deviation(self, raw: Tensor) -> Tensor | None:
        share = torch.softmax(self._split(raw), dim=2)
        centers = self.centers.to(raw)
        return torch.sqrt((share @ centers**2 - (share @ centers) ** 2).clamp(min=0.0))


_LOSSES: dict[str, type[Loss]] = {
    "squared": _Squared, "huber": _Huber, "gaussian": _Gaussian, "bins": _Bins,
}  # fmt: skip


def make_loss(name: str, *, n_targets: int) -> Loss:
    """Return a loss by name: "squared", "huber", "gaussian" or "bins".

    Examples
    --------
    >>> loss = make_loss("squared", n_targets=1)
    >>> raw, target = torch.tensor([[1.0], [5.0]]), torch.tensor([[0.0], [float("nan")]])
    >>> float(loss(raw, target, torch.ones(2)))
    1.0
    """
    return _LOSSES[name](n_targets)


def error_and_pearson(predicted: Tensor, measured: Tensor, weights: Tensor) -> tuple[float, float]:
    """Return squared error and correlation, weighted, means over the targets that were measured.

    Parameters
    ----------
    predicted, measured : Tensor, shape (n, t)
        NaN = not measured.
    weights : Tensor, shape (n,)
        Non-negative.

    Examples
    --------
    >>> truth = torch.tensor([[1.0], [2.0], [3.0]])
    >>> error_and_pearson(truth + 1, truth, torch.ones(3))
    (1.0, 1.0)
    """
    errors, correlations = [], []
    for column in range(measured.shape[1]):
        y, f = measured[:, column].double().numpy(), predicted[:, column].double().numpy()
        w = weights.double().numpy() * ~np.isnan(y)
        if not w.any():
            continue
        y = np.where(np.isnan(y), 0.0, y)
        errors.append(np.average((y - f) ** 2, weights=w))
        dy, df = y - np.average(y, weights=w), f - np.average(f, weights=w)
        length = np.sqrt(np.average(dy**2, weights=w) * np.average(df**2, weights=w))
        correlations.append(np.average(dy * df, weights=w) / length if length > 0 else 0.0)
    if not errors:
        return float("nan"), float("nan")
    return float(np.mean(errors)), float(np.mean(correlations))
