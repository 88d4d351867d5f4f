"""The scores: their definitions, units, ranges and references.

Notation: y_i observed, p_i predicted, i = 1..n; bars are means over the n rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from seqexpr.registry import Registry

__all__ = ["METRICS", "Metric"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Metric:
    """One score.

    Attributes
    ----------
    name, title : str
        Registered name; how people write it.
    compute : callable
        ``compute(observed, predicted) -> float``, both of shape (n,) without
        NaN; NaN where the score is undefined.
    greater_is_better : bool
        Direction.
    unit : {"target", "target squared", "none"}
        Unit of the value.

    Examples
    --------
    >>> METRICS["rmse"].compute(np.array([1.0, 2.0]), np.array([1.0, 4.0])) ** 2
    2.0000000000000004
    """

    name: str
    title: str
    compute: Callable[[Floats, Floats], float]
    greater_is_better: bool
    unit: str


METRICS: Registry[Metric] = Registry("metric", group="seqexpr.metrics")


def mse(observed: Floats, predicted: Floats) -> float:
    """Mean squared error, mean((y - p)²), in target units squared, in [0, inf).

    Examples
    --------
    >>> mse(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 6.0]))
    3.0
    """
    return float(np.mean((observed - predicted) ** 2)) if len(observed) else np.nan


def rmse(observed: Floats, predicted: Floats) -> float:
    """Root mean squared error, sqrt(mse), in target units, in [0, inf)."""
    return float(np.sqrt(mse(observed, predicted)))


def mae(observed: Floats, predicted: Floats) -> float:
    """Mean absolute error, mean(|y - p|), in target units, in [0, inf).

    Examples
    --------
    >>> mae(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 6.0]))
    1.0
    """
    return float(np.mean(np.abs(observed - predicted))) if len(observed) else np.nan


def r2(observed: Floats, predicted: Floats) -> float:
    """Coefficient of determination, 1 - sum (y - p)² / sum (y - ȳ)², in (-inf, 1].

    The share of the variance that the predictions explain; 0 is as good as
    the mean of these very rows, negative is worse. Undefined when y is constant.

    Examples
    --------
    >>> r2(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0]))
    0.5
    """
    total = float(np.sum((observed - observed.mean()) ** 2)) if len(observed) > 1 else 0.0
    if total == 0:
        return np.nan
    return 1.0 - float(np.sum((observed - predicted) ** 2)) / total


def pearson(observed: Floats, predicted: Floats) -> float:
    """Pearson's product-moment correlation, cov(y, p) / (sd(y) sd(p)), in [-1, 1].

    Blind to the scale and the offset of the predictions. Undefined when y or p
    is constant.

    Examples
    --------
    >>> round(pearson(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0])), 6)
    0.866025
    """
    if len(observed) < 2 or np.ptp(observed) == 0 or np.ptp(predicted) == 0:
        return np.nan
    y, p = observed - observed.mean(), predicted - predicted.mean()
    scale = float(np.sqrt(y @ y) * np.sqrt(p @ p))
    return float(np.clip((y @ p) / scale, -1, 1)) if scale > 0 else np.nan


def spearman(observed: Floats, predicted: Floats) -> float:
    """Spearman's rank correlation: Pearson's of the midranks, in [-1, 1].

    Asks only whether the order is right. Undefined when y or p is constant.

    Examples
    --------
    >>> round(spearman(np.array([1.0, 2.0, 30.0]), np.array([1.0, 2.0, 2.5])), 12)
    1.0
    """
    if len(observed) < 2:
        return np.nan
    return pearson(rankdata(observed), rankdata(predicted))


for _metric in (
    Metric("mse", "MSE", mse, greater_is_better=False, unit="target squared"),
    Metric("rmse", "RMSE", rmse, greater_is_better=False, unit="target"),
    Metric("mae", "MAE", mae, greater_is_better=False, unit="target"),
    Metric("r2", "R²", r2, greater_is_better=True, unit="none"),
    Metric("pearson", "Pearson r", pearson, greater_is_better=True, unit="none"),
    Metric("spearman", "Spearman ρ", spearman, greater_is_better=True, unit="none"),
):
    METRICS.register(_metric.name, _metric)
