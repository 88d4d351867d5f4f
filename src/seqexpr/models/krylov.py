"""Krylov spaces of many least-squares problems that share their features.

The problems are "fit y on the rows of weight above 0", one a fold; each has the
matrix A = Xᵀ W X / sum(W), with X standardised and centred on its own rows. The
Lanczos recursion gives for each an orthonormal basis V of the space of Aᵏ b and
the tridiagonal T = Vᵀ A V, and the solution of (A + alpha I) w = b within it is
V (T + alpha I)⁻¹ |b| e₁ for every alpha at once.

The products with X are done for all problems together, in threads, with X
sparse, centred and scaled implicitly.

References
----------
Golub & Van Loan, Matrix Computations (4th ed., 2013), sections 10.1 and 10.3
(Lanczos, here with full reorthogonalisation). Frommer & Maass, Fast CG-based
methods for Tikhonov-Phillips regularization, SIAM J. Sci. Comput. 20 (1999),
1831-1850 (shifted systems share their Krylov space).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import eigh_tridiagonal

__all__ = ["KrylovSpaces", "ScaledFeatures"]

Floats = npt.NDArray[np.float64]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def _multiply_rows(data, indices, indptr, dense, out, start, stop):  # type: ignore[no-untyped-def]
    """Write rows start..stop of (CSR matrix @ dense) into out; dense is (p, b), C order."""
    width = dense.shape[1]
    for row in range(start, stop):
        for b in range(width):
            out[row, b] = 0.0
        for entry in range(indptr[row], indptr[row + 1]):
            value = data[entry]
            column = indices[entry]
            for b in range(width):
                out[row, b] += value * dense[column, b]


class ScaledFeatures:
    """X with columns of mean 0 and standard deviation 1, never written out.

    Parameters
    ----------
    X : CSR matrix, shape (n, p)
        Features.
    weights : ndarray of float64, shape (n,)
        Row weights that sum to n.
    n_jobs : int
        Threads.
    """

    def __init__(self, X: Any, weights: Floats, n_jobs: int) -> None:
        matrix = sparse.csr_matrix(X, dtype=np.float32)
        self.shape = matrix.shape
        self.n_jobs = n_jobs
        total = weights.sum()
        self.mean = np.asarray(matrix.T @ weights, dtype=np.float64) / total
        squares = matrix.copy()
        squares.data = squares.data**2
        variance = np.asarray(squares.T @ weights, dtype=np.float64) / total - self.mean**2
        constant = variance <= 1e-10 * np.maximum(self.mean**2, 1e-30)
        self.scale = np.where(constant, np.inf, np.sqrt(np.maximum(variance, 1e-300)))
        self._rows = matrix
        self._columns = matrix.T.tocsr()

    def times(self, v: Floats) -> Floats:
        """Return X v, shape (n, b), for v of shape (p, b)."""
        scaled = np.ascontiguousarray(v / self.scale[:, None])
        product: Floats = self._product(self._rows, scaled) - self.mean @ scaled
        return product

    def transposed_times(self, u: Floats) -> Floats:
        """Return Xᵀ u, shape (p, b), for u of shape (n, b)."""
        product = self._product(self._columns, np.ascontiguousarray(u))
        return (product - np.outer(self.mean, u.sum(axis=0))) / self.scale[:, None]

    def _product(self, matrix: Any, dense: Floats) -> Floats:
        out = np.empty((matrix.shape[0], dense.shape[1]))
        arguments = (matrix.data, matrix.indices, matrix.indptr, dense, out)
        if self.n_jobs == 1 or matrix.nnz < 100_000:
            _multiply_rows(*arguments, 0, matrix.shape[0])
            return out
        # Borders by entries, not by rows, so that threads get equal work.
        shares = np.linspace(0, matrix.nnz, self.n_jobs + 1)
        borders = np.searchsorted(matrix.indptr, shares)
        borders[0], borders[-1] = 0, matrix.shape[0]
        with ThreadPoolExecutor(self.n_jobs) as pool:
            for start, stop in pairwise(borders):
                pool.submit(_multiply_rows, *arguments, start, stop)
        return out


class KrylovSpaces:
    """The Krylov spaces of b problems, grown together one dimension at a time.

    Parameters
    ----------
    features : ScaledFeatures
        X.
    y : ndarray of float64, shape (n,)
        What is fitted.
    mask : ndarray of float64, shape (n, b)
        Weight of each row in each problem; 0 = not in it.

    Attributes
    ----------
    centers : ndarray of float64, shape (b,)
        Weighted mean of y in each problem.
    norms : ndarray of float64, shape (b,)
        Length of the right-hand sides.
    """

    def __init__(self, features: ScaledFeatures, y: Floats, mask: Floats) -> None:
        self.features = features
        self.mask = mask
        self.total = mask.sum(axis=0)
        self.centers = (mask * y[:, None]).sum(axis=0) / self.total
        start = features.transposed_times(mask * (y[:, None] - self.centers)) / self.total
        self.norms = np.sqrt(np.einsum("pb,pb->b", start, start))
        b, p = mask.shape[1], start.shape[0]
        self._basis = np.empty((b, 16, p))
        self._basis[:, 0] = (start / np.where(self.norms > 0, self.norms, 1)).T
        self._diagonal = np.zeros((b, 0))
        self._beside = np.zeros((b, 0))

    @property
    def dimension(self) -> int:
        """Dimension of the spaces in which solutions can be found."""
        return self._diagonal.shape[1]

    def grow(self) -> Floats:
        """Add a dimension; return centred X times the basis vector, shape (n, b)."""
        m = self.dimension
        product = self.features.times(np.ascontiguousarray(self._basis[:, m].T))
        product -= (self.mask * product).sum(axis=0) / self.total
        following = (self.features.transposed_times(self.mask * product) / self.total).T
        if m + 1 == self._basis.shape[1]:
            self._basis = np.concatenate([self._basis, np.empty_like(self._basis)], axis=1)
        diagonal = np.einsum("bp,bp->b", following, self._basis[:, m])
        beside = np.zeros(len(following))
        for problem, vector in enumerate(following):
            basis = self._basis[problem, : m + 1]
            rest = vector
            for _ in range(2):  # twice is enough (Golub & Van Loan, 10.3.4)
                rest = rest - basis.T @ (basis @ rest)
            length = float(np.sqrt(rest @ rest))
            alive = length > 1e-10 * max(float(abs(diagonal[problem])), 1e-300)
            beside[problem] = length if alive else 0.0
            self._basis[problem, m + 1] = rest / length if alive else 0.0
        self._diagonal = np.column_stack([self._diagonal, diagonal])
        self._beside = np.column_stack([self._beside, beside])
        return product

    def is_exhausted(self) -> bool:
        """Whether no space can grow further."""
        return self.dimension > 0 and not self._beside[:, -1].any()

    def solve(self, problem: int, penalties: Floats) -> Floats:
        """Return the solutions' coordinates in the basis, shape (dimension, n_penalties)."""
        beside = self._beside[problem, : self.dimension - 1]
        values, vectors = eigh_tridiagonal(self._diagonal[problem], beside)
        first = vectors[0] * self.norms[problem]
        shifted = np.maximum(values, 0)[:, None] + penalties
        return np.asarray(vectors @ (first[:, None] / shifted), dtype=np.float64)

    def residual(self, problem: int, coordinates: Floats) -> float:
        """Return the length of b - (A + alpha I) w over that of b."""
        last = abs(float(coordinates[-1])) * float(self._beside[problem, -1])
        return last / max(float(self.norms[problem]), 1e-300)

    def coefficients(self, problem: int, coordinates: Floats) -> tuple[Floats, float]:
        """Return coefficients of the raw features, and the intercept."""
        scaled = coordinates @ self._basis[problem, : self.dimension]
        coef = scaled / self.features.scale
        share = self.mask[:, problem] / self.total[problem]
        # times() is centred on all rows; the mean over the rows of the problem is taken out.
        offset = float(share @ self.features.times(scaled[:, None])[:, 0])
        intercept = float(self.centers[problem] - offset - self.features.mean @ coef)
        return coef, intercept

    def only(self, problem: int) -> KrylovSpaces:
        """Return the spaces of one problem alone, to grow it further at less cost."""
        single = object.__new__(KrylovSpaces)
        single.features = self.features
        one = slice(problem, problem + 1) if problem >= 0 else slice(problem, None)
        single.mask = np.ascontiguousarray(self.mask[:, one])
        for name in ("total", "centers", "norms", "_basis", "_diagonal", "_beside"):
            setattr(single, name, getattr(self, name)[one].copy())
        return single
