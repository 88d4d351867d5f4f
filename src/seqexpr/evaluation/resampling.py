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

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.evaluation.metrics import METRICS
from seqexpr.splits.units import label_codes

__all__ = ["Bootstrap", "Interval", "mean_score", "score_intervals"]

Floats = npt.NDArray[np.float64]
MAX_ROW_DRAWS = 50_000_000
"""Resamples times rows at most; beyond 50,000 rows there are fewer resamples, at least 200."""
_FAST = ("mse", "rmse", "mae", "r2", "pearson", "spearman")
"""Scores that are computed from sums or from sorted columns, not from the rows drawn."""


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
        Rows of one group are drawn together. A row with an empty label is a
        group of its own.
    n_resamples : int
        Number of resamples, at least 1. Default 1000; fewer when n exceeds
        50,000, see :data:`MAX_ROW_DRAWS`.
    level : float
        Level of the interval, in (0, 1). Default 0.95.
    rng : numpy.random.Generator
        Source of randomness. One number is drawn from it; every call repeats
        the same resamples from there, so that models are compared on the same
        draws.

    Raises
    ------
    InputError
        If `groups` has another length, or a number is out of range.

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
        if n_resamples < 1:
            raise InputError(f"n_resamples = {n_resamples}: must be at least 1")
        codes = np.arange(n)
        if groups is not None:
            codes = label_codes(np.asarray(groups, dtype=object))
            alone = codes < 0
            codes[alone] = codes.max(initial=-1) + 1 + np.arange(alone.sum())
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
            yield np.bincount(rng.integers(g, size=g, dtype=np.int32), minlength=g)

    @property
    def n_units(self) -> int:
        """Number of groups that are drawn; rows, where there are no groups."""
        return self._n_groups

    def row_counts(self) -> Iterator[npt.NDArray[np.int64]]:
        """Yield how often each row is drawn, shape (n,), resample by resample."""
        for counts in self._counts():
            yield counts[self._group]

    def scores(self, observed: npt.ArrayLike, predicted: npt.ArrayLike) -> dict[str, Floats]:
        """Return each score on each resample, shape (n_resamples,); NaN where undefined.

        Resample i draws the same rows whatever the columns, so scores of two
        models may be subtracted.

        Parameters
        ----------
        observed : array-like of float, shape (n,)
            Without NaN.
        predicted : array-like of float, shape (n,) or (r, n)
            Without NaN. Of r sets of predictions, the mean of their scores.
        """
        y = np.asarray(observed, dtype=np.float64)
        p = np.asarray(predicted, dtype=np.float64)
        if p.ndim == 2:
            each = [self.scores(y, row) for row in p]
            return {name: np.mean([one[name] for one in each], axis=0) for name in each[0]}
        centred, shift = (y - y.mean(), p - p.mean()), y.mean() - p.mean()
        group = self._group.astype(np.int32)
        ranks = _RankPlan.of(y, p, group)
        others = {name: METRICS[name].compute for name in METRICS if name not in _FAST}
        moments = np.empty((self.n_resamples, 8))
        result = {name: np.empty(self.n_resamples) for name in ("spearman", *others)}
        for i, counts in enumerate(self._counts()):
            weights = counts.astype(np.float32)
            moments[i] = _moments(weights, group, *centred, shift)
            result["spearman"][i] = ranks.correlation(weights)
            if others:  # a plugin's metrics: on the rows as they were drawn
                rows = np.repeat(np.arange(self.n), counts[self._group])
                for name, compute in others.items():
                    result[name][i] = compute(y[rows], p[rows])
        return {**_from_moments(moments), **result}

    def intervals(
        self,
        observed: npt.ArrayLike,
        predicted: npt.ArrayLike,
        *,
        resampled: Mapping[str, Floats] | None = None,
    ) -> dict[str, Interval]:
        """Return every registered score with its interval.

        A score has no interval (NaN) where it is undefined itself or on half
        of the resamples, and where all rows are one group.

        Parameters
        ----------
        observed, predicted : array-like of float
            As in :meth:`scores`.
        resampled : mapping of str to ndarray, optional
            What :meth:`scores` gave for them, if it was computed already.
        """
        observed = np.asarray(observed, dtype=np.float64)
        predicted = np.asarray(predicted, dtype=np.float64)
        tail = (1 - self.level) / 2
        if self._n_groups < 2:
            resampled = {}
        elif resampled is None:
            resampled = self.scores(observed, predicted)
        result = {}
        for name in METRICS:
            value = mean_score(name, observed, predicted)
            low = high = np.nan
            defined = resampled.get(name, np.zeros(0))
            defined = defined[np.isfinite(defined)]
            if np.isfinite(value) and len(defined) > self.n_resamples / 2:
                low, high = np.quantile(defined, [tail, 1 - tail])
            result[name] = Interval(value, float(low), float(high), self.n, self.n_resamples)
        return result


def mean_score(metric: str, observed: Floats, predicted: Floats) -> float:
    """Return a score of predictions of shape (n,), or the mean over those of shape (r, n).

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 3.0])
    >>> mean_score("mse", y, np.stack([y, y + 1]))
    0.5
    """
    compute = METRICS[metric].compute
    return float(np.mean([compute(observed, row) for row in np.atleast_2d(predicted)]))


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


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def _moments(counts, group, y, p, shift):  # type: ignore[no-untyped-def]
    """Sum, over the rows drawn, 1, y, p, y², p², yp, e², |e|, where e = y - p + shift."""
    n = sy = sp = yy = pp = yp = squared = absolute = 0.0
    for i in range(len(y)):
        weight = counts[group[i]]
        error = y[i] - p[i] + shift
        n += weight
        sy += weight * y[i]
        sp += weight * p[i]
        yy += weight * y[i] * y[i]
        pp += weight * p[i] * p[i]
        yp += weight * y[i] * p[i]
        squared += weight * error * error
        absolute += weight * abs(error)
    return n, sy, sp, yy, pp, yp, squared, absolute


def _from_moments(moments: Floats) -> dict[str, Floats]:
    """Return the scores of each resample from what :func:`_moments` gave, one row each."""
    n, y, p, yy, pp, yp, squared, absolute = moments.T
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
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
            "pearson": np.clip((yp - y * p / n) / np.sqrt(var_y) / np.sqrt(var_p), -1, 1),
        }


@dataclass(frozen=True)
class _RankPlan:
    """What Spearman's correlation needs of two columns, sorted once for all resamples.

    Attributes
    ----------
    groups : ndarray of int32, shape (n,)
        Group of each row, in the order of y.
    y_ends, p_ends : ndarray of int32
        Where each run of equal values ends, in the order of y and of p.
    place : ndarray of int32, shape (n,)
        Place in the order of y of each row in the order of p.
    room : ndarray of float32, shape (n, 2)
        Working memory.
    """

    groups: npt.NDArray[np.int32]
    y_ends: npt.NDArray[np.int32]
    p_ends: npt.NDArray[np.int32]
    place: npt.NDArray[np.int32]
    room: npt.NDArray[np.float32]

    @classmethod
    def of(cls, y: Floats, p: Floats, groups: npt.NDArray[np.int32]) -> _RankPlan:
        n = len(y)
        by_y, by_p = np.argsort(y, kind="stable"), np.argsort(p, kind="stable")
        place_of = np.empty(n, dtype=np.int32)
        place_of[by_y] = np.arange(n, dtype=np.int32)
        return cls(
            groups=groups[by_y],
            y_ends=_run_ends(y[by_y]),
            p_ends=_run_ends(p[by_p]),
            place=place_of[by_p],
            room=np.empty((n, 2), dtype=np.float32),
        )

    def correlation(self, counts: npt.NDArray[np.float32]) -> float:
        """Return Spearman's correlation where group g is drawn ``counts[g]`` times."""
        return float(
            _weighted_spearman(counts, self.groups, self.y_ends, self.p_ends, self.place, self.room)
        )


def _run_ends(ordered: Floats) -> npt.NDArray[np.int32]:
    """Return where each run of equal values ends (one past it)."""
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]) + 1, len(ordered))
    return ends.astype(np.int32)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def _weighted_spearman(counts, groups, y_ends, p_ends, place, room):  # type: ignore[no-untyped-def]
    """Spearman's correlation of a sample in which row i occurs ``counts[groups[i]]`` times.

    Rows that share a value share the mean of their ranks. One pass over the
    rows in the order of y and one in the order of p; no sorting. `room` holds
    the weight of a row beside its y rank (about the mean rank), so that a jump
    of the second pass finds both in one place. Both are multiples of a half:
    exact in 32 bits up to 8 million rows.
    """
    n = len(groups)
    total = 0.0
    for i in range(n):
        weight = counts[groups[i]]
        room[i, 0] = weight
        total += weight
    mean = (total + 1.0) / 2.0  # of midranks, whatever the ties
    yy = pp = yp = below = 0.0
    start = 0
    for end in y_ends:
        inside = 0.0
        for i in range(start, end):
            inside += room[i, 0]
        distance = below + (inside + 1.0) / 2.0 - mean
        for i in range(start, end):
            room[i, 1] = distance
        yy += inside * distance * distance
        below += inside
        start = end
    below = 0.0
    start = 0
    for end in p_ends:
        inside = of_y = 0.0
        for k in range(start, end):
            weight_here = room[place[k], 0]
            inside += weight_here
            of_y += weight_here * room[place[k], 1]
        distance = below + (inside + 1.0) / 2.0 - mean
        pp += inside * distance * distance
        yp += of_y * distance
        below += inside
        start = end
    if yy <= 0.0 or pp <= 0.0:
        return np.nan
    return yp / np.sqrt(yy * pp)
