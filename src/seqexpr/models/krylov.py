"""Many least-squares problems on the same features, for all ridge penalties at once.

The problems share X and differ in the weights of their rows: one for each fold
of a cross-validation, without its rows, and one on all rows. For problem l,

    B = diag(sqrt(w)) (X - 1 m^T) diag(s),    b = sqrt(w) (y - c),

where w are its row weights, m and c its weighted means and s a scale for each
column. Golub-Kahan bidiagonalisation grows orthonormal V and bidiagonal J with
B V = U J, and the ridge solution for penalty a in the space of V is
V (J^T J + a I)^-1 J^T |b| e1: one small problem for each penalty, no further
product with X. The length of its residual is known without computing it.

X stays sparse (centring and scaling are implicit), and the products for all
problems are made together.

References
----------
Golub & Kahan, J. SIAM Numer. Anal. B 2 (1965) 205-224. Paige & Saunders, LSQR,
ACM Trans. Math. Softw. 8 (1982) 43-71 (Bidiag 1). Simon & Zha, SIAM J. Sci.
Comput. 21 (2000) 2257-2274 (orthogonalising V alone is enough). Frommer &
Maass, SIAM J. Sci. Comput. 20 (1999) 1831-1850 (all penalties share the space).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

__all__ = ["Bidiagonalization", "RowBlocks"]

Floats = npt.NDArray[np.floating[Any]]
_BLOCKS = 8  # fixed, so that the rounding does not depend on the number of threads
_SMALL = 200_000  # entries below which threads cost more than they save


class RowBlocks:
    """A matrix cut into blocks of rows, multiplied by several threads.

    Parameters
    ----------
    X : CSR matrix or ndarray of float32 or float64, shape (n, p)
        Not copied.
    n_jobs : int
        Number of threads, at least 1.
    """

    def __init__(self, X: Any, *, n_jobs: int) -> None:
        n_entries = X.nnz if sparse.issparse(X) else X.size
        n_blocks = 1 if n_entries < _SMALL else _BLOCKS
        if sparse.issparse(X):
            borders = np.searchsorted(X.indptr, np.linspace(0, X.nnz, n_blocks + 1)[1:-1])
        else:
            borders = np.linspace(0, X.shape[0], n_blocks + 1)[1:-1].astype(np.int64)
        edges = np.concatenate([[0], np.unique(borders), [X.shape[0]]]).tolist()
        self.shape: tuple[int, int] = X.shape
        self.dtype: np.dtype[Any] = X.dtype
        self._rows = [slice(a, b) for a, b in itertools.pairwise(edges) if b > a]
        self._parts = [_view_rows(X, rows) for rows in self._rows]
        self._n_jobs = min(n_jobs, len(self._parts))

    def _map(self, function: Callable[[Any, slice], Any]) -> list[Any]:
        if self._n_jobs <= 1:
            return [function(*pair) for pair in zip(self._parts, self._rows, strict=True)]
        with ThreadPoolExecutor(self._n_jobs) as pool:
            return list(pool.map(function, self._parts, self._rows))

    def times(self, v: Floats) -> Floats:
        """Return X v, shape (n, b), for v of shape (p, b)."""
        return np.concatenate(self._map(lambda part, rows: part @ v))

    def transposed_times(self, u: Floats) -> Floats:
        """Return X^T u, shape (p, b), for u of shape (n, b)."""
        partial = self._map(lambda part, rows: part.T @ u[rows])
        return np.asarray(np.sum(partial, axis=0))

    def squares_times(self, weights: Floats) -> Floats:
        """Return the weighted sum of squares of each column, shape (p,)."""
        partial = self._map(lambda part, rows: _squared(part).T @ weights[rows])
        return np.asarray(np.sum(partial, axis=0))


def _view_rows(X: Any, rows: slice) -> Any:
    if not sparse.issparse(X):
        return X[rows]
    start, stop = X.indptr[rows.start], X.indptr[rows.stop]
    part = sparse.csr_matrix((rows.stop - rows.start, X.shape[1]), dtype=X.dtype)
    # Set one by one: the constructor would copy what is a small part of an array.
    part.data, part.indices = X.data[start:stop], X.indices[start:stop]
    part.indptr = X.indptr[rows.start : rows.stop + 1] - start
    return part


def _squared(part: Any) -> Any:
    if not sparse.issparse(part):
        return part**2
    return sparse.csr_matrix((part.data**2, part.indices, part.indptr), shape=part.shape)


class Bidiagonalization:
    """Krylov spaces of b weighted least-squares problems, grown together.

    Parameters
    ----------
    X : RowBlocks, shape (n, p)
        Features; all products are made in its dtype.
    scale : ndarray, shape (p,)
        Factor of each column, non-negative; 0 leaves the column out.
    y : ndarray of float64, shape (n,)
        What is fitted.
    weights : ndarray of float64, shape (n, b)
        Weight of each row in each problem, non-negative; 0 = not in it.

    Attributes
    ----------
    centers : ndarray of float64, shape (b,)
        Weighted mean of y in each problem.
    """

    def __init__(
        self, X: RowBlocks, scale: Floats, y: Floats, *, weights: npt.NDArray[np.float64]
    ) -> None:
        self._X = X
        self._scale = scale.astype(X.dtype)[:, None]
        total = weights.sum(axis=0)
        self.centers = (y @ weights) / total
        # float64 here, since sums of large counts go beyond the digits of float32.
        self._means = X.transposed_times(weights) / total
        self._offsets = (self._means * scale[:, None]).astype(X.dtype)  # (p, b)
        self._roots = np.sqrt(weights).astype(X.dtype)  # (n, b)
        u = self._roots * (y[:, None] - self.centers)
        self._beta = [_lengths(u)]
        self._u = _divided(u, self._beta[0]).astype(X.dtype)
        v = self._back(self._u)
        self._alpha = [_lengths(v)]
        self._basis = np.zeros((len(total), 16, X.shape[1]), dtype=X.dtype)
        self._basis[:, 0] = _divided(v, self._alpha[0]).T
        self._solved: dict[int, tuple[Any, ...]] = {}
        # Shorter than this, a vector is rounding error and the space has ended.
        self._tiny = 10 * float(np.finfo(X.dtype).eps) * self._alpha[0]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the products."""
        return self._X.dtype

    @property
    def dimension(self) -> int:
        """Dimension of the spaces in which solutions can be found."""
        return len(self._beta) - 1

    def _back(self, u: Floats) -> Floats:
        """Return B^T u for each problem, shape (p, b)."""
        weighted = self._roots * u
        sums = weighted.sum(axis=0, dtype=np.float64).astype(u.dtype)
        product = self._X.transposed_times(weighted)
        return np.asarray(self._scale * product - self._offsets * sums)

    def grow(self) -> Floats:
        """Add a dimension to each space.

        Returns
        -------
        ndarray, shape (n, b)
            The new basis vector seen by every row, centred: also by the rows
            that have no weight in a problem, for which it is a prediction.
        """
        k = self.dimension
        if k + 1 == self._basis.shape[1]:
            self._basis = np.concatenate([self._basis, np.zeros_like(self._basis)], axis=1)
        v = np.ascontiguousarray(self._basis[:, k].T)  # (p, b)
        seen = self._X.times(self._scale * v) - np.einsum("pb,pb->b", self._offsets, v)
        u = self._roots * seen - self._alpha[-1].astype(v.dtype) * self._u
        beta = self._alive(_lengths(u))
        self._u = _divided(u, beta)
        following = self._back(self._u) - beta.astype(v.dtype) * v
        basis = self._basis[:, : k + 1]
        for _ in range(2):  # twice is enough (Kahan; Parlett, 1980, section 6.9)
            shares = basis @ following.T[:, :, None]  # (b, k + 1, 1)
            following -= (basis.transpose(0, 2, 1) @ shares)[:, :, 0].T
        alpha = self._alive(_lengths(following))
        self._beta.append(beta)
        self._alpha.append(alpha)
        self._basis[:, k + 1] = _divided(following, alpha).T
        self._tiny = np.maximum(self._tiny, 10 * float(np.finfo(v.dtype).eps) * alpha)
        return np.asarray(seen)

    def _alive(self, lengths: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.where(lengths > self._tiny, lengths, 0.0)

    def drop_others(self, problem: int) -> None:
        """Keep one problem, which becomes number 0, so that growing on costs less."""
        one = [problem]
        self.centers = self.centers[one]
        self._tiny = self._tiny[one]
        for name in ("_means", "_offsets", "_roots", "_u"):
            setattr(self, name, np.ascontiguousarray(getattr(self, name)[:, one]))
        self._basis = self._basis[one]
        self._alpha = [alpha[one] for alpha in self._alpha]
        self._beta = [beta[one] for beta in self._beta]
        self._solved = {}

    def solve(
        self, problem: int, penalties: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the ridge solutions of one problem within its space.

        Parameters
        ----------
        problem : int
            Which problem.
        penalties : ndarray of float64, shape (q,)
            Positive.

        Returns
        -------
        coordinates : ndarray of float64, shape (dimension, q)
            In the basis.
        residuals : ndarray of float64, shape (q,)
            Length of B^T (b - B w) - a w over that of B^T b: 0 = exact.
        """
        k = self.dimension
        if self._solved.get(problem, (-1,))[0] != k:
            self._solved[problem] = (k, *self._decompose(problem))
        _, start, singular, right = self._solved[problem]
        filtered = singular[:, None] / (singular[:, None] ** 2 + penalties)
        coordinates = right.T @ (filtered * start[:, None])
        first = self._alpha[0][problem] * self._beta[0][problem]
        last = self._alpha[k][problem] * self._beta[k][problem] * np.abs(coordinates[-1])
        return coordinates, last / first if first > 0 else np.zeros(len(penalties))

    def _decompose(self, problem: int) -> tuple[Any, Any, Any]:
        """Return |b| U^T e1, the singular values and V^T of the bidiagonal U S V^T."""
        k = self.dimension
        lower = np.zeros((k + 1, k))
        lower[np.arange(k), np.arange(k)] = [a[problem] for a in self._alpha[:k]]
        lower[np.arange(1, k + 1), np.arange(k)] = [b[problem] for b in self._beta[1:]]
        left, singular, right = np.linalg.svd(lower, full_matrices=False)
        return self._beta[0][problem] * left[0], singular, right

    def coefficients(
        self, problem: int, coordinates: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], float]:
        """Return coefficients of the columns of X, and the intercept."""
        scaled = coordinates @ self._basis[problem, : len(coordinates)].astype(np.float64)
        coef = scaled * self._scale[:, 0].astype(np.float64)
        return coef, float(self.centers[problem] - self._means[:, problem] @ coef)


def _lengths(columns: Floats) -> npt.NDArray[np.float64]:
    return np.asarray(np.sqrt(np.einsum("nb,nb->b", columns, columns, dtype=np.float64)))


def _divided(columns: Floats, lengths: npt.NDArray[np.float64]) -> Floats:
    inverse = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return np.asarray(columns * inverse.astype(columns.dtype))
