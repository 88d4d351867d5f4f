"""Solving with a kernel matrix of all rows, by conjugate gradients."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.linalg import cho_solve
from scipy.sparse.linalg import LinearOperator, cg
from sklearn.exceptions import ConvergenceWarning

from seqexpr.features._base import SequenceKernel
from seqexpr.models.measured import Floats

__all__ = ["projected_inverse", "solve_dual"]

BATCH = 1_024
"""Rows at a time, which bounds what is made in double precision."""
TOLERANCE = 1e-4
"""Residual, relative to the right side, at which a solution has converged."""
MOST_STEPS = 300


def solve_dual(
    kernel: SequenceKernel,
    strings: list[str],
    y: Floats,
    *,
    noise: Floats,
    precondition: Callable[[Floats], Floats],
) -> Floats:
    """Return a, such that ``(K + diag(noise)) a = y``.

    The kernel matrix is kept in single precision, 4 n² bytes; one step is one
    product with it.

    Parameters
    ----------
    kernel : SequenceKernel
        Fitted.
    strings : list of str, length n
        Sequences.
    y : ndarray of float64, shape (n,)
        Right side.
    noise : ndarray of float64, shape (n,)
        Positive.
    precondition : callable
        Takes and gives an ndarray of float64, shape (n,): nearly the solution.
        The nearer, the fewer steps.

    Warns
    -----
    ConvergenceWarning
        If 300 steps do not suffice.

    References
    ----------
    Hestenes & Stiefel, Journal of Research of the National Bureau of Standards
    49 (1952) 409-436.

    Examples
    --------
    >>> from seqexpr.features.gkm_kernel import GkmKernel
    >>> kernel, rows, noise = GkmKernel(l=3, k=2), ["ACGTT", "ACGAA", "TTTTT"], np.full(3, 0.1)
    >>> a = solve_dual(kernel, rows, np.ones(3), noise=noise, precondition=lambda v: v)
    >>> bool(np.allclose(kernel(rows) @ a + 0.1 * a, 1, atol=1e-3))
    True
    """
    n = len(y)
    matrix = np.empty((n, n), dtype=np.float32)
    for start in range(0, n, BATCH):
        matrix[start : start + BATCH] = kernel(strings[start : start + BATCH], strings)

    def product(vector: Any) -> Floats:
        flat = np.ravel(vector)
        return np.asarray(matrix @ flat.astype(np.float32) + noise * flat, dtype=np.float64)

    whole = LinearOperator((n, n), matvec=product, dtype=np.float64)
    nearly = LinearOperator((n, n), matvec=lambda v: precondition(np.ravel(v)), dtype=np.float64)
    found, state = cg(whole, y, rtol=TOLERANCE, maxiter=MOST_STEPS, M=nearly)
    if state:
        text = f"kernel matrix of {n:,} rows: not solved in {MOST_STEPS} steps"
        warnings.warn(text, ConvergenceWarning, stacklevel=2)
    return np.asarray(found, dtype=np.float64)


def projected_inverse(
    features: Any, factor: Any, *, weights: Floats, ratio: float
) -> Callable[[Floats], Floats]:
    """Return the function that multiplies by ``(F F' + ratio / W)⁻¹``.

    Parameters
    ----------
    features : ndarray of float32, shape (n, m)
        F, whose products are nearly the kernel.
    factor : tuple
        ``cho_factor`` of ``F' W F + ratio I``.
    weights : ndarray of float64, shape (n,)
        Diagonal of W.
    ratio : float
        Variance of noise over that of the signal.

    References
    ----------
    Woodbury's formula; Rasmussen & Williams (2006), equation A.9.
    """

    def inverse(vector: Floats) -> Floats:
        weighted = weights * vector
        inner = cho_solve(factor, (weighted.astype(np.float32) @ features).astype(np.float64))
        outer = (features @ inner.astype(np.float32)).astype(np.float64)
        return np.asarray((weighted - weights * outer) / ratio)

    return inverse
