"""Linear models beside ridge: elastic net and lasso for few motifs, Huber for outliers."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from seqexpr.errors import InputError
from seqexpr.models.measured import Floats, LinearCoefficients

__all__ = ["ElasticNetPathRegressor", "HuberKmerRegressor"]


def _standardize(X: Any) -> tuple[Floats, Floats, Floats]:
    """Return dense standardised features, their means and scales (inf where constant)."""
    dense = np.asarray(X.toarray() if sparse.issparse(X) else X, dtype=np.float64)
    mean, deviation = dense.mean(axis=0), dense.std(axis=0)
    scale = np.where(deviation > 1e-12 * np.maximum(np.abs(mean), 1), deviation, np.inf)
    return (dense - mean) / scale, mean, scale


class ElasticNetPathRegressor(LinearCoefficients):
    """Elastic net (lasso for l1_ratio 1), its penalty chosen on a path by cross-validation.

    Minimises 1/(2n) |y - Xw|² + alpha (l1_ratio |w|₁ + (1 - l1_ratio)/2 |w|²)
    over standardised features, by coordinate descent from the largest penalty
    down, each solution starting from the one before (scikit-learn's
    ElasticNetCV). Most coefficients are exactly 0. X is made dense, so it is
    for hundreds of features.

    Parameters
    ----------
    l1_ratio : float
        Share of the absolute penalty, in (0, 1]. Default 0.5.
    n_alphas : int
        Penalties on the path, at least 1. Default 20.
    n_folds : int
        Inner folds, at least 2. Default 5.
    n_jobs : int
        Threads. Default 1.
    random_state : int
        Seed of the folds. Default 42.

    Attributes
    ----------
    coef_, intercept_ : ndarray
        As in :class:`seqexpr.models.measured.LinearCoefficients`.
    alpha_ : ndarray of float64, shape (t,)
        Chosen penalties.

    References
    ----------
    Zou & Hastie, Regularization and variable selection via the elastic net,
    JRSS B 67 (2005), 301-320. Friedman, Hastie & Tibshirani, Regularization
    paths for generalized linear models via coordinate descent, J. Stat. Softw.
    33 (2010).

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(100, 4))
    >>> model = ElasticNetPathRegressor().fit(X, 3 * X[:, 1])
    >>> (model.coef_[0].round(1) != 0).tolist()
    [False, True, False, False]
    """

    def __init__(
        self,
        *,
        l1_ratio: float = 0.5,
        n_alphas: int = 20,
        n_folds: int = 5,
        n_jobs: int = 1,
        random_state: int = 42,
    ) -> None:
        self.l1_ratio = l1_ratio
        self.n_alphas = n_alphas
        self.n_folds = n_folds
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _fit_target(self, X: Any, y: Floats, weights: Floats | None, groups: Any) -> Any:
        from sklearn.linear_model import ElasticNetCV
        from sklearn.model_selection import KFold

        if not 0 < self.l1_ratio <= 1:
            raise InputError(f"l1_ratio = {self.l1_ratio}: must be in (0, 1]")
        features, mean, scale = _standardize(X)
        folds = min(self.n_folds, len(y))
        if folds < 2 or np.ptp(y) == 0:
            return np.zeros(features.shape[1]), float(np.average(y, weights=weights)), np.nan
        model = ElasticNetCV(
            l1_ratio=self.l1_ratio, alphas=self.n_alphas, tol=1e-3, max_iter=5_000,
            cv=KFold(folds, shuffle=True, random_state=self.random_state), n_jobs=self.n_jobs,
        )  # fmt: skip
        model.fit(features, y, sample_weight=weights)
        coef = model.coef_ / scale
        return coef, model.intercept_ - mean @ coef, model.alpha_

    def _keep(self, states: list[Any]) -> None:
        super()._keep(states)
        self.alpha_ = np.array([state[2] for state in states])


class HuberKmerRegressor(LinearCoefficients):
    """Linear regression in which outliers pull linearly, not quadratically.

    scikit-learn's HuberRegressor over standardised features. X is made dense,
    so it is for hundreds of features.

    Parameters
    ----------
    epsilon : float
        Residuals beyond epsilon robust standard deviations count as outliers;
        at least 1. Default 1.35 (95% efficient under a normal law).
    alpha : float
        Ridge penalty, at least 0. Default 0.01.

    References
    ----------
    Huber & Ronchetti, Robust Statistics (2nd ed., 2009), section 7.

    Examples
    --------
    >>> X = np.arange(20.0)[:, None]
    >>> y = 2 * X[:, 0]
    >>> y[19] = 1000.0
    >>> HuberKmerRegressor().fit(X, y).coef_.round(1).tolist()
    [[2.0]]
    """

    def __init__(self, *, epsilon: float = 1.35, alpha: float = 0.01) -> None:
        self.epsilon = epsilon
        self.alpha = alpha

    def _fit_target(
        self, X: Any, y: Floats, weights: Floats | None, groups: Any
    ) -> tuple[Floats, float]:
        from sklearn.linear_model import HuberRegressor

        features, mean, scale = _standardize(X)
        spread = float(np.std(y)) or 1.0  # the solver stops early on tiny targets
        center = float(np.median(y))
        model = HuberRegressor(epsilon=self.epsilon, alpha=self.alpha, max_iter=2_000)
        model.fit(features, (y - center) / spread, sample_weight=weights)
        coef = model.coef_ * spread / scale
        return coef, center + model.intercept_ * spread - float(mean @ coef)
