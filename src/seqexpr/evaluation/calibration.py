"""Calibrate a chosen model: its training domain, its intervals, and both on new rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.evaluation.conformal import PredictionIntervals
from seqexpr.evaluation.cross_intervals import cross_intervals
from seqexpr.evaluation.differences import DifferenceIntervals
from seqexpr.evaluation.domain import TrainingDomain

__all__ = ["Calibration", "Trust", "calibrate"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Labels = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Trust:
    """How far to trust n predictions.

    Attributes
    ----------
    lower, upper : ndarray of float64, shape (n, t)
        Ends of the intervals; NaN where there is none.
    domain_scores : ndarray of float64, shape (n,), or None
        Distance to the training set, 1 = the border; NaN = not judged.
    """

    lower: Floats
    upper: Floats
    domain_scores: Floats | None

    @property
    def in_domain(self) -> npt.NDArray[np.object_]:
        """Whether each row lies in the training domain, shape (n,); None = not judged."""
        if self.domain_scores is None:
            return np.full(len(self.lower), None, dtype=object)
        inside = (self.domain_scores <= 1).astype(object)
        inside[np.isnan(self.domain_scores)] = None
        return inside


@dataclass(frozen=True, eq=False)
class Calibration:
    """What is stored beside a model to say how far to trust it.

    Attributes
    ----------
    intervals : PredictionIntervals or None
        None where too few rows have an out-of-fold prediction.
    domain : TrainingDomain or None
        None where too few rows are held out.
    warnings : tuple of str
        Why one of them is missing, in words.
    train : Trust or None
        The train rows, each judged without its own fold.
    differences : DifferenceIntervals or None
        Intervals of the difference of two sequences; None where pairs are too few.
    """

    intervals: PredictionIntervals | None
    domain: TrainingDomain | None
    warnings: tuple[str, ...] = ()
    train: Trust | None = None
    differences: DifferenceIntervals | None = None

    def judge(
        self, sequences: object, predicted: Floats, *, strangeness: Floats | None = None
    ) -> Trust:
        """Say how far to trust predictions of new sequences.

        Parameters
        ----------
        sequences : list, array or Series of str, length n
            DNA, upper case.
        predicted : ndarray of float, shape (n, t)
            Their predictions.
        strangeness : ndarray of float, shape (n,), optional
            How strange what stands beside each sequence is, 1 = the border; a row
            is as strange as the stranger of both.
        """
        p = np.asarray(predicted, dtype=np.float64)
        scores = None if self.domain is None else self.domain.score(sequences)[0]
        if scores is not None and strangeness is not None:
            scores = np.maximum(scores, strangeness)
        if self.intervals is None:
            return Trust(np.full(p.shape, np.nan), np.full(p.shape, np.nan), scores)
        return Trust(*self.intervals.predict(p, scores), scores)


def calibrate(
    observed: Floats,
    out_of_fold: Floats,
    *,
    sequences: Labels,
    folds: Ints,
    rng: np.random.Generator,
    groups: Labels | None = None,
    level: float = 0.9,
) -> Calibration:
    """Calibrate the intervals and the domain of a model on its train rows.

    Parameters
    ----------
    observed, out_of_fold : ndarray of float, shape (n, t)
        Targets on the modelled scale and out-of-fold predictions; NaN = none.
    sequences : ndarray of str, shape (n,)
        Train sequences, upper case.
    folds : ndarray of int, shape (n,)
        Fold of each row, -1 = never held out.
    rng : numpy.random.Generator
        Deals groups where there are too few folds, and in cross-fitting.
    groups : ndarray of str, shape (n,), optional
        Rows that belong together.
    level : float
        Nominal coverage of the intervals. Default 0.9.

    Returns
    -------
    Calibration
        With ``train`` filled. Where rows are too few, a part is None and a
        warning says so; training goes on.
    """
    warnings = []
    domain = intervals = scores = None
    try:
        domain = TrainingDomain.fit(sequences, rng=rng, folds=folds, groups=groups)
        scores = domain.out_of_fold
    except InputError as error:
        warnings.append(f"no training domain: {error}")
    # A search may have had time for a model on some folds only.
    predicted = np.isfinite(out_of_fold).all(axis=1)
    folds = np.where(predicted, folds, -1)
    p = np.where((folds >= 0)[:, None], out_of_fold, np.nan)
    if scores is not None:  # a row without a domain score cannot be ranked by it
        p = np.where(np.isnan(scores)[:, None], np.nan, p)
    try:
        intervals = PredictionIntervals.fit(
            observed, p, rng=rng, level=level, domain_scores=scores, groups=groups
        )
    except InputError as error:
        warnings.append(f"no prediction intervals: {error}")
        nothing = np.full(p.shape, np.nan)
        return Calibration(None, domain, tuple(warnings), Trust(nothing, nothing, scores))
    lower, upper = cross_intervals(
        observed, p, folds=folds, rng=rng, level=level, domain_scores=scores, groups=groups
    )
    differences = None
    try:
        differences = DifferenceIntervals.fit(
            observed, p, intervals=intervals, folds=folds, rng=rng, groups=groups,
            domain_scores=scores,
        )  # fmt: skip
    except InputError as error:
        warnings.append(f"no intervals of differences: {error}")
    return Calibration(intervals, domain, tuple(warnings), Trust(lower, upper, scores), differences)
