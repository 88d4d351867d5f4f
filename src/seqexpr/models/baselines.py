"""Baselines: what a score means is seen beside these."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from seqexpr.errors import InputError
from seqexpr.models.measured import Floats, LinearCoefficients, MeasuredRegressor

__all__ = ["LeastSquaresRegressor", "MeanRegressor", "NearestNeighborRegressor"]


class MeanRegressor(MeasuredRegressor):
    """Predicts the (weighted) mean of the training targets, whatever the sequence.

    Attributes
    ----------
    mean_ : ndarray of float64, shape (t,)
        Means of the targets.

    Examples
    --------
    >>> MeanRegressor().fit(np.zeros((2, 1)), [1.0, 3.0]).predict(np.zeros((1, 1)))
    array([2.])
    """

    def _fit_target(self, X: Any, y: Floats, weights: Floats | None, groups: Any) -> float:
        return float(np.average(y, weights=weights))

    def _keep(self, states: list[float]) -> None:
        self.mean_ = np.array(states)

    def _predict_target(self, X: Any, target: int) -> Floats:
        return np.full(X.shape[0], self.mean_[target])


class LeastSquaresRegressor(LinearCoefficients):
    """Ordinary least squares, the tutorial's model: scikit-learn's LinearRegression.

    Where features are more than rows, or depend on each other, the solution of
    least norm is taken (LAPACK's gelsd). Meant for dozens of features: X is
    made dense.

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0]])
    >>> LeastSquaresRegressor().fit(X, [1.0, 3.0, 5.0]).coef_.round(6).tolist()
    [[2.0]]
    """

    def _fit_target(
        self, X: Any, y: Floats, weights: Floats | None, groups: Any
    ) -> tuple[Floats, float]:
        from sklearn.linear_model import LinearRegression

        dense = X.toarray() if sparse.issparse(X) else X
        model = LinearRegression().fit(dense.astype(np.float64), y, sample_weight=weights)
        return model.coef_, model.intercept_


class NearestNeighborRegressor(MeasuredRegressor):
    """Predicts the value of the most similar training row, by cosine of its features.

    Shows how far memory alone goes: a high score means that test rows have
    close relatives in train. Among equally near rows the first counts. Cost is
    O(n_test · n_reference · p); X is made dense in blocks.

    Parameters
    ----------
    max_reference : int
        Training rows that are kept to compare with, at least 1; a random
        choice if there are more. Default 20,000.
    random_state : int
        Seed of that choice. Default 42.

    Attributes
    ----------
    references_ : list of ndarray of float32, shape (n_reference, p)
        Rows of unit length, one array a target.
    values_ : list of ndarray of float64, shape (n_reference,)
        Their values.

    Examples
    --------
    >>> X = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> NearestNeighborRegressor().fit(X, [5.0, 7.0]).predict([[0.1, 0.9]])
    array([7.])
    """

    def __init__(self, *, max_reference: int = 20_000, random_state: int = 42) -> None:
        self.max_reference = max_reference
        self.random_state = random_state

    def _fit_target(
        self, X: Any, y: Floats, weights: Floats | None, groups: Any
    ) -> tuple[Any, Floats]:
        if self.max_reference < 1:
            raise InputError(f"max_reference = {self.max_reference}: must be at least 1")
        if X.shape[0] > self.max_reference:
            rng = np.random.default_rng(self.random_state)
            rows = np.sort(rng.choice(X.shape[0], self.max_reference, replace=False))
            X, y = X[rows], y[rows]
        return _unit_rows(X), y

    def _keep(self, states: list[tuple[Any, Floats]]) -> None:
        self.references_ = [state[0] for state in states]
        self.values_ = [state[1] for state in states]

    def _predict_target(self, X: Any, target: int) -> Floats:
        reference, values = self.references_[target], self.values_[target]
        nearest = np.empty(X.shape[0], dtype=np.int64)
        block = max(1, 32_000_000 // len(reference))  # 128 MB of float32 similarities
        for start in range(0, X.shape[0], block):
            similar = _unit_rows(X[start : start + block]) @ reference.T
            nearest[start : start + block] = similar.argmax(axis=1)
        return np.asarray(values[nearest])


def _unit_rows(X: Any) -> npt.NDArray[np.float32]:
    dense = np.asarray(X.toarray() if sparse.issparse(X) else X, dtype=np.float32)
    norms = np.sqrt(np.einsum("ij,ij->i", dense, dense))
    lengths = np.where(norms > 0, norms, 1).astype(np.float32)
    return np.asarray(dense / lengths[:, None], dtype=np.float32)
