"""Means and covariances of rows: all that least squares with any penalty needs of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import cholesky, solve_triangular

__all__ = ["ElasticNetPath", "Moments", "dense_blocks"]

Floats = npt.NDArray[np.float64]
_BLOCK = 4_096  # rows that are dense at a time


def dense_blocks(X: Any, rows: Any = None) -> Iterator[tuple[Any, Floats]]:
    """Yield row indices and those rows of X, dense float64, a block at a time.

    Parameters
    ----------
    X : CSR matrix or ndarray, shape (n, p)
        Features.
    rows : ndarray of int, optional
        Which rows; all by default.
    """
    chosen = np.arange(X.shape[0]) if rows is None else rows
    for start in range(0, len(chosen), _BLOCK):
        block = chosen[start : start + _BLOCK]
        part = X[block]
        yield block, np.asarray(part.toarray() if sparse.issparse(part) else part, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Moments:
    """Weighted sums of products of the columns of (1, X, y).

    Attributes
    ----------
    products : ndarray of float64, shape (p + 2, p + 2)
        ``Z^T diag(v) Z`` for ``Z = (1, X, y)``.

    Examples
    --------
    >>> X, y, v = np.array([[0.0], [2.0]]), np.array([1.0, 3.0]), np.ones(2)
    >>> moments = Moments.of(X, y, v)
    >>> moments.weight, moments.center
    (2.0, 2.0)
    """

    products: Floats

    @classmethod
    def of(cls, X: Any, y: Floats, v: Floats, *, rows: Any = None) -> Self:
        """Sum up rows of X and y with weights v."""
        products = np.zeros((X.shape[1] + 2, X.shape[1] + 2))
        for block, dense in dense_blocks(X, rows):
            Z = np.column_stack([np.ones(len(block)), dense, y[block]])
            Z *= np.sqrt(v[block])[:, None]
            products += Z.T @ Z
        return cls(products)

    @classmethod
    def sum_of(cls, parts: Sequence[Moments]) -> Self:
        """Return the moments of the rows of all parts together."""
        products = parts[0].products.copy()
        for part in parts[1:]:
            products += part.products
        return cls(products)

    @property
    def weight(self) -> float:
        """Sum of the weights."""
        return float(self.products[0, 0])

    @property
    def center(self) -> float:
        """Weighted mean of y."""
        return float(self.products[0, -1] / self.products[0, 0])

    def squared_error_of_mean(self) -> float:
        """Return the weighted sum of squares of y about its mean; 0 if it is constant."""
        total = float(self.products[-1, -1] - self.center**2 * self.weight)
        return total if total > 1e-12 * abs(float(self.products[-1, -1])) else 0.0

    def standardized(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Return correlations of X, covariances with y, means and factors (0 where constant)."""
        mean = self.products[0, 1:-1] / self.weight
        square = np.diag(self.products)[1:-1] / self.weight
        variance = square - mean**2
        varies = variance > 1e-10 * square
        factor = np.where(varies, 1 / np.sqrt(np.where(varies, variance, 1.0)), 0.0)
        inner = self.products[1:-1, 1:-1] / self.weight - np.outer(mean, mean)
        with_y = self.products[1:-1, -1] / self.weight - mean * self.center
        return inner * np.outer(factor, factor), with_y * factor, mean, factor

    def largest_penalty(self) -> float:
        """Return the smallest absolute penalty that makes all coefficients 0."""
        with_y = self.standardized()[1]
        spread = np.sqrt(max(self.products[-1, -1] / self.weight, 0.0))
        largest = float(np.abs(with_y).max(initial=0.0))
        return largest if largest > 1e-12 * spread else 0.0

    def squared_error(self, coef: Floats, intercept: Floats) -> Floats:
        """Return the weighted sum of squared errors of linear models, shape (q,)."""
        w = np.vstack([intercept, coef, -np.ones(len(intercept))])
        return np.asarray(
            np.maximum(np.einsum("iq,ij,jq->q", w, self.products, w, optimize=True), 0)
        )


class ElasticNetPath:
    """Elastic nets of one set of moments, for penalties that come in descending order.

    Parameters
    ----------
    moments : Moments
        Of the rows to fit.
    l1_ratio : float
        Share of the absolute penalty, in (0, 1].
    """

    def __init__(self, moments: Moments, *, l1_ratio: float) -> None:
        self.l1_ratio = l1_ratio
        inner, with_y, self._mean, self._factor = moments.standardized()
        self._center = moments.center
        # p rows that have the same covariances as the n rows: the same problem. The small
        # number on the diagonal, a squared penalty of that size, lets p exceed n.
        p = len(inner)
        root = cholesky(inner + 1e-7 * np.eye(p))  # upper
        self._rows = np.asfortranarray(root * np.sqrt(p))
        self._target = solve_triangular(root, with_y, trans="T") * np.sqrt(p)
        self._gram = self._rows.T @ self._rows
        self._last = np.zeros(len(inner))

    def advance(self, alphas: Floats) -> tuple[Floats, Floats]:
        """Solve for further penalties, starting from the solution for the one before.

        Parameters
        ----------
        alphas : ndarray of float64, shape (q,)
            Penalties, descending, below those of earlier calls.

        Returns
        -------
        coef : ndarray of float64, shape (p, q)
            Coefficients of the raw features.
        intercept : ndarray of float64, shape (q,)
            Intercepts.
        """
        from sklearn.linear_model import enet_path

        # The duality gap is at most a ten-thousandth of the explained sum of squares.
        _, coef, _ = enet_path(
            self._rows, self._target, l1_ratio=self.l1_ratio, alphas=alphas, tol=1e-4,
            precompute=self._gram, coef_init=self._last, max_iter=10_000,
        )  # fmt: skip
        self._last = coef[:, -1].copy()
        raw = coef * self._factor[:, None]
        return raw, self._center - self._mean @ raw
