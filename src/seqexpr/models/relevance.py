"""How much each group of features matters: the marginal likelihood of a Gaussian process."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_solve, cholesky
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize

from seqexpr.features.group_kernel import GroupKernel, squared_distances
from seqexpr.models.measured import Floats

__all__ = ["MarginalLikelihood", "Relevance", "learn_relevance"]

LOWEST, HIGHEST = 1e-4, 1e3
"""Bounds of the strengths and, in shares of the variance of the target, of both variances."""


class Relevance(NamedTuple):
    """Parameters of a Gaussian process, for a target of variance 1.

    Attributes
    ----------
    strengths : ndarray of float64, shape (G,)
        How much each group of features matters.
    signal, noise : float
        Variance of the function, and of one measurement of weight 1.
    """

    strengths: Floats
    signal: float
    noise: float


class MarginalLikelihood:
    """The marginal likelihood of targets, and its gradient, as a function of the parameters.

    Parameters
    ----------
    kernel : GroupKernel
        Fitted; its own strengths are not looked at.
    strings : list of str, length n
        Sequences.
    y : ndarray of float64, shape (n,)
        Targets, of mean 0.
    weights : ndarray of float64, shape (n,)
        Positive; a row of weight w has noise / w.

    References
    ----------
    Rasmussen & Williams, Gaussian Processes for Machine Learning (2006),
    equations 5.8 and 5.9.
    """

    def __init__(self, kernel: GroupKernel, strings: list[str], y: Floats, weights: Floats) -> None:
        self.columns = kernel.columns(strings)
        self.by_column = self.columns.tocsc()
        self.group, self.n_groups = kernel.group_, len(kernel.names_)
        self.squares = self.columns.multiply(self.columns).tocsr()
        self.y, self.weights = y, weights

    def __call__(self, logs: Floats) -> tuple[float, Floats]:
        """Return minus the log likelihood a row, less a constant, and its gradient.

        Parameters
        ----------
        logs : ndarray of float64, shape (G + 2,)
            Natural logarithms of the strengths, the signal and the noise.
        """
        n, strengths = len(self.y), np.exp(logs[: self.n_groups])
        signal, noise = np.exp(logs[self.n_groups :])
        kernel = self._kernel(strengths, signal)
        total = kernel.copy()
        total[np.diag_indices(n)] += noise / self.weights
        factor = cholesky(total, lower=True, overwrite_a=True, check_finite=False)
        dual = cho_solve((factor, True), self.y, check_finite=False)
        loss = 0.5 * self.y @ dual + np.log(np.diag(factor)).sum()
        inverse, _ = dpotri(factor, lower=1, overwrite_c=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        slope = inverse - np.outer(dual, dual)  # twice that of the loss by the covariance
        d_noise = 0.5 * noise * float((np.diag(slope) / self.weights).sum())
        slope *= kernel
        d_strengths = -0.5 * strengths * self._spread(slope)
        gradient = np.concatenate([d_strengths, [0.5 * float(slope.sum()), d_noise]])
        return float(loss) / n, gradient / n

    def _kernel(self, strengths: Floats, signal: float) -> Floats:
        scale = np.sqrt(strengths)[self.group]
        block, by_column = self.columns.copy(), self.by_column.copy()
        block.data *= scale[block.indices]
        by_column.data *= np.repeat(scale, np.diff(by_column.indptr))
        out = np.empty((len(self.y), len(self.y)))
        squared_distances(block, by_column, out)
        return np.asarray(signal * np.exp(-0.5 * out))

    def _spread(self, slope: Floats) -> Floats:
        """Return half the sum of slope times squared distance, for each group."""
        own = np.asarray(self.squares.T @ slope.sum(axis=1)).ravel()
        met = np.asarray(self.columns.multiply(slope @ self.columns).sum(axis=0)).ravel()
        spread = np.bincount(self.group, own - met, minlength=self.n_groups)
        return np.asarray(spread, dtype=np.float64)


def learn_relevance(
    kernel: GroupKernel, strings: list[str], y: Floats, *, weights: Floats, max_iter: int
) -> Relevance:
    """Return the parameters that make targets most likely, by L-BFGS from equal strengths.

    Parameters
    ----------
    kernel : GroupKernel
        Fitted.
    strings : list of str, length n
        Sequences; the time is that of about 1.5 `max_iter` factorisations of n by n.
    y : ndarray of float64, shape (n,)
        Targets, of mean about 0 and variance about 1.
    weights : ndarray of float64, shape (n,)
        Positive.
    max_iter : int
        Most steps.
    """
    target = MarginalLikelihood(kernel, strings, y - np.average(y, weights=weights), weights)
    n = target.n_groups
    start = np.log(np.concatenate([np.full(n, 3.0 / n), [1.0, 0.3]]))
    bounds = [(np.log(LOWEST), np.log(HIGHEST))] * (n + 2)
    found = minimize(
        target, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": max_iter}
    )
    values = np.exp(found.x)
    return Relevance(values[:n], float(values[n]), float(values[n + 1]))
