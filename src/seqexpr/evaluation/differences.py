"""Intervals of a difference: how much more one sequence is measured than another.

The error of a prediction is mostly shared by two sequences that differ in a few
bases, so it cancels in the difference of their predictions, and the sum of their
intervals would be far too wide. Here the difference itself is calibrated. For a pair
(i, j) of train rows of one fold, predicted by the same model that saw neither,

    alpha_ij = |(y_j - y_i) - (p_j - p_i)| / sqrt(sigma_i^2 + sigma_j^2),

sigma being the difficulty of :mod:`seqexpr.evaluation.conformal`. The interval of a
new difference is (p_j - p_i) ± q sqrt(sigma_i^2 + sigma_j^2).

**Which pairs.** A variant and its reference are relatives. Where enough groups
(loci, families) have several rows, pairs are taken within groups: up to 45 of a
group, each group counting once whatever its size, and q is the quantile of
hierarchical conformal prediction, which covers a pair of a new group with
probability at least ``level`` (Lee, Barber & Willett 2023, theorem 1). Otherwise
pairs are unrelated rows of one fold, each row in one pair. Those share less of
their errors than relatives do, so the interval tends to be too wide for a variant,
not too narrow. What is covered is what an assay would measure: its noise counts
twice.

References
----------
Lee, Barber & Willett, Distribution-free inference with hierarchical data,
arXiv:2306.06342 (2023). Vovk, Gammerman & Shafer, Algorithmic Learning in a Random
World (2005), section 2.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.evaluation.conformal import PredictionIntervals
from seqexpr.evaluation.exchangeable import (
    MAX_SCORES,
    TINY,
    equal_weight_scores,
    groups_needed,
)
from seqexpr.splits.units import label_codes

__all__ = ["DifferenceIntervals", "Pairing"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Labels = npt.NDArray[np.object_]

Pairing = Literal["related", "unrelated"]
"""Whether differences were calibrated within groups of relatives or between any rows."""

FORMAT_VERSION = 1
_ROWS_OF_A_GROUP = 10  # 45 pairs: more say little that is new, and a group counts once


@dataclass(frozen=True, eq=False)
class DifferenceIntervals:
    """Intervals of the difference between two sequences, for every target of a model.

    Parameters
    ----------
    level : float
        Nominal coverage in (0, 1).
    pairing : {"related", "unrelated"}
        Which pairs of train rows it was calibrated on.
    scores : tuple of ndarray of float64
        For each target its sorted conformal scores, all of one weight.

    Examples
    --------
    Relatives share an error of standard deviation 3, and each has .1 of its own:

    >>> rng = np.random.default_rng(0)
    >>> loci = np.repeat(np.arange(100), 2)
    >>> predicted = rng.normal(size=200)
    >>> observed = predicted + 3 * rng.normal(size=100)[loci] + 0.1 * rng.normal(size=200)
    >>> groups, folds = loci.astype(str).astype(object), loci % 5
    >>> intervals = PredictionIntervals.fit(observed, predicted, rng=rng, groups=groups)
    >>> differences = DifferenceIntervals.fit(
    ...     observed, predicted, intervals=intervals, folds=folds, rng=rng, groups=groups
    ... )
    >>> half = differences.half_widths(intervals.sigma(np.zeros(2)))
    >>> differences.pairing, bool(0.15 < half.mean() < 0.4)
    ('related', True)
    """

    level: float
    pairing: Pairing
    scores: tuple[Floats, ...]

    @classmethod
    def fit(
        cls,
        observed: Floats,
        out_of_fold: Floats,
        *,
        intervals: PredictionIntervals,
        folds: Ints,
        rng: np.random.Generator,
        groups: Labels | None = None,
        domain_scores: Floats | None = None,
    ) -> Self:
        """Calibrate differences on out-of-fold predictions of the train rows.

        Parameters
        ----------
        observed, out_of_fold : ndarray of float, shape (n,) or (n, t)
            Targets and their out-of-fold predictions; NaN = none.
        intervals : PredictionIntervals
            Of the same rows: says how hard each is, and the level.
        folds : ndarray of int, shape (n,)
            Fold of each row; -1 = never held out.
        rng : numpy.random.Generator
            Draws pairs.
        groups : ndarray of str, shape (n,), optional
            Rows that belong together; empty = a row by itself.
        domain_scores : ndarray of float, shape (n,), optional
            Out-of-fold distances to the training set, if `intervals` use them.

        Raises
        ------
        InputError
            If there are fewer pairs than the level needs.
        """
        y, p = (np.asarray(values, dtype=np.float64) for values in (observed, out_of_fold))
        y, p = (values.reshape(len(values), -1) for values in (y, p))
        sigma = intervals.sigma(p, domain_scores).reshape(p.shape)
        known = np.isfinite(y) & np.isfinite(p) & np.isfinite(sigma) & (folds >= 0)[:, None]
        needed = groups_needed(intervals.level)
        related = [
            _within_groups(known[:, t], folds, groups=groups, rng=rng) for t in range(p.shape[1])
        ]
        enough = all(round(weights.sum()) >= needed for _, _, weights in related)
        pairing: Pairing = "related" if enough else "unrelated"
        scores = []
        for target in range(p.shape[1]):
            first, second, weights = (
                related[target]
                if enough
                else _any_rows(known[:, target], folds, groups=groups, rng=rng)
            )
            if round(weights.sum()) < needed:
                raise InputError(
                    f"intervals of differences of level {intervals.level:g} need at least "
                    f"{needed} pairs of rows, found {len(first)}; measure more"
                )
            residual = y[:, target] - p[:, target]
            spread = np.hypot(sigma[first, target], sigma[second, target])
            alpha = np.abs(residual[second] - residual[first]) / spread
            scores.append(equal_weight_scores(alpha, weights))
        return cls(intervals.level, pairing, tuple(scores))

    def half_widths(self, first: Floats, second: Floats | None = None) -> Floats:
        """Return half the width of the interval of each difference.

        Parameters
        ----------
        first, second : ndarray of float, shape (n,) or (n, t)
            Difficulty of the two sequences, from
            :meth:`~seqexpr.evaluation.conformal.PredictionIntervals.sigma`;
            `second` is as `first` if not given.

        Returns
        -------
        ndarray of float64, shape of `first`
        """
        factors = np.array([_quantile(scores, self.level) for scores in self.scores])
        spread = np.hypot(first, first if second is None else second)
        shape = np.shape(spread)
        half = np.asarray(spread).reshape(-1, len(self.scores)) * factors
        return np.asarray(half.reshape(shape), dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return what differences.json holds."""
        return {
            "format_version": FORMAT_VERSION,
            "level": self.level,
            "pairing": self.pairing,
            "scores": [scores.tolist() for scores in self.scores],
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the intervals that :meth:`to_dict` described, bit for bit.

        Raises
        ------
        InputError
            If it is of another format, or a part is missing or not a number.
        """
        version = document.get("format_version")
        if version != FORMAT_VERSION:
            raise InputError(f"differences of format {version!r}, this seqexpr reads 1")
        try:
            level = float(document["level"])
            pairing = document["pairing"]
            scores = tuple(np.array(item, dtype=np.float64) for item in document["scores"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"not intervals of differences: {error!r}") from error
        needed = min(groups_needed(level), MAX_SCORES)
        good = all(s.ndim == 1 and len(s) >= needed and np.isfinite(s).all() for s in scores)
        if pairing not in ("related", "unrelated") or not scores or not good:
            raise InputError("not intervals of differences: too few scores, or not finite ones")
        return cls(level, pairing, scores)


def _quantile(scores: Floats, level: float) -> float:
    """Return the score of rank ceil(level (m + 1)), which m was checked to reach."""
    rank = int(np.ceil(level * (len(scores) + 1) - TINY))
    return float(scores[rank - 1])


def _within_groups(
    known: npt.NDArray[np.bool_],
    folds: Ints,
    *,
    groups: Labels | None,
    rng: np.random.Generator,
) -> tuple[Ints, Ints, Floats]:
    """Return pairs of rows of one group and fold, and weights that sum to 1 in a group."""
    first: list[Ints] = []
    second: list[Ints] = []
    weights: list[Floats] = []
    if groups is not None:
        codes = label_codes(groups)
        rows = np.flatnonzero(known & (codes >= 0))
        rows = rng.permutation(rows)
        rows = rows[np.lexsort((folds[rows], codes[rows]))]  # stable: random within a group
        cuts = np.flatnonzero(np.diff(codes[rows]) | np.diff(folds[rows])) + 1
        for block in np.split(rows, cuts):
            if len(block) < 2:
                continue
            some = block[:_ROWS_OF_A_GROUP]
            i, j = np.triu_indices(len(some), k=1)
            first.append(some[i])
            second.append(some[j])
            weights.append(np.full(len(i), 1.0 / len(i)))
    return _joined(first, second, weights)


def _any_rows(
    known: npt.NDArray[np.bool_],
    folds: Ints,
    *,
    groups: Labels | None,
    rng: np.random.Generator,
) -> tuple[Ints, Ints, Floats]:
    """Return disjoint pairs of rows of one fold; of a group, one row takes part."""
    first: list[Ints] = []
    second: list[Ints] = []
    rows = rng.permutation(np.flatnonzero(known))
    if groups is not None:
        codes = label_codes(groups)[rows]
        alone = codes < 0
        codes[alone] = codes.max(initial=-1) + 1 + np.arange(alone.sum())
        rows = rows[np.unique(codes, return_index=True)[1]]
        rows = rng.permutation(rows)
    for fold in np.unique(folds[rows]).tolist():
        own = rows[folds[rows] == fold]
        half = len(own) // 2
        first.append(own[:half])
        second.append(own[half : 2 * half])
    return _joined(first, second, [np.ones(len(part)) for part in first])


def _joined(
    first: list[Ints], second: list[Ints], weights: list[Floats]
) -> tuple[Ints, Ints, Floats]:
    if not first:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    return np.concatenate(first), np.concatenate(second), np.concatenate(weights)
