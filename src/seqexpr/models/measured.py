"""What every regressor here shares: several targets, missing values, weights, sparse input."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from seqexpr.data.inputs import take_rows
from seqexpr.errors import InputError

__all__ = ["LinearCoefficients", "MeasuredRegressor", "check_targets"]

Floats = npt.NDArray[np.float64]


class MeasuredRegressor(RegressorMixin, BaseEstimator):
    """A regressor that fits each target on the rows where it was measured.

    Subclasses write ``_fit_target(X, y, weights, groups)``, which returns what
    one fitted target is, ``_keep(states)``, which stores the states of all
    targets in attributes, and ``_predict_target(X, target)``.

    Attributes
    ----------
    n_features_in_ : int
        Number of features.
    n_targets_ : int
        Number of targets, t; 0 if y was one-dimensional.
    """

    n_features_in_: int
    n_targets_: int

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit each target on its measured rows.

        Parameters
        ----------
        X : CSR matrix or ndarray, shape (n, p)
            Features.
        y : array-like of float, shape (n,) or (n, t)
            Targets; NaN = not measured.
        sample_weight : array-like of float, shape (n,), optional
            Non-negative weights; rows of weight 0 are left out.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If lengths differ, a target is infinite or has no measured row, or
            a weight is negative.
        """
        return self._fit_measured(X, y, sample_weight)

    def _fit_measured(self, X: Any, y: Any, sample_weight: Any, *, groups: Any = None) -> Self:
        X = self._check_input(X)
        targets, weights, labels = check_targets(X.shape[0], y, sample_weight, groups)
        states = []
        for values in targets.reshape(len(targets), -1).T:
            used = ~np.isnan(values) if weights is None else ~np.isnan(values) & (weights > 0)
            whole = bool(used.all())
            states.append(
                self._fit_target(
                    X if whole else take_rows(X, np.flatnonzero(used)),
                    values[used],
                    None if weights is None else weights[used],
                    None if labels is None else labels[used],
                )
            )
        self.n_features_in_ = _width(X)
        self.n_targets_ = 0 if targets.ndim == 1 else int(targets.shape[1])
        self._keep(states)
        return self

    def predict(self, X: Any) -> Floats:
        """Predict from features.

        Parameters
        ----------
        X : CSR matrix or ndarray, shape (n, p)
            Features.

        Returns
        -------
        ndarray of float64, shape (n,) or (n, t)
            As the y that was fitted.

        Raises
        ------
        InputError
            If X has another number of features.
        """
        check_is_fitted(self, "n_targets_")
        X = self._check_input(X)
        if _width(X) != self.n_features_in_:
            raise InputError(
                f"X has {_width(X):,} features, the model was fitted on {self.n_features_in_:,}"
            )
        predicted = np.empty((X.shape[0], max(1, self.n_targets_)))
        if X.shape[0]:
            for target in range(predicted.shape[1]):
                predicted[:, target] = self._predict_target(X, target)
        return predicted if self.n_targets_ else predicted[:, 0]

    def _check_input(self, X: Any) -> Any:
        """Return X as `_fit_target` and `_predict_target` take it: rows can be picked."""
        return _check_features(X)

    @abstractmethod
    def _fit_target(self, X: Any, y: Floats, weights: Floats | None, groups: Any) -> Any: ...

    @abstractmethod
    def _keep(self, states: list[Any]) -> None: ...

    @abstractmethod
    def _predict_target(self, X: Any, target: int) -> Floats: ...


def check_targets(
    n: int, y: Any, sample_weight: Any, groups: Any
) -> tuple[Floats, Floats | None, npt.NDArray[Any] | None]:
    """Return targets, weights and groups of n rows as arrays.

    Raises
    ------
    InputError
        If lengths differ, a target is infinite or has no measured row of
        positive weight, or a weight is negative.

    Examples
    --------
    >>> check_targets(2, [1, float("nan")], None, ["a", "b"])
    (array([ 1., nan]), None, array(['a', 'b'], dtype='<U1'))
    """
    targets = np.asarray(y, dtype=np.float64)
    if targets.ndim not in (1, 2) or len(targets) != n:
        raise InputError(f"X has {n:,} rows, y has shape {targets.shape}")
    if np.isinf(targets).any():
        raise InputError("y: a target is infinite; drop such rows, or mark them as NaN")
    weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    if weights is not None:
        usable = np.isfinite(weights) & (weights >= 0)
        if weights.shape != (n,) or not usable.all():
            raise InputError("sample_weight: expected one finite, non-negative weight a row")
    labels = None if groups is None else np.asarray(groups)
    if labels is not None and labels.shape != (n,):
        raise InputError(f"groups: expected one label a row, got shape {labels.shape}")
    counted = ~np.isnan(targets[:, None] if targets.ndim == 1 else targets)
    if weights is not None:
        counted &= weights[:, None] > 0
    missing = np.flatnonzero(~counted.any(axis=0))
    if len(missing):
        raise InputError(
            f"target {missing[0] + 1} has no measured row with a positive weight; leave it out"
        )
    return targets, weights, labels


def _width(X: Any) -> int:
    """Return the number of features; 1 where X is a column of strings."""
    return int(X.shape[1]) if len(X.shape) > 1 else 1


def _check_features(X: Any) -> Any:
    if sparse.issparse(X):
        return X if X.format == "csr" else X.tocsr()
    array = np.asarray(X)
    if array.ndim != 2 or array.dtype.kind not in "biuf":
        raise InputError(
            f"X: expected numbers, one row of features a sequence, got {array.dtype} of shape "
            f"{array.shape}"
        )
    return array


class LinearCoefficients(MeasuredRegressor):
    """A regressor whose targets are each an intercept and a coefficient a feature.

    Attributes
    ----------
    coef_ : ndarray of float64, shape (t, p)
        Coefficients in target units a unit of the feature.
    intercept_ : ndarray of float64, shape (t,)
        Intercepts in target units.
    """

    coef_: Floats
    intercept_: Floats

    def _keep(self, states: list[Any]) -> None:
        self.coef_ = np.stack([np.asarray(state[0], dtype=np.float64) for state in states])
        self.intercept_ = np.array([float(state[1]) for state in states])

    def _predict_target(self, X: Any, target: int) -> Floats:
        return np.asarray(X @ self.coef_[target] + self.intercept_[target], dtype=np.float64)
