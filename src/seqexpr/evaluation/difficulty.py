"""How hard a prediction is: its expected absolute error, from what is known of a new sequence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError

__all__ = ["Difficulty"]

Floats = npt.NDArray[np.float64]

ROWS_PER_BIN = 50
MAX_BINS = 10
_PRIOR_ROWS = 10.0  # every bin is drawn to the overall mean as by so many rows of it
_FLOOR = 0.2


@dataclass(frozen=True)
class Difficulty:
    """Expected absolute error of a prediction, sigma(p, d) > 0.

    sigma(p, d) = max(level(p) * distance(d), floor). level(p) is the mean
    absolute residual in up to ten quantile bins of the predicted value p,
    joined by straight lines between the bins' mean predictions and flat
    outside them: noise that grows or shrinks with expression, or a floor of
    the assay, is caught without assuming a shape. distance(d) does the same
    with what is left, |r| / level(p), over the domain score d, and may only
    rise with d. Both are drawn to the overall mean as by ten further rows, so
    that a bin of few rows does not stand out by chance; there is one bin
    for every 50 rows, so below 100 rows sigma is a constant.

    sigma only decides which intervals are wide and which narrow. However
    wrong it is, :class:`~seqexpr.evaluation.conformal.PredictionIntervals`
    rescales it so that the coverage over all rows holds. The floor, a fifth of
    the overall mean, keeps one row with a tiny sigma from stretching all the
    others.

    Parameters
    ----------
    level_at, level : tuple of float
        Predicted values, increasing, and the mean absolute error there.
    distance_at, distance : tuple of float
        Domain scores, increasing, and the factor there; factors never fall.
    floor : float
        Smallest sigma, in target units, above 0.

    References
    ----------
    Papadopoulos, Vovk & Gammerman, Regression conformal prediction with
    nearest neighbours, JAIR 40 (2011) 815-840 (normalised residuals). Lei et
    al., Distribution-free predictive inference for regression, JASA 113 (2018)
    1094-1111, section 5.2 (locally weighted residuals).

    Examples
    --------
    >>> easy = Difficulty(level_at=(0.0, 1.0), level=(1.0, 3.0))
    >>> easy.sigma(np.array([-1.0, 0.5, 2.0])).tolist()
    [1.0, 2.0, 3.0]
    """

    level_at: tuple[float, ...]
    level: tuple[float, ...]
    distance_at: tuple[float, ...] = (0.0,)
    distance: tuple[float, ...] = (1.0,)
    floor: float = 1e-300

    @classmethod
    def fit(
        cls,
        absolute: Floats,
        predicted: Floats,
        *,
        domain_scores: Floats | None = None,
        weights: Floats | None = None,
    ) -> Self:
        """Learn the difficulty from out-of-fold residuals.

        Parameters
        ----------
        absolute, predicted : ndarray of float, shape (n,)
            Absolute residuals and out-of-fold predictions, n at least 1.
        domain_scores : ndarray of float, shape (n,), optional
            Distance to the training set; the factor is 1 without it.
        weights : ndarray of float, shape (n,), optional
            What each row counts; one over the size of its group. Default 1.

        Returns
        -------
        Difficulty
        """
        w = np.ones(len(absolute)) if weights is None else weights
        overall = float(np.average(absolute, weights=w))
        if overall == 0:  # no error at all: any sigma gives intervals of width 0
            return cls((0.0,), (1.0,), floor=1.0)
        at, value = _binned(predicted, absolute, w)
        level = cls(tuple(at.tolist()), tuple(value.tolist()), floor=_FLOOR * overall)
        if domain_scores is None:
            return level
        from sklearn.isotonic import isotonic_regression

        at, value = _binned(domain_scores, absolute / level.sigma(predicted), w)
        return cls(
            level.level_at,
            level.level,
            tuple(at.tolist()),
            tuple(np.asarray(isotonic_regression(value), dtype=np.float64).tolist()),
            level.floor,
        )

    def sigma(self, predicted: Floats, domain_scores: Floats | None = None) -> Floats:
        """Return the expected absolute error, shape (n,), in target units.

        Parameters
        ----------
        predicted : ndarray of float, shape (n,)
            Predictions.
        domain_scores : ndarray of float, shape (n,), optional
            Distance to the training set; needed if it was fitted with it.
        """
        level = np.interp(predicted, self.level_at, self.level)
        if domain_scores is not None:
            level = level * np.interp(domain_scores, self.distance_at, self.distance)
        return np.asarray(np.maximum(level, self.floor), dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return the difficulty as JSON-ready containers."""
        return {
            "level_at": list(self.level_at),
            "level": list(self.level),
            "distance_at": list(self.distance_at),
            "distance": list(self.distance),
            "floor": self.floor,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the difficulty that :meth:`to_dict` described.

        Raises
        ------
        InputError
            If a part is missing or is not what it should be.
        """
        try:
            parts = {
                key: tuple(float(value) for value in document[key])
                for key in ("level_at", "level", "distance_at", "distance")
            }
            floor = float(document["floor"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"not a difficulty: {error!r}") from error
        sizes = [len(part) for part in parts.values()]
        numbers = np.array([value for part in parts.values() for value in part])
        if not (
            sizes[0] == sizes[1] > 0
            and sizes[2] == sizes[3] > 0
            and np.isfinite(numbers).all()
            and 0 < floor < np.inf
        ):
            raise InputError("not a difficulty: its points and values are not finite pairs")
        return cls(**parts, floor=floor)


def _binned(x: Floats, y: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the mean of x and the shrunken mean of y in quantile bins of x."""
    n_bins = int(np.clip(weights.sum() // ROWS_PER_BIN, 1, MAX_BINS))
    inner = np.quantile(x, np.linspace(0, 1, n_bins + 1)[1:-1])
    # Equal values share a bin, so a constant prediction has one.
    bins = np.unique(np.searchsorted(inner, x, side="right"), return_inverse=True)[1]
    total = np.bincount(bins, weights)
    at = np.bincount(bins, weights * x) / total
    overall = np.average(y, weights=weights)
    value = (np.bincount(bins, weights * y) + _PRIOR_ROWS * overall) / (total + _PRIOR_ROWS)
    return at, value
