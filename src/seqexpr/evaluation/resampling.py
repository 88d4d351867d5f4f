"""Intervals of scores: a percentile bootstrap over rows, or over groups of rows.

A resample draws G groups with replacement (each row is a group of its own when
none are given) and computes every score on the rows drawn. The interval is
made of the quantiles of the score over the resamples.

References
----------
Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13
(percentile interval). Field & Welsh, Bootstrapping clustered data, JRSS B 69
(2007), 369-390 (resampling whole clusters).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.evaluation.metrics import METRICS

__all__ = ["Bootstrap", "Interval", "score_intervals"]

Floats = npt.NDArray[np.float64]
MAX_ROW_DRAWS = 50_000_000
"""Resamples times rows at most; beyond 50,000 rows there are fewer resamples, at least 200."""


@dataclass(frozen=True)
class Interval:
    """A score with its interval.

    Attributes
    ----------
    value, low, high : float
        Score and interval; NaN where undefined.
    n : int
        Rows it was computed on.
    n_resamples : int
        Resamples behind the interval.
    """

    value: float
    low: float
    high: float
    n: int
    n_resamples: int


class Bootstrap:
    """The same resamples for many predictions of the same rows.

    Parameters
    ----------
    n : int
        Number of rows.
    groups : array-like of shape (n,), optional
        Rows of one group are drawn together.
    n_resamples : int
        Number of resamples. Default 1000; fewer when n exceeds 50,000.
    level : float
        Level of the interval, in (0, 1). Default 0.95.
    rng : numpy.random.Generator
        Source of randomness. One number is drawn from it.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.normal(size=200)
    >>> p = y + rng.normal(size=200)
    >>> interval = Bootstrap(200, rng=rng).intervals(y, p)["mse"]
    >>> interval.low < interval.value < interval.high
    True
    """

    def __init__(
        self,
        n: int,
        groups: npt.ArrayLike | None = None,
        *,
        n_resamples: int = 1000,
        level: float = 0.95,
        rng: np.random.Generator,
    ) -> None:
        if not 0 < level < 1:
            raise InputError(f"level = {level}: must be in (0, 1)")
        codes = np.arange(n)
        if groups is not None:
            codes = np.unique(np.asarray(groups).astype(str), return_inverse=True)[1]
        if len(codes) != n:
            raise InputError(f"groups has {len(codes):,} rows, expected {n:,}")
        self.n = n
        self.level = level
        self.n_resamples = min(n_resamples, max(200, MAX_ROW_DRAWS // max(n, 1)))
        self._group = codes.astype(np.int64)
        self._n_groups = int(codes.max(initial=-1)) + 1
        self._seed = int(rng.integers(2**63))

    def _counts(self) -> Iterator[npt.NDArray[np.int64]]:
        """Yield how often each group is drawn, resample by resample."""
        rng = np.random.default_rng(self._seed)
        g = self._n_groups
        for _ in range(self.n_resamples):
            yield np.bincount(rng.integers(g, size=g), minlength=g)

    def scores(self, observed: Floats, predicted: Floats) -> dict[str, Floats]:
        """Return each score on each resample, shape (n_resamples,); NaN where undefined."""
        y, p = observed - observed.mean(), predicted - observed.mean()
        error = y - p
        columns = np.stack([np.ones(self.n), y, p, y * y, p * p, y * p, error**2, np.abs(error)])
        sums = np.stack(  # (8, n_groups)
            [np.bincount(self._group, weights=c, minlength=self._n_groups) for c in columns]
        )
        ranked = [_sorted(values) for values in (observed, predicted)]
        moments = np.empty((self.n_resamples, 8))
        spearman = np.empty(self.n_resamples)
        for i, counts in enumerate(self._counts()):
            moments[i] = sums @ counts
            spearman[i] = _weighted_spearman(counts[self._group], *ranked[0], *ranked[1])
        return {**_from_moments(moments), "spearman": spearman}

    def intervals(self, observed: Floats, predicted: Floats) -> dict[str, Interval]:
        """Return every score with its interval.

        Parameters
        ----------
        observed, predicted : ndarray of float64, shape (n,)
            Without NaN.
        """
        observed = np.asarray(observed, dtype=np.float64)
        predicted = np.asarray(predicted, dtype=np.float64)
        tail = (1 - self.level) / 2
        resampled = self.scores(observed, predicted) if self._n_groups > 1 else {}
        result = {}
        for name in METRICS:
            value = METRICS[name].compute(observed, predicted)
            low = high = np.nan
            defined = resampled.get(name, np.zeros(0))
            defined = defined[np.isfinite(defined)]
            if np.isfinite(value) and len(defined) > self.n_resamples / 2:
                low, high = np.quantile(defined, [tail, 1 - tail])
            result[name] = Interval(value, float(low), float(high), self.n, self.n_resamples)
        return result


def score_intervals(
    observed: npt.ArrayLike,
    predicted: npt.ArrayLike,
    *,
    rng: np.random.Generator,
    groups: npt.ArrayLike | None = None,
    n_resamples: int = 1000,
    level: float = 0.95,
) -> dict[str, Interval]:
    """Return every registered score with its bootstrap interval.

    Rows where either is NaN are left out. See :class:`Bootstrap` for the
    parameters.

    Examples
    --------
    >>> scores = score_intervals([1.0, 2.0, 3.0], [1.0, 2.0, 2.0], rng=np.random.default_rng(0))
    >>> scores["r2"].value, scores["r2"].n
    (0.5, 3)
    """
    y = np.asarray(observed, dtype=np.float64)
    p = np.asarray(predicted, dtype=np.float64)
    keep = np.isfinite(y) & np.isfinite(p)
    kept = None if groups is None else np.asarray(groups)[keep]
    boot = Bootstrap(int(keep.sum()), kept, n_resamples=n_resamples, level=level, rng=rng)
    return boot.intervals(y[keep], p[keep])


def _from_moments(moments: Floats) -> dict[str, Floats]:
    """Scores of each resample from its sums of 1, y, p, y², p², yp, (y-p)², |y-p|."""
    n, y, p, yy, pp, yp, squared, absolute = moments.T
    with np.errstate(invalid="ignore", divide="ignore"):
        var_y, var_p = yy - y * y / n, pp - p * p / n
        # Sums of equal numbers leave a rest of rounding; that is no variance.
        var_y[var_y <= 1e-12 * yy] = np.nan
        var_p[var_p <= 1e-12 * pp] = np.nan
        mse = squared / n
        return {
            "mse": mse,
            "rmse": np.sqrt(mse),
            "mae": absolute / n,
            "r2": 1 - squared / var_y,
            "pearson": np.clip((yp - y * p / n) / np.sqrt(var_y * var_p), -1, 1),
        }


def _sorted(values: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the order of the values, and where in it a run of ties begins."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    return order, np.concatenate([[True], ordered[1:] != ordered[:-1]])


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def _midranks(weights, order, begins, ranks):  # type: ignore[no-untyped-def]
    """Midranks of rows that each occur `weights` times, tie runs sharing one rank."""
    below = 0.0
    i = 0
    n = len(order)
    while i < n:
        j = i
        inside = 0.0
        while j < n and (j == i or not begins[j]):
            inside += weights[order[j]]
            j += 1
        rank = below + (inside + 1.0) / 2.0
        for k in range(i, j):
            ranks[order[k]] = rank
        below += inside
        i = j


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def _weighted_spearman(weights, order_y, begins_y, order_p, begins_p):  # type: ignore[no-untyped-def]
    """Spearman's correlation of a sample in which row i occurs ``weights[i]`` times."""
    n = len(weights)
    ranks_y, ranks_p = np.empty(n), np.empty(n)
    _midranks(weights, order_y, begins_y, ranks_y)
    _midranks(weights, order_p, begins_p, ranks_p)
    total = 0.0
    for i in range(n):
        total += weights[i]
    mean = (total + 1.0) / 2.0  # of midranks, whatever the ties
    yy = pp = yp = 0.0
    for i in range(n):
        dy, dp = ranks_y[i] - mean, ranks_p[i] - mean
        yy += weights[i] * dy * dy
        pp += weights[i] * dp * dp
        yp += weights[i] * dy * dp
    if yy <= 0.0 or pp <= 0.0:
        return np.nan
    return yp / np.sqrt(yy * pp)
