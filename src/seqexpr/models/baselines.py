"""Baselines: what a score means is seen beside these."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from seqexpr.errors import InputError
from seqexpr.models.measured import Floats, LinearCoefficients, MeasuredRegressor

__all__ = ["LeastSquaresRegressor", "MeanRegressor", "NearestNeighborRegressor"]

_BLOCK = 4_000_000  # similarities that are held at a time


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
    """Predicts the mean of the most similar training rows, by cosine of their features.

    Shows how far memory alone goes: a high score means that test rows have
    close relatives in train. A row of zeros, such as the counts of a sequence
    shorter than k, is similar to nothing and gets the mean of all.

    For each row the time is that of one product with all reference rows, 2 p
    n_reference operations (about 20,000 rows a second on two cores for 4-mers
    and 20,000 references); memory is 4 p n_reference bytes and some 100 MB,
    since similarities are computed for blocks of rows.

    Parameters
    ----------
    n_neighbors : int, default 10
        How many rows are averaged, at least 1. On measured libraries ten do far
        better than one (R² .15 and -.33 on the urtecho promoters).
    max_reference : int, default 20_000
        Training rows that are kept to compare with, at least 1; a random
        choice if there are more.
    random_state : int, default 42
        Seed of that choice.

    Attributes
    ----------
    references_ : list of ndarray of float32, shape (n_reference, p)
        Features of the rows to compare with, one array a target.
    values_, weights_ : list of ndarray of float64, shape (n_reference,)
        Their values and weights.
    n_reference_ : ndarray of int64, shape (t,)
        Their number.
    means_ : ndarray of float64, shape (t,)
        Mean of each target over all training rows.

    References
    ----------
    Cover & Hart (1967), Nearest neighbor pattern classification, IEEE Trans.
    Inf. Theory 13:21-27.

    Examples
    --------
    >>> X = np.array([[1.0, 0.0], [0.0, 1.0], [0.1, 1.0]])
    >>> NearestNeighborRegressor(n_neighbors=2).fit(X, [5.0, 7.0, 8.0]).predict([[0.0, 3.0]])
    array([7.5])
    """

    def __init__(
        self, *, n_neighbors: int = 10, max_reference: int = 20_000, random_state: int = 42
    ) -> None:
        self.n_neighbors = n_neighbors
        self.max_reference = max_reference
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Keep the training rows.

        Parameters, return value and errors are those of
        :meth:`seqexpr.models.measured.MeasuredRegressor.fit`.
        """
        for name in ("n_neighbors", "max_reference"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} = {getattr(self, name)!r}: must be at least 1")
        return self._fit_measured(X, y, sample_weight)

    def _fit_target(self, X: Any, y: Floats, weights: Floats | None, groups: Any) -> Any:
        v = np.ones(len(y)) if weights is None else weights
        mean = float(np.average(y, weights=v))
        if X.shape[0] > self.max_reference:
            rng = np.random.default_rng(self.random_state)
            rows = np.sort(rng.choice(X.shape[0], self.max_reference, replace=False))
            X, y, v = X[rows], y[rows], v[rows]
        return _single(X), y, v, mean

    def _keep(self, states: list[Any]) -> None:
        self.references_ = [state[0] for state in states]
        self.values_ = [state[1] for state in states]
        self.weights_ = [state[2] for state in states]
        self.means_ = np.array([state[3] for state in states])
        self.n_reference_ = np.array([len(state[1]) for state in states])

    def _predict_target(self, X: Any, target: int) -> Floats:
        reference, values = self.references_[target], self.values_[target]
        weights = self.weights_[target]
        lengths = np.sqrt(np.einsum("ij,ij->i", reference, reference))
        inverse = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        n_neighbors = min(self.n_neighbors, len(values))
        predicted = np.empty(X.shape[0])
        block = max(1, _BLOCK // len(values))
        for start in range(0, X.shape[0], block):
            rows = _single(X[start : start + block])
            # Not divided by the length of the row, which is the same for all references: so
            # products of counts stay whole numbers, and a row has the same neighbours in every
            # batch.
            similar = (rows @ reference.T) * inverse
            nearest = np.argpartition(-similar, n_neighbors - 1, axis=1)[:, :n_neighbors]
            share = weights[nearest]
            mean = np.sum(values[nearest] * share, axis=1) / share.sum(axis=1)
            empty = ~rows.any(axis=1)
            predicted[start : start + block] = np.where(empty, self.means_[target], mean)
        return predicted


def _single(X: Any) -> npt.NDArray[np.float32]:
    return np.asarray(X.toarray() if sparse.issparse(X) else X, dtype=np.float32)
