"""Prediction intervals that hold what they promise, from out-of-fold residuals.

For each target, a conformal score alpha_i = |y_i - p_i| / sigma_i is taken of
every train row, p_i being its out-of-fold prediction and sigma_i its
difficulty. The interval of a new sequence is p ± q sigma, with q so large that
a share of at least ``level`` of the scores lies below.

**Groups.** Rows of one family, locus or promoter agree with each other, so they
are not exchangeable with a row of a family that was never seen. Groups are. Each
group counts once, whatever its size: q is the smallest alpha with

    sum_g (1 / n_g) #{i in g: alpha_i <= q}  >=  level (G + 1),

G groups of n_g rows (a row without a group is one of its own). This covers a
row of a new group with probability at least ``level``, for any sizes of the
groups (Lee, Barber & Willett 2023, theorem 1; with a choice of row at random,
Dunn, Wasserman & Ramdas 2023, section 3). Without groups it is the usual rank of
split conformal prediction, ceil(level (n + 1)). To let one well-kept library do
the prediction in both cases, the weighted scores are first replaced by G
unweighted ones with the same quantiles at every k / (G + 1).

**What is promised.** The statement above is exact if sigma and the model did not
depend on the row. Two things are only nearly so. (1) sigma is cross-fitted: the
score of a row is taken with a difficulty learnt from the other four fifths of
the groups, and the final one is learnt from all of them; it has at most twenty
parameters. (2) p_i comes from a model fitted on the other folds, the new
prediction from one fitted on all train rows. This is the cross-validation
variant of the jackknife; its worst case is without a bound, CV+ would have
1 - 2 (1 - level) (Barber, Candès, Ramdas & Tibshirani 2021, theorem 4), but CV+
needs all fold models at prediction. The final model saw more rows and so errs a
little less than its folds, which widens the intervals rather than narrowing
them. So coverage is not taken on trust: it is measured on the test set
(:mod:`seqexpr.evaluation.coverage`).

Coverage holds on average over sequences like the train set. It is not promised
for each sequence, and not at all outside the training domain.

References
----------
Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World (2005), section
2.3. Boström, crepes, PMLR 179 (2022) 24-41. Dunn, Wasserman & Ramdas,
Distribution-free prediction sets for two-layer hierarchical models, JASA 118
(2023) 2491-2502. Lee, Barber & Willett, Distribution-free inference with
hierarchical data, arXiv:2306.06342 (2023). Barber, Candès, Ramdas & Tibshirani,
Predictive inference with the jackknife+, Annals of Statistics 49 (2021) 486-507.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.evaluation.difficulty import Difficulty
from seqexpr.evaluation.exchangeable import (
    MAX_SCORES,
    TINY,
    equal_weight_scores,
    group_weights,
    groups_needed,
)

__all__ = ["PredictionIntervals"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Labels = npt.NDArray[np.object_]

FORMAT_VERSION = 1
_PARTS = 5


@dataclass(frozen=True, eq=False)
class _TargetIntervals:
    """Scores and difficulty of one target."""

    scores: Floats
    difficulty: Difficulty
    uses_domain: bool
    span: tuple[float, float] | None = None  # None in bundles of before it was kept

    def half_width(self, predicted: Floats, domain_scores: Floats | None, level: float) -> Floats:
        from crepes import ConformalRegressor

        regressor = ConformalRegressor()
        regressor.fit(self.scores, sigmas=np.ones(len(self.scores)))
        sigma = self.difficulty.sigma(predicted, domain_scores if self.uses_domain else None)
        # Around 0, since a difference of large numbers would lose digits.
        around = np.zeros(len(predicted))
        bounds = regressor.predict_int(around, sigmas=sigma, confidence=level - TINY)
        return np.asarray(bounds[:, 1], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class PredictionIntervals:
    """Prediction intervals for every target of a model.

    Parameters
    ----------
    level : float
        Nominal coverage in (0, 1).
    targets : tuple
        Sorted conformal scores and difficulty of each target.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> predicted = rng.normal(size=400)
    >>> observed = predicted + rng.normal(size=400)
    >>> intervals = PredictionIntervals.fit(observed, predicted, level=0.9, rng=rng)
    >>> lower, upper = intervals.predict(np.array([0.0]))
    >>> bool(-2 < lower[0] < -1.3), bool(1.3 < upper[0] < 2)  # 1.645 for a normal error
    (True, True)
    """

    level: float
    targets: tuple[_TargetIntervals, ...]

    @classmethod
    def fit(
        cls,
        observed: Floats,
        out_of_fold: Floats,
        *,
        rng: np.random.Generator,
        level: float = 0.9,
        domain_scores: Floats | None = None,
        groups: Labels | None = None,
    ) -> Self:
        """Calibrate intervals on out-of-fold predictions of the train rows.

        Parameters
        ----------
        observed, out_of_fold : ndarray of float, shape (n,) or (n, t)
            Targets on the modelled scale and their out-of-fold predictions.
            Rows in which either is NaN are left out, target by target.
        rng : numpy.random.Generator
            Deals the groups to the five parts of cross-fitting.
        level : float
            Nominal coverage in (0, 1). Default 0.9.
        domain_scores : ndarray of float, shape (n,), optional
            Out-of-fold distances to the training set.
        groups : ndarray of str, shape (n,), optional
            Rows that belong together; see the module.

        Returns
        -------
        PredictionIntervals

        Raises
        ------
        InputError
            If `level` is out of range, shapes differ, or a target has fewer
            groups (rows) than :func:`groups_needed`.
        """
        needed = groups_needed(level)
        y, p = _columns(observed), _columns(out_of_fold)
        if y.shape != p.shape or (domain_scores is not None and len(domain_scores) != len(y)):
            raise InputError(
                f"intervals: observed {y.shape}, out_of_fold {p.shape} and domain_scores do not "
                "have the same rows and targets"
            )
        fitted = []
        for column in range(y.shape[1]):
            known = np.isfinite(y[:, column]) & np.isfinite(p[:, column])
            codes, weights = group_weights(None if groups is None else groups[known], known.sum())
            found = int(codes.max(initial=-1)) + 1
            if found < needed:
                kind = "rows" if groups is None else "groups"
                raise InputError(
                    f"intervals of level {level:g} need at least {needed} {kind} with an "
                    f"out-of-fold prediction, found {found}; measure more, or choose a lower level"
                )
            domain = None if domain_scores is None else domain_scores[known]
            fitted.append(
                _fit_target(
                    y[known, column],
                    p[known, column],
                    domain,
                    codes=codes,
                    weights=weights,
                    rng=rng,
                )
            )
        return cls(float(level), tuple(fitted))

    def predict(
        self, predicted: Floats, domain_scores: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """Return the ends of the intervals.

        Parameters
        ----------
        predicted : ndarray of float, shape (n,) or (n, t)
            Predictions on the modelled scale; NaN gives NaN.
        domain_scores : ndarray of float, shape (n,), optional
            Distances to the training set, if they were given to :meth:`fit`.

        Returns
        -------
        lower, upper : ndarray of float64, shape of `predicted`

        Raises
        ------
        InputError
            If there is not one column for each target, or domain scores are
            missing.
        """
        p = _columns(predicted)
        if p.shape[1] != len(self.targets):
            raise InputError(
                f"intervals: {p.shape[1]} columns of predictions, calibrated for "
                f"{len(self.targets)} targets"
            )
        if domain_scores is None and self.uses_domain:
            raise InputError("intervals were calibrated with domain scores; pass them")
        half = np.column_stack(
            [
                target.half_width(p[:, column], domain_scores, self.level)
                for column, target in enumerate(self.targets)
            ]
        ).reshape(np.shape(predicted))
        return predicted - half, predicted + half

    def sigma(self, predicted: Floats, domain_scores: Floats | None = None) -> Floats:
        """Return how hard each prediction is: its expected absolute error.

        Parameters
        ----------
        predicted, domain_scores
            As for :meth:`predict`.

        Returns
        -------
        ndarray of float64, shape of `predicted`
            In target units, above 0; NaN where the prediction is NaN.
        """
        p = _columns(predicted)
        values = [
            target.difficulty.sigma(p[:, column], domain_scores if target.uses_domain else None)
            for column, target in enumerate(self.targets)
        ]
        return np.column_stack(values).reshape(np.shape(predicted))

    @property
    def uses_domain(self) -> bool:
        """Whether :meth:`predict` needs domain scores."""
        return any(target.uses_domain for target in self.targets)

    def span(self, target: int) -> tuple[float, float]:
        """Return the predictions between which a target was calibrated.

        What lies beyond was never compared with a measurement, so an interval
        promises nothing there. Where the span is not known, it is that of the
        bins of the difficulty, which is narrower.
        """
        one = self.targets[target]
        return one.span or (one.difficulty.level_at[0], one.difficulty.level_at[-1])

    def to_dict(self) -> dict[str, Any]:
        """Return what conformal.json holds."""
        return {
            "format_version": FORMAT_VERSION,
            "level": self.level,
            "targets": [
                {
                    "scores": target.scores.tolist(),
                    "difficulty": target.difficulty.to_dict(),
                    "uses_domain": target.uses_domain,
                    **({} if target.span is None else {"span": list(target.span)}),
                }
                for target in self.targets
            ],
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
            raise InputError(f"intervals of format {version!r}, this seqexpr reads 1")
        try:
            level = float(document["level"])
            targets = tuple(
                _TargetIntervals(
                    scores=np.array(item["scores"], dtype=np.float64),
                    difficulty=Difficulty.from_dict(item["difficulty"]),
                    uses_domain=bool(item["uses_domain"]),
                    span=_read_span(item.get("span")),
                )
                for item in document["targets"]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"not prediction intervals: {error!r}") from error
        needed = min(groups_needed(level), MAX_SCORES)
        for target in targets:
            scores = target.scores
            if scores.ndim != 1 or len(scores) < needed or not np.isfinite(scores).all():
                raise InputError("not prediction intervals: too few scores, or not finite ones")
        return cls(level, targets)


def _read_span(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    low, high = (float(end) for end in value)
    if not -np.inf < low <= high < np.inf:
        raise ValueError(f"span {value}")
    return low, high


def _columns(values: Floats) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    return array[:, None] if array.ndim == 1 else array


def _fit_target(
    observed: Floats,
    predicted: Floats,
    domain: Floats | None,
    *,
    codes: Ints,
    weights: Floats,
    rng: np.random.Generator,
) -> _TargetIntervals:
    absolute = np.abs(observed - predicted)

    def learn(rows: npt.NDArray[np.bool_]) -> Difficulty:
        return Difficulty.fit(
            absolute[rows],
            predicted[rows],
            domain_scores=None if domain is None else domain[rows],
            weights=weights[rows],
        )

    parts = rng.permutation(int(codes.max()) + 1)[codes] % _PARTS
    sigma = np.empty(len(absolute))
    for part in range(_PARTS):
        held = parts == part
        if held.any():
            sigma[held] = learn(~held).sigma(
                predicted[held], None if domain is None else domain[held]
            )
    final = learn(np.ones(len(absolute), dtype=bool))
    return _TargetIntervals(
        scores=equal_weight_scores(absolute / sigma, weights),
        difficulty=final,
        uses_domain=domain is not None,
        span=(float(predicted.min()), float(predicted.max())),
    )
