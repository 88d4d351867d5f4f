"""Blending: several models over the same sequences, added up by weights that are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin, clone

from seqexpr.errors import InputError
from seqexpr.models.fitting import fit_model, set_jobs
from seqexpr.models.folds import assign_folds
from seqexpr.models.measured import Floats
from seqexpr.models.stacking import stacking_weights

__all__ = ["BlendedRegressor", "blend_out_of_fold", "blending_weights"]


class BlendedRegressor(RegressorMixin, BaseEstimator):
    """Add up what several models predict beyond the mean, each times a weight that is given.

    Predicts ``m + sum_j w_j (p_j - m)``, where m is the mean of the training
    targets and p_j the prediction of member j. This is what a search ends with:
    the weights come from out-of-fold predictions that it has made already
    (:func:`blending_weights`), and fitting is fitting each member once. Where
    there are no such predictions,
    :class:`seqexpr.models.stacking.StackedRegressor` makes them itself.

    Parameters
    ----------
    members : sequence of estimator, length m
        Unfitted models over strings (Pipelines); at least one.
    weights : array-like of float, shape (m,) or (t, m)
        Weight of each member, at least 0; for several targets one row a target.
    n_jobs : int, default 1
        Threads of the members.

    Attributes
    ----------
    models_ : list of Pipeline, length m
        Fitted members.
    coef_ : ndarray of float64, shape (t, m)
        The weights.
    intercept_ : ndarray of float64, shape (t,)
        What is added, in target units: ``m (1 - sum_j w_j)``.
    n_targets_ : int
        Number of targets, t; 0 if y was one-dimensional.

    References
    ----------
    Breiman, Stacked regressions, Machine Learning 24 (1996), 49-64.

    Examples
    --------
    >>> from seqexpr.models.registry import make_model
    >>> rows = ["ACGTAC", "TTTTTT", "ACGTTT", "GGGTTT"] * 10
    >>> model = BlendedRegressor([make_model("gc"), make_model("ridge")], [0.3, 0.7])
    >>> model = model.fit(rows, [1.0, 0.0, 0.5, 0.2] * 10)
    >>> bool(model.predict(["ACGTAC"])[0] > model.predict(["TTTTTT"])[0])
    True
    """

    def __init__(self, members: Sequence[Any], weights: Any, *, n_jobs: int = 1) -> None:
        self.members = members
        self.weights = weights
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit each member on all rows.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        y : array-like of float, shape (n,) or (n, t)
            Targets; NaN = not measured.
        sample_weight : array-like of float, shape (n,), optional
            Non-negative weights.
        groups : array-like, shape (n,), optional
            Handed to members that choose something by folds of their own.

        Raises
        ------
        InputError
            If there is not one weight of at least 0 for each member, or not one
            row of weights for each target.
        """
        self._check_weights(np.asarray(y))
        models = [
            fit_model(set_jobs(clone(member), self.n_jobs), X, y, sample_weight=sample_weight,
                      groups=groups)
            for member in self.members
        ]  # fmt: skip
        return self.assemble(models, y, sample_weight=sample_weight)

    def assemble(self, models: Sequence[Any], y: Any, *, sample_weight: Any = None) -> Self:
        """Take members that were fitted elsewhere, on the same rows, and return self.

        Parameters
        ----------
        models : sequence of estimator, length m
            Fitted members, in the order of `members`.
        y, sample_weight : array-like
            What they were fitted on.
        """
        targets = np.asarray(y, dtype=np.float64)
        given = self._check_weights(targets)
        table = targets.reshape(len(targets), -1)
        share = np.ones(len(table)) if sample_weight is None else np.asarray(sample_weight)
        means = np.array([_mean(column, share) for column in table.T])
        self.n_targets_ = 0 if targets.ndim == 1 else table.shape[1]
        self.models_ = list(models)
        self.coef_ = np.repeat(given, len(means) // len(given), axis=0)
        self.intercept_ = means * (1 - self.coef_.sum(axis=1))
        return self

    def predict(self, X: Any) -> Floats:
        """Predict from sequences.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        ndarray of float64, shape (n,) or (n, t)
            As the y that was fitted.
        """
        total: Floats = np.zeros((len(X), len(self.intercept_))) + self.intercept_
        for model, weights in zip(self.models_, self.coef_.T, strict=True):
            predicted = np.asarray(set_jobs(model, self.n_jobs).predict(X), dtype=np.float64)
            total += weights * predicted.reshape(total.shape)
        return total if self.n_targets_ else total[:, 0]

    def _check_weights(self, targets: npt.NDArray[Any]) -> Floats:
        """Return the weights, shape (1, m) or (t, m)."""
        table: Floats = np.atleast_2d(np.asarray(self.weights, dtype=np.float64))
        usable = ((table >= 0) & np.isfinite(table)).all()
        if not len(self.members) or table.shape[1:] != (len(self.members),) or not usable:
            raise InputError(
                f"BlendedRegressor: expected one weight of at least 0 for each of "
                f"{len(self.members)} members, got {self.weights!r}"
            )
        n_targets = 1 if targets.ndim == 1 else targets.shape[1]
        if len(table) not in {1, n_targets}:
            raise InputError(
                f"BlendedRegressor: expected weights for one target or for each of {n_targets}, "
                f"got {len(table)} rows of weights"
            )
        return table


def _mean(column: Floats, weights: Floats) -> float:
    known = np.isfinite(column) & (weights > 0)
    if not known.any():
        return float("nan")
    return float(np.average(column[known], weights=weights[known]))


def blending_weights(predictions: Floats, targets: Floats, sample_weight: Any = None) -> Floats:
    """Return the weights of each member for each target, shape (t, m).

    The non-negative weights whose sum of out-of-fold predictions is nearest to
    the target (:func:`seqexpr.models.stacking.stacking_weights`), on the rows
    that were measured and that every member predicted.

    Parameters
    ----------
    predictions : ndarray of float64, shape (m, n, t)
        Out-of-fold predictions; NaN = never validated.
    targets : ndarray of float64, shape (n, t)
        NaN = not measured.
    sample_weight : ndarray of float64, shape (n,), optional
        Weights of the rows.

    Examples
    --------
    >>> y = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> blending_weights(np.stack([y / 2, -y]), y).round(6).tolist()
    [[2.0, 0.0]]
    """
    rows = []
    for column in range(targets.shape[1]):
        p, y = predictions[:, :, column], targets[:, column]
        known = np.isfinite(y) & np.isfinite(p).all(axis=0)
        share = None if sample_weight is None else np.asarray(sample_weight)[known]
        if not known.any() or (share is not None and not share.any()):
            rows.append(np.zeros(len(p)))
        else:
            rows.append(stacking_weights(p[:, known].T, y[known], share))
    return np.stack(rows)


def blend_out_of_fold(
    predictions: Floats,
    targets: Floats,
    *,
    groups: Any,
    sample_weight: Any = None,
    n_folds: int = 5,
    random_state: int = 42,
) -> Floats:
    """Return what a blend predicts for each row with weights that did not see its target.

    The rows are dealt into parts, groups whole; the weights for a part come
    from the other parts. So the score of a blend is not flattered by its own
    weights.

    Parameters
    ----------
    predictions : ndarray of float64, shape (m, n, t)
        Out-of-fold predictions of the members; NaN = never validated.
    targets : ndarray of float64, shape (n, t)
        NaN = not measured.
    groups : array-like, shape (n,)
        Rows of a group lie in one part.
    sample_weight : ndarray of float64, shape (n,), optional
        Weights of the rows.
    n_folds : int
        Number of parts, at least 2. Default 5.
    random_state : int
        Seed of the parts. Default 42.

    Returns
    -------
    ndarray of float64, shape (n, t)
        NaN where a member has none.

    References
    ----------
    van der Laan, Polley & Hubbard, Super Learner, Statistical Applications in
    Genetics and Molecular Biology 6 (2007) 25 (cross-validating the blend).
    """
    blended = np.full(targets.shape, np.nan)
    validated = np.flatnonzero(np.isfinite(predictions).all(axis=(0, 2)))
    if not len(validated):
        return blended
    own = np.asarray(groups)[validated]
    parts = assign_folds(len(own), n_folds=n_folds, groups=own, random_state=random_state)
    share = np.ones(len(targets)) if sample_weight is None else np.asarray(sample_weight)
    for part in range(int(parts.max()) + 1):
        held = validated[parts == part]
        others = validated[parts != part] if parts.max() else held
        weights = blending_weights(predictions[:, others], targets[others], share[others])
        for column, row in enumerate(weights):
            mean = _mean(targets[others, column], share[others])
            blended[held, column] = mean + row @ (predictions[:, held, column] - mean)
    return blended
