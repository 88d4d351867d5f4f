"""Scores for targets in two parts: a pile at the detection floor, and values above it.

Where many rows share the lowest value, R² mixes two questions: which sequences
are active at all, and how active those are. They are asked apart here. AUROC
is the chance that a random active sequence is predicted above a random one at
the floor (ties count half); average precision is the mean precision over the
ranks of the active ones; Spearman's correlation is taken among the active.

References
----------
Hanley & McNeil, The meaning and use of the area under a receiver operating
characteristic curve, Radiology 143 (1982), 29-36. Davis & Goadrich, The
relationship between precision-recall and ROC curves, ICML (2006), 233-240.
Duan, Manning, Morris & Newhouse, A comparison of alternative models for the
demand for medical care, J. Business & Economic Statistics 1 (1983), 115-126
(two-part models).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.evaluation.resampling import Bootstrap

__all__ = ["MIN_SHARE", "FloorScore", "FloorScores", "find_floor", "floor_scores"]

Floats = npt.NDArray[np.float64]
MIN_SHARE = 0.1
"""Share of the rows on the lowest value from which a target is said to have a floor."""
MIN_ROWS = 20
"""Rows at the floor, and above it, that scores need."""


@dataclass(frozen=True)
class FloorScore:
    """A score with its 95% interval; None where undefined."""

    metric: str
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class FloorScores:
    """How well the active are told from the floor, and ordered among themselves.

    Attributes
    ----------
    floor : float
        The lowest value.
    n_floor, n_active : int
        Rows at it and above it.
    scores : tuple of FloorScore
        "auroc", "average_precision" (chance gives the share of the active) and
        "spearman_active".
    """

    floor: float
    n_floor: int
    n_active: int
    scores: tuple[FloorScore, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {**asdict(self), "scores": [asdict(score) for score in self.scores]}


def find_floor(values: npt.ArrayLike) -> float | None:
    """Return the lowest value, if at least a tenth of the rows share it.

    Values of a scale with few levels (sort bins) have no floor: the lowest is
    one level among at most 20.

    Parameters
    ----------
    values : array-like of float, shape (n,)
        A target of the train rows; NaN = not measured.

    Examples
    --------
    >>> find_floor([-5.0] * 30 + list(range(70)))
    -5.0
    >>> find_floor(range(100)) is None
    True
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    distinct, counts = np.unique(known, return_counts=True)
    if len(distinct) <= 20 or counts[0] < MIN_SHARE * len(known):
        return None
    return float(distinct[0])


def floor_scores(
    observed: npt.ArrayLike,
    predicted: npt.ArrayLike,
    *,
    floor: float,
    rng: np.random.Generator,
    groups: npt.ArrayLike | None = None,
    n_resamples: int = 500,
) -> FloorScores | None:
    """Score a prediction of a target with a floor.

    Parameters
    ----------
    observed, predicted : array-like of float, shape (n,)
        Rows where either is NaN are left out.
    floor : float
        Values up to this are at the floor.
    rng : numpy.random.Generator
        Source of the resamples.
    groups : array-like, shape (n,), optional
        Rows that are drawn together.
    n_resamples : int
        Resamples of the percentile intervals. Default 500.

    Returns
    -------
    FloorScores or None
        None where fewer than :data:`MIN_ROWS` rows are at the floor or above.

    Examples
    --------
    >>> y = np.array([0.0] * 25 + list(range(1, 26)))
    >>> found = floor_scores(y, y, floor=0.0, rng=np.random.default_rng(0))
    >>> [(score.metric, score.value) for score in found.scores]
    [('auroc', 1.0), ('average_precision', 1.0), ('spearman_active', 1.0)]
    """
    y, p = np.asarray(observed, np.float64), np.asarray(predicted, np.float64)
    known = np.isfinite(y) & np.isfinite(p)
    y, p = y[known], p[known]
    active = y > floor
    if min(active.sum(), (~active).sum()) < MIN_ROWS:
        return None
    kept = None if groups is None else np.asarray(groups, dtype=object)[known]
    bootstrap = Bootstrap(len(y), kept, n_resamples=n_resamples, rng=rng)
    telling = _Telling(p, active)
    values = telling.scores(np.ones(len(y)))
    draws = np.array([telling.scores(counts) for counts in bootstrap.row_counts()])
    found = []
    for place, metric in enumerate(("auroc", "average_precision")):
        column = draws[:, place][np.isfinite(draws[:, place])]
        low = high = np.nan
        if len(column) * 2 > len(draws) and bootstrap.n_units > 1:
            low, high = np.quantile(column, [0.025, 0.975])
        found.append(_score(metric, values[place], low, high))
    within = None if kept is None else kept[active]
    among = Bootstrap(int(active.sum()), within, n_resamples=n_resamples, rng=rng)
    spearman = among.intervals(y[active], p[active])["spearman"]
    found.append(_score("spearman_active", spearman.value, spearman.low, spearman.high))
    return FloorScores(floor, int((~active).sum()), int(active.sum()), tuple(found))


def _score(metric: str, value: float, low: float, high: float) -> FloorScore:
    known = (float(number) if np.isfinite(number) else None for number in (value, low, high))
    return FloorScore(metric, *known)


class _Telling:
    """AUROC and average precision of rows that occur any number of times, sorted once.

    They equal scikit-learn's, which takes a hundred times as long for each resample.
    """

    def __init__(self, predicted: Floats, active: npt.NDArray[np.bool_]) -> None:
        self.order = np.argsort(-predicted, kind="stable")
        ordered = predicted[self.order]
        self.active = active[self.order]
        # Where each run of equal predictions starts.
        self.starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))

    def scores(self, counts: npt.NDArray[Any]) -> tuple[float, float]:
        """Return AUROC and average precision where row i occurs ``counts[i]`` times."""
        weights = counts[self.order].astype(np.float64)
        hits = np.add.reduceat(weights * self.active, self.starts)
        misses = np.add.reduceat(weights * ~self.active, self.starts)
        above, below = hits.sum(), misses.sum()
        if above == 0 or below == 0:
            return np.nan, np.nan
        cumulated = np.cumsum(hits)
        auroc = (misses * (cumulated - hits / 2)).sum() / (above * below)
        seen = cumulated + np.cumsum(misses)
        precision = np.divide(cumulated, seen, out=np.zeros_like(seen), where=seen > 0)
        return float(auroc), float((hits * precision).sum() / above)
