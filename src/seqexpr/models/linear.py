"""Linear models beside ridge: elastic net and lasso for few k-mers, Huber for outliers."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from seqexpr.errors import InputError
from seqexpr.models.folds import assign_folds
from seqexpr.models.measured import Floats, LinearCoefficients
from seqexpr.models.moments import ElasticNetPath, Moments, dense_blocks
from seqexpr.models.ridge import RidgePathRegressor

__all__ = ["ElasticNetPathRegressor", "HuberKmerRegressor"]

_LOOK = 5  # penalties between two looks at the cross-validated error


class ElasticNetPathRegressor(LinearCoefficients):
    """Elastic net (lasso for l1_ratio = 1), its penalty chosen on a path by cross-validation.

    Minimises ``sum_i v_i (y_i - c - x_i w)^2 / (2 sum_i v_i) + alpha (l1_ratio
    |w|_1 + (1 - l1_ratio) / 2 |w|^2)`` over the coefficients w of standardised
    features and the intercept c, with sample weights v. Most coefficients are
    exactly 0.

    Rows enter only through their means and covariances, which are summed up
    once for each fold; so coordinate descent (scikit-learn's ``enet_path``,
    from the largest penalty down, each solution starting from the one before)
    costs the same for any number of rows. For up to some thousand features.

    Parameters
    ----------
    l1_ratio : float, default 0.5
        Share of the absolute penalty, in (0, 1].
    n_alphas : int, default 30
        Penalties on the path, at least 2, down to a thousandth of the smallest
        one that makes all coefficients 0.
    n_folds : int, default 5
        Folds, at least 2; fewer where there are fewer rows or groups.
    random_state : int, default 42
        Seed of the folds.

    Attributes
    ----------
    coef_, intercept_ : ndarray
        As in :class:`seqexpr.models.measured.LinearCoefficients`.
    alpha_ : ndarray of float64, shape (t,)
        Chosen penalties.
    alphas_, cv_r2_ : list of ndarray of float64
        Penalties, descending, as far as they were tried, and their
        cross-validated R²; one array a target.

    References
    ----------
    Zou & Hastie (2005), Regularization and variable selection via the elastic
    net, JRSS B 67:301-320. Friedman, Hastie & Tibshirani (2010), J. Stat.
    Softw. 33(1), section 2.2 (updates from covariances).

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
        n_alphas: int = 30,
        n_folds: int = 5,
        random_state: int = 42,
    ) -> None:
        self.l1_ratio = l1_ratio
        self.n_alphas = n_alphas
        self.n_folds = n_folds
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Choose the penalty and fit each target on its measured rows.

        Parameters, return value and errors are those of
        :meth:`seqexpr.models.ridge.RidgePathRegressor.fit`.
        """
        if not 0 < self.l1_ratio <= 1:
            raise InputError(f"l1_ratio = {self.l1_ratio!r}: must be in (0, 1]")
        if self.n_alphas < 2 or self.n_folds < 2:
            raise InputError(
                f"n_alphas = {self.n_alphas!r} and n_folds = {self.n_folds!r} must be at least 2"
            )
        return self._fit_measured(X, y, sample_weight, groups=groups)

    def _fit_target(self, X: Any, y: Floats, weights: Floats | None, groups: Any) -> Any:
        v = np.ones(len(y)) if weights is None else weights
        level = float(np.average(y, weights=v))
        y = y - level  # sums of squares of large numbers would lose digits
        folds = assign_folds(
            len(y), n_folds=self.n_folds, groups=groups, random_state=self.random_state
        )
        n_folds = int(folds.max()) + 1
        parts = [Moments.of(X, y, v, rows=np.flatnonzero(folds == f)) for f in range(n_folds)]
        whole = Moments.sum_of(parts)
        largest = whole.largest_penalty() / self.l1_ratio
        if n_folds == 1 or largest == 0:  # one row, or nothing to explain it with
            none = np.zeros(self.n_alphas)
            return none[:1].repeat(X.shape[1]), level, 0.0, none, none
        alphas = largest * np.geomspace(1, 1e-3, self.n_alphas)
        r2 = self._cross_validate(parts, alphas)
        best = int(np.argmax(r2))
        path = ElasticNetPath(whole, l1_ratio=self.l1_ratio)
        coef, intercept = path.advance(alphas[: best + 1])
        return coef[:, -1], level + intercept[-1], alphas[best], alphas[: len(r2)], r2

    def _cross_validate(self, parts: list[Moments], alphas: Floats) -> Floats:
        """Return R² of the penalties, as far down the path as the best may lie."""
        others = [Moments.sum_of(parts[:i] + parts[i + 1 :]) for i in range(len(parts))]
        pairs = [
            (ElasticNetPath(rest, l1_ratio=self.l1_ratio), part)
            for rest, part in zip(others, parts, strict=True)
            if rest.weight > 0
        ]
        whole = Moments.sum_of(parts)
        level = np.array([whole.center])
        total = whole.squared_error(np.zeros((len(whole.products) - 2, 1)), level)
        r2 = np.empty(0)
        for start in range(0, len(alphas), _LOOK):
            error = np.zeros(len(alphas[start : start + _LOOK]))
            for path, part in pairs:
                coef, intercept = path.advance(alphas[start : start + _LOOK])
                error += part.squared_error(coef, intercept)
            r2 = np.concatenate([r2, 1 - error / total])
            if np.argmax(r2) < start:  # smaller penalties cost the most time
                break
        return r2

    def _keep(self, states: list[Any]) -> None:
        super()._keep(states)
        self.alpha_ = np.array([state[2] for state in states])
        self.alphas_ = [state[3] for state in states]
        self.cv_r2_ = [state[4] for state in states]


class HuberKmerRegressor(LinearCoefficients):
    """Linear regression in which outliers pull linearly, not quadratically.

    scikit-learn's HuberRegressor over standardised features. X is made dense
    (8 n p bytes, twice), so it is for hundreds of features.

    Parameters
    ----------
    epsilon : float, default 1.35
        Residuals beyond so many robust standard deviations count as outliers;
        at least 1. The default is 95% efficient if there are none.
    alpha : float, optional
        Squared penalty on the coefficients of standardised features, for a
        target of standard deviation 1; at least 0. By default that of the ridge
        regression that cross-validates best.
    max_iter : int, default 1000
        Steps of the solver (L-BFGS), at least 1.
    n_jobs : int, default 1
        Threads of the ridge regression.
    random_state : int, default 42
        Seed of its folds.

    Attributes
    ----------
    coef_, intercept_ : ndarray
        As in :class:`seqexpr.models.measured.LinearCoefficients`.
    alpha_ : ndarray of float64, shape (t,)
        Penalties used.

    References
    ----------
    Huber & Ronchetti (2009), Robust Statistics, 2nd ed., sections 7.7-7.8.

    Examples
    --------
    >>> X = np.arange(20.0)[:, None]
    >>> y = 2 * X[:, 0]
    >>> y[19] = 1000.0
    >>> HuberKmerRegressor(alpha=0.0).fit(X, y).coef_.round(2).tolist()
    [[2.0]]
    """

    def __init__(
        self,
        *,
        epsilon: float = 1.35,
        alpha: float | None = None,
        max_iter: int = 1000,
        n_jobs: int = 1,
        random_state: int = 42,
    ) -> None:
        self.epsilon = epsilon
        self.alpha = alpha
        self.max_iter = max_iter
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit each target on its measured rows.

        Parameters, return value and errors are those of
        :meth:`seqexpr.models.ridge.RidgePathRegressor.fit`.
        """
        if not self.epsilon >= 1 or self.max_iter < 1:
            raise InputError(
                f"epsilon = {self.epsilon!r} and max_iter = {self.max_iter!r} must be at least 1"
            )
        if self.alpha is not None and not self.alpha >= 0:
            raise InputError(f"alpha = {self.alpha!r}: must be None or at least 0")
        return self._fit_measured(X, y, sample_weight, groups=groups)

    def _fit_target(self, X: Any, y: Floats, weights: Floats | None, groups: Any) -> Any:
        from sklearn.linear_model import HuberRegressor

        center, spread = float(np.average(y, weights=weights)), float(np.std(y))
        if spread <= 1e-12 * np.abs(y).max():
            return np.zeros(X.shape[1]), center, 0.0
        unit = (y - center) / spread
        features, mean, scale = _standardized(X)
        alpha = self._penalty(features, unit, weights=weights, groups=groups)
        model = HuberRegressor(epsilon=self.epsilon, alpha=alpha, max_iter=self.max_iter, tol=1e-4)
        with warnings.catch_warnings():
            # scikit-learn says it in terms of lbfgs; ours names the way out.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(features, unit, sample_weight=weights)
        if model.n_iter_ >= self.max_iter:
            text = f"huber: not converged in {self.max_iter} steps; raise max_iter or alpha"
            warnings.warn(text, ConvergenceWarning, stacklevel=2)
        coef = model.coef_ * spread * scale
        return coef, center + model.intercept_ * spread - float(mean @ coef), alpha

    def _penalty(self, features: Floats, unit: Floats, *, weights: Any, groups: Any) -> float:
        if self.alpha is not None:
            return float(self.alpha)
        ridge = RidgePathRegressor(
            column_scale="none", n_jobs=self.n_jobs, random_state=self.random_state
        ).fit(features, unit, sample_weight=weights, groups=groups)
        # Where no residual is an outlier, Huber's loss is r^2 / sigma, ridge's is r^2.
        sigma = float(np.std(unit - ridge.predict(features)))
        return float(ridge.alpha_[0]) / max(sigma, 1e-3)

    def _keep(self, states: list[Any]) -> None:
        super()._keep(states)
        self.alpha_ = np.array([state[2] for state in states])


def _standardized(X: Any) -> tuple[Floats, Floats, Floats]:
    """Return dense standardised features, their means, and the factors (0 where constant)."""
    dense = np.empty(X.shape)
    for rows, block in dense_blocks(X):
        dense[rows] = block
    mean, deviation = dense.mean(axis=0), dense.std(axis=0)
    varies = deviation > 1e-10 * np.maximum(np.abs(mean), 1e-300)
    factor = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=varies)
    dense -= mean
    dense *= factor
    return dense, mean, factor
