"""Intervals of the train rows: each calibrated without the row's own fold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.evaluation.conformal import PredictionIntervals
from seqexpr.evaluation.exchangeable import Labels, group_weights

__all__ = ["cross_intervals"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def cross_intervals(
    observed: Floats,
    out_of_fold: Floats,
    *,
    folds: Ints,
    rng: np.random.Generator,
    level: float = 0.9,
    domain_scores: Floats | None = None,
    groups: Labels | None = None,
) -> tuple[Floats, Floats]:
    """Return intervals of the train rows, each calibrated without the row's own fold.

    With a single fold, its groups are dealt to five parts instead.

    Parameters
    ----------
    observed, out_of_fold : ndarray of float, shape (n,) or (n, t)
        Targets and their out-of-fold predictions.
    folds : ndarray of int, shape (n,)
        Fold of each row; -1 = never validated, which gets NaN.
    rng, level, domain_scores, groups
        As in :meth:`PredictionIntervals.fit`.

    Returns
    -------
    lower, upper : ndarray of float64, shape of `observed`
        NaN too where the other folds are too few rows.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.normal(size=200)
    >>> lower, upper = cross_intervals(y, np.zeros(200), folds=np.arange(200) % 5, rng=rng)
    >>> float(np.mean((lower <= y) & (y <= upper))) > 0.85
    True
    """
    y, p = np.asarray(observed, dtype=np.float64), np.asarray(out_of_fold, dtype=np.float64)
    lower, upper = np.full(p.shape, np.nan), np.full(p.shape, np.nan)
    validated = folds >= 0
    parts = folds
    if int(folds.max(initial=-1)) < 1:
        codes, _ = group_weights(groups, len(y))
        parts = np.where(validated, rng.permutation(int(codes.max(initial=0)) + 1)[codes] % 5, -1)
    for part in range(int(parts.max(initial=-1)) + 1):
        held, rest = parts == part, validated & (parts != part)
        try:
            intervals = PredictionIntervals.fit(
                y[rest],
                p[rest],
                rng=rng,
                level=level,
                domain_scores=None if domain_scores is None else domain_scores[rest],
                groups=None if groups is None else groups[rest],
            )
        except InputError:  # too few rows beside this fold
            continue
        lower[held], upper[held] = intervals.predict(
            p[held], None if domain_scores is None else domain_scores[held]
        )
    return lower, upper
