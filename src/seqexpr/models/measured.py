"""What every regressor here shares: several targets, missing values, weights, sparse input."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from seqexpr.errors import InputError

__all__ = ["LinearCoefficients", "MeasuredRegressor"]

Floats = npt.NDArray[np.float64]


class MeasuredRegressor(RegressorMixin, BaseEstimator):
    """A regressor that fits each target on the rows where it was measured.

    Subclasses write ``_fit_target(X, y, weights)``, which returns what one
    fitted target is, ``_keep(states)``, which stores the states of all targets
    in attributes, and ``_predict_target(X, target)``.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit each target on its measured rows.

        Parameters
        ----------
        X : CSR matrix or ndarray, shape (n, p)
            Features.
        y : array-like of float, shape (n,) or (n, t)
            Targets; NaN = not measured.
        sample_weight : array-like of float, shape (n,), optional
            Non-negative weights.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If lengths differ, a target has no measured row, or a weight is
            negative.
        """
        X = _check_features(X)
        targets = np.asarray(y, dtype=np.float64)
        if targets.ndim not in (1, 2) or len(targets) != X.shape[0]:
            raise InputError(f"X has {X.shape[0]:,} rows, y has shape {targets.shape}")
        self.n_features_in_ = int(X.shape[1])
        self.n_targets_ = 0 if targets.ndim == 1 else int(targets.shape[1])  # 0: one-dimensional
        weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        if weights is not None and (weights.shape != (len(targets),) or not (weights >= 0).all()):
            raise InputError("sample_weight: expected one non-negative weight a row")
        states = []
        for column, values in enumerate(targets.reshape(len(targets), -1).T):
            rows = np.flatnonzero(np.isfinite(values))
            if weights is not None:
                rows = rows[weights[rows] > 0]
            if len(rows) == 0:
                raise InputError(f"target {column + 1} has no measured row with a positive weight")
            used = None if weights is None else weights[rows]
            whole = len(rows) == len(targets)
            states.append(self._fit_target(X if whole else X[rows], values[rows], used))
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
        """
        check_is_fitted(self, "n_targets_")
        X = _check_features(X)
        if X.shape[1] != self.n_features_in_:
            raise InputError(
                f"X has {X.shape[1]:,} features, the model was fitted on {self.n_features_in_:,}"
            )
        columns = [self._predict_target(X, target) for target in range(max(1, self.n_targets_))]
        predicted = np.column_stack(columns).astype(np.float64)
        return predicted[:, 0] if self.n_targets_ == 0 else predicted

    @abstractmethod
    def _fit_target(self, X: Any, y: Floats, weights: Floats | None) -> Any: ...

    @abstractmethod
    def _keep(self, states: list[Any]) -> None: ...

    @abstractmethod
    def _predict_target(self, X: Any, target: int) -> Floats: ...


def _check_features(X: Any) -> Any:
    if sparse.issparse(X):
        return X if X.format == "csr" else X.tocsr()
    array = np.asarray(X)
    if array.ndim != 2:
        raise InputError(f"X: expected one row of features a sequence, got shape {array.shape}")
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
