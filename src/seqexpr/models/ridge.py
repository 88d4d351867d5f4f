"""Ridge over sparse features, its penalty chosen by cross-validation in one pass.

The solutions for all penalties and all folds come from one set of Krylov
spaces (:mod:`seqexpr.models.krylov`); nothing is fitted again for a penalty.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seqexpr.errors import InputError
from seqexpr.models.krylov import KrylovSpaces, ScaledFeatures
from seqexpr.models.measured import Floats, LinearCoefficients

__all__ = ["RidgePathRegressor"]

_STEP = 5  # dimensions between two looks at the cross-validated score
_EXACT = 1e-7  # relative residual at which a solution counts as exact


class RidgePathRegressor(LinearCoefficients):
    """Ridge regression over sparse features, the penalty chosen by cross-validation.

    Minimises, over coefficients w of standardised features and an intercept,
    sum_i v_i (y_i - x_i·w - c)² / n + alpha · |w|², with weights v of mean 1.

    Parameters
    ----------
    alphas : tuple of float
        Penalties to choose from, positive, relative to a feature of variance
        1. Default: ten from 0.003 to 100, evenly in the logarithm.
    n_folds : int
        Folds of the inner cross-validation, at least 2. Default 5, at most one a row.
    max_iter : int
        Largest dimension of the Krylov space. Default 100.
    tol : float
        The search for the penalty stops when the best cross-validated R² changes
        by less than `tol` in 5 steps. Default 1e-4.
    n_jobs : int
        Threads. Default 1.
    random_state : int
        Seed of the folds. Default 42.

    Attributes
    ----------
    coef_ : ndarray of float64, shape (t, p)
        Coefficients in target units a unit of the raw feature.
    intercept_ : ndarray of float64, shape (t,)
        Intercepts.
    alpha_ : ndarray of float64, shape (t,)
        Chosen penalties.
    cv_r2_ : ndarray of float64, shape (t, n_alphas)
        Cross-validated R² of each penalty.
    n_iter_ : ndarray of int64, shape (t,)
        Dimension of the Krylov space.

    References
    ----------
    Hoerl & Kennard, Ridge regression, Technometrics 12 (1970), 55-67. Solver:
    :mod:`seqexpr.models.krylov`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.poisson(1.0, size=(200, 5)).astype(float)
    >>> model = RidgePathRegressor().fit(X, X @ [1.0, -1.0, 0.0, 0.0, 2.0])
    >>> model.coef_.round(1).tolist()
    [[1.0, -1.0, 0.0, -0.0, 2.0]]
    """

    def __init__(
        self,
        *,
        alphas: tuple[float, ...] | None = None,
        n_folds: int = 5,
        max_iter: int = 100,
        tol: float = 1e-4,
        n_jobs: int = 1,
        random_state: int = 42,
    ) -> None:
        self.alphas = alphas
        self.n_folds = n_folds
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _penalties(self) -> Floats:
        given = np.geomspace(0.003, 100, 10) if self.alphas is None else np.array(self.alphas)
        if given.ndim != 1 or len(given) == 0 or not (given > 0).all():
            raise InputError(f"alphas = {self.alphas}: expected positive numbers")
        return given.astype(np.float64)

    def _fit_target(self, X: Any, y: Floats, weights: Floats | None) -> Any:
        penalties = self._penalties()
        n = len(y)
        v = np.ones(n) if weights is None else weights * (n / weights.sum())
        features = ScaledFeatures(X, v, self.n_jobs)
        n_folds = min(self.n_folds, n)
        folds = np.random.default_rng(self.random_state).permutation(n) % n_folds
        if n_folds < 2 or len(penalties) == 1:
            spaces, r2 = KrylovSpaces(features, y, v[:, None]), np.full(len(penalties), np.nan)
            chosen = len(penalties) // 2
        else:
            # One problem a fold, without its rows, and a last one on all rows.
            mask = np.column_stack([*((folds != fold) * v for fold in range(n_folds)), v])
            spaces = KrylovSpaces(features, y, mask)
            r2 = self._cross_validate(spaces, folds, y=y, v=v, penalties=penalties)
            chosen = int(np.argmax(r2))
            spaces = spaces.only(-1)
        return self._solve(spaces, float(penalties[chosen]), r2)

    def _cross_validate(
        self, spaces: KrylovSpaces, folds: Any, *, y: Floats, v: Floats, penalties: Floats
    ) -> Floats:
        """Grow the spaces until the best cross-validated R² stands still; return R²."""
        n = len(y)
        rows = np.arange(n)
        total = float(v @ (y - np.average(y, weights=v)) ** 2)
        inside = np.empty((n, 0))
        history: list[float] = []
        r2 = np.zeros(len(penalties))
        while spaces.dimension < self.max_iter:
            # Of each row, the product in the problem of its own fold, where it did not train.
            new = [spaces.grow()[rows, folds] for _ in range(_STEP) if not spaces.is_exhausted()]
            inside = np.column_stack([inside, *new])
            error = np.zeros(len(penalties))
            for fold in range(folds.max() + 1):
                mine = folds == fold
                predicted = spaces.centers[fold] + inside[mine] @ spaces.solve(fold, penalties)
                error += v[mine] @ (y[mine, None] - predicted) ** 2
            r2 = 1 - error / total if total > 0 else np.zeros(len(penalties))
            history.append(float(r2.max()))
            settled = len(history) > 1 and abs(history[-1] - history[-2]) < self.tol
            if settled or spaces.is_exhausted():
                break
        return r2

    def _solve(self, spaces: KrylovSpaces, alpha: float, r2: Floats) -> Any:
        """Grow the space of one problem until its solution for `alpha` is exact."""
        penalty = np.array([alpha])
        limit = min(10 * self.max_iter, spaces.features.shape[1] + 1)
        while True:
            if spaces.dimension:
                coordinates = spaces.solve(0, penalty)[:, 0]
                exact = spaces.residual(0, coordinates) < _EXACT
                if exact or spaces.is_exhausted() or spaces.dimension >= limit:
                    break
            spaces.grow()
        coef, intercept = spaces.coefficients(0, coordinates)
        return coef, intercept, alpha, r2, spaces.dimension

    def _keep(self, states: list[Any]) -> None:
        super()._keep(states)
        self.alpha_ = np.array([state[2] for state in states])
        self.cv_r2_ = np.stack([state[3] for state in states])
        self.n_iter_ = np.array([state[4] for state in states])
