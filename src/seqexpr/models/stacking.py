"""Stacking: several models over the same sequences, added up by weights learnt out of fold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import clone

from seqexpr.data.inputs import has_covariates, model_inputs, take_rows
from seqexpr.errors import InputError
from seqexpr.models.fitting import fit_model, set_jobs
from seqexpr.models.folds import assign_folds
from seqexpr.models.measured import Floats, MeasuredRegressor
from seqexpr.sequences import as_strings

__all__ = ["StackedRegressor", "stacking_weights"]


class StackedRegressor(MeasuredRegressor):
    """Add up the predictions of several models, each with a weight of at least 0.

    Each member is fitted on all folds but one and predicts that one; the
    weights are those that bring the sum of these predictions nearest to the
    target (non-negative least squares). Then each member with a weight above 0
    is fitted on all rows. No member is weighed by how well it knows its own
    training rows.

    Parameters
    ----------
    members : sequence of estimator
        Unfitted models over strings (Pipelines), as from
        :func:`seqexpr.models.registry.make_model`; at least one.
    n_folds : int, default 3
        Folds for the weights, at least 2.
    n_jobs : int, default 1
        Threads of the members.
    random_state : int, default 42
        Seed of the folds.

    Attributes
    ----------
    models_ : list of list of Pipeline, t by m
        Fitted members of each target; those of weight 0 are left out.
    coef_ : list of ndarray of float64, length t
        Their weights.
    weights_ : ndarray of float64, shape (t, number of members)
        The weights of all members.
    intercept_ : ndarray of float64, shape (t,)
        What is added, in target units.

    References
    ----------
    Breiman, Stacked regressions, Machine Learning 24 (1996), 49-64 (weights of
    at least 0). Wolpert, Stacked generalization, Neural Networks 5 (1992),
    241-259.

    Examples
    --------
    >>> from seqexpr.models.registry import make_model
    >>> members = [make_model("gc"), make_model("ridge")]
    >>> rows = ["ACGTAC", "TTTTTT", "ACGTTT", "GGGTTT"] * 10
    >>> model = StackedRegressor(members).fit(rows, [1.0, 0.0, 0.5, 0.2] * 10)
    >>> bool(model.predict(["ACGTAC"])[0] > model.predict(["TTTTTT"])[0])
    True
    """

    def __init__(
        self,
        members: Sequence[Any],
        *,
        n_folds: int = 3,
        n_jobs: int = 1,
        random_state: int = 42,
    ) -> None:
        self.members = members
        self.n_folds = n_folds
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Find the weights out of fold, then fit the members on all rows.

        Parameters
        ----------
        X : list, array or Series of str, length n, or DataFrame
            DNA sequences; with covariates where the members read them.
        y : array-like of float, shape (n,) or (n, t)
            Targets; NaN = not measured.
        sample_weight : array-like of float, shape (n,), optional
            Non-negative weights.
        groups : array-like, shape (n,), optional
            Rows of one group lie in one fold.

        Raises
        ------
        InputError
            As :meth:`seqexpr.models.measured.MeasuredRegressor.fit`, and if
            there are no members or fewer than two folds.
        """
        if not len(self.members):
            raise InputError("StackedRegressor: members is empty; name at least one model")
        if self.n_folds < 2:
            raise InputError(f"StackedRegressor: n_folds = {self.n_folds!r}: must be at least 2")
        return self._fit_measured(X, y, sample_weight, groups=groups)

    def _check_input(self, X: Any) -> Any:
        return X if has_covariates(X) else np.array(as_strings(X), dtype=object)

    def _fit_target(self, X: Any, y: Floats, weights: Floats | None, groups: Any) -> Any:
        folds = assign_folds(
            len(y), n_folds=self.n_folds, groups=groups, random_state=self.random_state
        )
        held_out = np.empty((len(y), len(self.members)))
        for fold in range(int(folds.max()) + 1):
            held = folds == fold
            fit = ~held if not held.all() else held  # a single row or group has no other
            for column, member in enumerate(self.members):
                model = self._fit_member(member, X, y, weights=weights, groups=groups, rows=fit)
                held_out[held, column] = model.predict(model_inputs(take_rows(X, held)))
        found = stacking_weights(held_out, y, weights)
        everywhere = np.ones(len(y), dtype=bool)
        used = np.flatnonzero(found).tolist()
        models = [
            self._fit_member(self.members[column], X, y, weights=weights, groups=groups,
                             rows=everywhere)
            for column in used
        ]  # fmt: skip
        return models, found, float(np.average(y - held_out @ found, weights=weights))

    def _fit_member(
        self, member: Any, X: Any, y: Floats, *, weights: Floats | None, groups: Any, rows: Any
    ) -> Any:
        return fit_model(
            set_jobs(clone(member), self.n_jobs), model_inputs(take_rows(X, rows)), y[rows],
            sample_weight=None if weights is None else weights[rows],
            groups=None if groups is None else groups[rows],
        )  # fmt: skip

    def _keep(self, states: list[Any]) -> None:
        self.models_ = [state[0] for state in states]
        self.weights_ = np.array([state[1] for state in states])
        self.coef_ = [state[1][state[1] > 0] for state in states]
        self.intercept_ = np.array([state[2] for state in states])

    def _predict_target(self, X: Any, target: int) -> Floats:
        total = np.full(len(X), self.intercept_[target])
        for model, weight in zip(self.models_[target], self.coef_[target], strict=True):
            total += weight * set_jobs(model, self.n_jobs).predict(model_inputs(X))
        return total


def stacking_weights(predictions: Any, y: Any, sample_weight: Any = None) -> Floats:
    """Return the weights of at least 0 whose sum of predictions is nearest to y.

    Predictions and y are centred first, so that there is an intercept.

    Parameters
    ----------
    predictions : array-like of float, shape (n, m)
        Out-of-fold predictions of m models.
    y : array-like of float, shape (n,)
        Target.
    sample_weight : array-like of float, shape (n,), optional
        Weights of the rows.

    Returns
    -------
    ndarray of float64, shape (m,)
        The weights; all 0 where no model follows y, so that the mean is predicted.

    References
    ----------
    Lawson & Hanson, Solving Least Squares Problems (1974), chapter 23.

    Examples
    --------
    >>> y = np.array([0.0, 1.0, 2.0, 3.0])
    >>> stacking_weights(np.column_stack([y / 2, -y]), y).round(6).tolist()
    [2.0, 0.0]
    """
    from scipy.optimize import nnls

    p, values = np.asarray(predictions, dtype=np.float64), np.asarray(y, dtype=np.float64)
    share = np.ones(len(values)) if sample_weight is None else np.asarray(sample_weight)
    root = np.sqrt(share / share.sum())
    p = (p - np.average(p, axis=0, weights=share)) * root[:, None]
    values = (values - np.average(values, weights=share)) * root
    scale = np.sqrt((p**2).sum(axis=0))
    safe = np.where(scale > 1e-12, scale, np.inf)  # a constant prediction gets no weight
    return np.asarray(nnls(p / safe, values)[0] / safe, dtype=np.float64)
