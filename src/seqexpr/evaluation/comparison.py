"""Which differences between models are real: paired comparisons on the same rows.

For models a and b, d = score(a) - score(b) on n rows. Its standard error s is
the standard deviation of d over bootstrap resamples, the same rows (or whole
groups) being drawn for both models, so that what both find hard cancels. With
G rows or groups that are drawn, the interval is d ± t s and the p-value
2 P(T > |d| / s), where T follows Student's t with G - 1 degrees of freedom and
t is its 97.5% point. P-values of one set, target and metric are corrected
together.

References
----------
Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapters 6 and 12
(standard errors; intervals from them). Holm, A simple sequentially rejective
multiple test procedure, Scandinavian Journal of Statistics 6 (1979), 65-70.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.evaluation.resampling import Bootstrap, mean_score

__all__ = [
    "COMPARED",
    "SIGNIFICANT",
    "Comparison",
    "compare_on_rows",
    "find_simplest",
    "holm",
]

Floats = npt.NDArray[np.float64]
COMPARED = ("r2", "pearson")
"""Metrics that models are compared by."""
SIGNIFICANT = 0.05
"""Corrected p-value below which a difference is called real."""


@dataclass(frozen=True)
class Comparison:
    """The difference between two models on the same rows.

    Attributes
    ----------
    set, target, metric : str
        What was compared on.
    model, other : str
        The two models; the difference is `model` minus `other`.
    difference : float or None
        Difference of the scores; None where one is undefined.
    low, high : float or None
        Its 95% interval.
    p, p_holm : float or None
        P-value of no difference, and corrected for all pairs of the set,
        target and metric.
    n : int
        Rows that both were scored on.
    """

    set: str
    target: str
    metric: str
    model: str
    other: str
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    n: int


def compare_on_rows(
    observed: npt.ArrayLike,
    predictions: Mapping[str, npt.ArrayLike],
    *,
    bootstrap: Bootstrap,
    set: str,
    target: str,
    resampled: Mapping[str, Mapping[str, Floats]] | None = None,
) -> tuple[Comparison, ...]:
    """Compare every pair of models on the same rows.

    Parameters
    ----------
    observed : array-like of float, shape (n,)
        One target, without NaN.
    predictions : mapping of str to array-like of float, shape (n,) or (r, n)
        Predictions of each model, without NaN; of r sets, the mean score counts.
    bootstrap : Bootstrap
        Draws the resamples of the n rows.
    set, target : str
        Names of the rows and of the target.
    resampled : mapping, optional
        What ``bootstrap.scores`` gave for each model, if it was computed already.

    Returns
    -------
    tuple of Comparison
        By metric, then pair, in the order of `predictions`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.normal(size=300)
    >>> good, bad = y + rng.normal(size=300) / 2, y + 2 * rng.normal(size=300)
    >>> found = compare_on_rows(y, {"good": good, "bad": bad}, set="test", target="y",
    ...                         bootstrap=Bootstrap(300, rng=rng))
    >>> [(c.metric, c.difference > 0, c.p_holm < 0.05) for c in found]
    [('r2', True, True), ('pearson', True, True)]
    """
    y = np.asarray(observed, dtype=np.float64)
    columns = {name: np.asarray(values, dtype=np.float64) for name, values in predictions.items()}
    if resampled is None:
        resampled = {name: bootstrap.scores(y, p) for name, p in columns.items()}
    found: list[Comparison] = []
    for metric in COMPARED:
        values = {name: mean_score(metric, y, p) for name, p in columns.items()}
        rows = []
        for model, other in combinations(columns, 2):
            draws = resampled[model][metric] - resampled[other][metric]
            difference = values[model] - values[other]
            low, high, p = _test(difference, draws, bootstrap.n_units)
            rows.append((model, other, difference, low, high, p))
        corrected = holm([row[-1] for row in rows])
        for (model, other, d, low, high, p), p_holm in zip(rows, corrected, strict=True):
            found.append(
                Comparison(
                    set=set, target=target, metric=metric, model=model, other=other,
                    difference=_known(d), low=_known(low), high=_known(high), p=_known(p),
                    p_holm=_known(p_holm), n=len(y),
                )
            )  # fmt: skip
    return tuple(found)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _test(difference: float, draws: Floats, n_units: int) -> tuple[float, float, float]:
    """Return the ends of the interval and the p-value; NaN where undefined."""
    from scipy.stats import t as student

    draws = draws[np.isfinite(draws)]
    if not np.isfinite(difference) or len(draws) < 2 or n_units < 2:
        return np.nan, np.nan, np.nan
    error = float(draws.std(ddof=1))
    if error <= 1e-12 * max(1.0, abs(difference)):  # the same predictions, or as good as
        same = abs(difference) <= 1e-12
        return difference, difference, 1.0 if same else 0.0
    half = float(student.ppf(0.975, n_units - 1)) * error
    p = 2 * float(student.sf(abs(difference) / error, n_units - 1))
    return difference - half, difference + half, p


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for their number, step by step from the smallest.

    The i-th smallest of m, counted from 0, becomes the largest of
    ``(m - j) p_j`` over j up to i, at most 1. NaN stays, and is not counted.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    result = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    result[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return [float(value) for value in result]


def find_simplest(
    comparisons: Sequence[Comparison], *, best: str, candidates: Sequence[str]
) -> str:
    """Return the simplest candidate that is not significantly worse than the best.

    Out-of-fold R² decides, never the test set. The p-values of the best against
    each other candidate are corrected together, target by target; a model is
    worse if it is so on any target.

    Parameters
    ----------
    comparisons : sequence of Comparison
        Those of the set "validation" and the metric "r2" are looked at.
    best : str
        The model with the best out-of-fold score.
    candidates : sequence of str
        Models that may be named, simplest first, `best` among them.

    Raises
    ------
    InputError
        If `best` is not a candidate.

    Examples
    --------
    >>> rows = [Comparison("validation", "y", "r2", "tutorial", "ridge", -0.01, -0.03, 0.01,
    ...                    0.3, 0.3, 100)]
    >>> find_simplest(rows, best="ridge", candidates=["tutorial", "ridge"])
    'tutorial'
    """
    if best not in candidates:
        raise InputError(f"the best model {best!r} is not among the candidates {list(candidates)}")
    worse: set[str] = set()
    of_best = [
        row
        for row in comparisons
        if (row.set, row.metric) == ("validation", "r2")
        and best in (row.model, row.other)
        and {row.model, row.other} <= {*candidates}
        and row.p is not None
    ]
    for target in dict.fromkeys(row.target for row in of_best):
        rows = [row for row in of_best if row.target == target]
        for row, p in zip(rows, holm([row.p or 0.0 for row in rows]), strict=True):
            other, sign = (row.other, 1) if row.model == best else (row.model, -1)
            if p < SIGNIFICANT and sign * (row.difference or 0.0) > 0:
                worse.add(other)
    compared = {name for row in of_best for name in (row.model, row.other)} | {best}
    return next(name for name in candidates if name in compared and name not in worse)
