"""Score against similarity: how well a model does on test rows near to train and far from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.evaluation.resampling import Interval, score_intervals
from seqexpr.splits.audit import EDGES

__all__ = ["SimilarityBin", "score_by_similarity"]


@dataclass(frozen=True)
class SimilarityBin:
    """Scores of the test rows whose nearest train sequence has a certain identity.

    Attributes
    ----------
    low, high : float or None
        Borders of the identity, in [0, 1]; None = nothing was found, so it is
        below the reach of the search.
    n : int
        Rows, all of them measured and predicted.
    r2, pearson : Interval
        Scores within the bin with 95% bootstrap intervals. R² is against the
        mean of the bin.
    """

    low: float | None
    high: float | None
    n: int
    r2: Interval
    pearson: Interval

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready; undefined numbers are None."""
        document: dict[str, Any] = {"low": self.low, "high": self.high, "n": self.n}
        for name, score in (("r2", self.r2), ("pearson", self.pearson)):
            numbers = {"value": score.value, "low": score.low, "high": score.high}
            document[name] = {k: float(v) if np.isfinite(v) else None for k, v in numbers.items()}
        return document


def score_by_similarity(
    observed: npt.ArrayLike,
    predicted: npt.ArrayLike,
    identity: npt.ArrayLike,
    *,
    rng: np.random.Generator,
    groups: npt.NDArray[np.object_] | None = None,
    edges: tuple[float, ...] = EDGES,
) -> list[SimilarityBin]:
    """Score the rows of each bin of identity to the nearest train sequence.

    Parameters
    ----------
    observed, predicted : array-like of float, shape (m,)
        One target; rows where either is NaN are left out.
    identity : array-like of float, shape (m,)
        In [0, 1]; NaN = not found.
    rng : numpy.random.Generator
        Source of randomness.
    groups : array of str, shape (m,), optional
        Rows of one group are drawn together.
    edges : tuple of float
        Rising borders. Default :data:`seqexpr.splits.audit.EDGES`.

    Returns
    -------
    list of SimilarityBin
        Those with at least 3 rows, the least similar first.

    References
    ----------
    Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.

    Examples
    --------
    >>> y = np.arange(6.0)
    >>> near = np.array([0.9, 0.9, 0.9, np.nan, np.nan, np.nan])
    >>> rows = score_by_similarity(y, y, near, rng=np.random.default_rng(0))
    >>> [(row.low, row.high, row.n, row.r2.value) for row in rows]
    [(None, None, 3, 1.0), (0.9, 0.95, 3, 1.0)]
    """
    y, p = np.asarray(observed, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    near = np.asarray(identity, dtype=np.float64)
    place = np.searchsorted(edges, near, side="right") - 1
    place = np.where(near >= edges[-1], len(edges) - 2, place)
    place = np.where(np.isnan(near), -1, place)
    known = ~(np.isnan(y) | np.isnan(p))
    bins = []
    for number in range(-1, len(edges) - 1):
        rows = known & (place == number)
        if rows.sum() < 3:
            continue
        own = None if groups is None else groups[rows]
        scores = score_intervals(y[rows], p[rows], rng=rng, groups=own)
        low, high = (None, None) if number < 0 else (edges[number], edges[number + 1])
        bins.append(SimilarityBin(low, high, int(rows.sum()), scores["r2"], scores["pearson"]))
    return bins
