"""The scores: their definitions, units, ranges and references.

Notation: y_i observed, p_i predicted, i = 1..n; bars are means over the n rows.
A score that is not defined is NaN, without a warning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from seqexpr.registry import Registry

__all__ = ["METRICS", "Metric", "mae", "mse", "pearson", "r2", "rmse", "spearman"]

Floats = npt.NDArray[np.float64]

CONSTANT = 1e-13
"""Values that differ by less than this share of their size are equal but for rounding."""


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
    range : tuple of float
        Lowest and highest possible value.
    formula, reference : str
        Definition in plain text, and where it comes from.

    Examples
    --------
    >>> METRICS["rmse"].compute(np.array([1.0, 2.0]), np.array([1.0, 4.0])) ** 2
    2.0000000000000004
    >>> METRICS["r2"].title, METRICS["r2"].range
    ('R²', (-inf, 1.0))
    """

    name: str
    title: str
    compute: Callable[[Floats, Floats], float]
    greater_is_better: bool
    unit: Literal["target", "target squared", "none"]
    range: tuple[float, float] = (-np.inf, np.inf)
    formula: str = ""
    reference: str = ""


METRICS: Registry[Metric] = Registry("metric", group="seqexpr.metrics")


def mse(observed: Floats, predicted: Floats) -> float:
    """Mean squared error, mean((y - p)²), in target units squared, in [0, inf).

    Undefined without rows.

    Examples
    --------
    >>> mse(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 6.0]))
    3.0
    """
    with np.errstate(over="ignore"):
        return float(np.mean((observed - predicted) ** 2)) if len(observed) else np.nan


def rmse(observed: Floats, predicted: Floats) -> float:
    """Root mean squared error, sqrt(mse), in target units, in [0, inf).

    Examples
    --------
    >>> rmse(np.array([0.0, 0.0]), np.array([3.0, -3.0]))
    3.0
    """
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

    References
    ----------
    Kvålseth, Cautionary note about R², The American Statistician 39 (1985),
    279-285, equation 1.

    Examples
    --------
    >>> r2(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0]))
    0.5
    """
    if is_constant(observed):
        return np.nan
    with np.errstate(over="ignore"):
        total = float(np.sum((observed - observed.mean()) ** 2))
        missed = float(np.sum((observed - predicted) ** 2))
    return 1.0 - missed / total if 0 < total < np.inf else np.nan


def pearson(observed: Floats, predicted: Floats) -> float:
    """Pearson's product-moment correlation, cov(y, p) / (sd(y) sd(p)), in [-1, 1].

    Blind to the scale and the offset of the predictions. Undefined when y or p
    is constant.

    References
    ----------
    Pearson, Note on regression and inheritance in the case of two parents,
    Proceedings of the Royal Society of London 58 (1895), 240-242.

    Examples
    --------
    >>> round(pearson(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0])), 6)
    0.866025
    """
    if is_constant(observed) or is_constant(predicted):
        return np.nan
    y, p = observed - observed.mean(), predicted - predicted.mean()
    y, p = y / np.abs(y).max(), p / np.abs(p).max()  # squares of tiny or huge numbers stay numbers
    return float(np.clip((y @ p) / np.sqrt((y @ y) * (p @ p)), -1, 1))


def spearman(observed: Floats, predicted: Floats) -> float:
    """Spearman's rank correlation: Pearson's of the midranks, in [-1, 1].

    Asks only whether the order is right; equal values share the mean of their
    ranks. Undefined when y or p is constant.

    References
    ----------
    Spearman, The proof and measurement of association between two things, The
    American Journal of Psychology 15 (1904), 72-101.

    Examples
    --------
    >>> round(spearman(np.array([1.0, 2.0, 30.0]), np.array([1.0, 2.0, 2.5])), 12)
    1.0
    """
    if is_constant(observed) or is_constant(predicted):
        return np.nan
    return pearson(rankdata(observed), rankdata(predicted))


def is_constant(values: Floats) -> bool:
    """Return whether fewer than two values differ by more than rounding.

    Examples
    --------
    >>> is_constant(np.array([0.1 + 0.2, 0.3])), is_constant(np.array([0.3, 0.4]))
    (True, False)
    """
    if len(values) < 2:
        return True
    with np.errstate(over="ignore"):
        return bool(np.ptp(values) <= CONSTANT * np.abs(values).max())


_INF = float("inf")
for _metric in (
    Metric(
        "mse", "MSE", mse, greater_is_better=False, unit="target squared", range=(0.0, _INF),
        formula="mean (y − p)²",
    ),
    Metric(
        "rmse", "RMSE", rmse, greater_is_better=False, unit="target", range=(0.0, _INF),
        formula="√mse",
    ),
    Metric(
        "mae", "MAE", mae, greater_is_better=False, unit="target", range=(0.0, _INF),
        formula="mean |y − p|",
    ),
    Metric(
        "r2", "R²", r2, greater_is_better=True, unit="none", range=(-_INF, 1.0),
        formula="1 − Σ(y − p)² / Σ(y − ȳ)²", reference="Kvålseth 1985, eq. 1",
    ),
    Metric(
        "pearson", "Pearson r", pearson, greater_is_better=True, unit="none", range=(-1.0, 1.0),
        formula="cov(y, p) / (sd(y) sd(p))", reference="Pearson 1895",
    ),
    Metric(
        "spearman", "Spearman ρ", spearman, greater_is_better=True, unit="none", range=(-1.0, 1.0),
        formula="Pearson r of the midranks", reference="Spearman 1904",
    ),
):  # fmt: skip
    METRICS.register(_metric.name, _metric)
