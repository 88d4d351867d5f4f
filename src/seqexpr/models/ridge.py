"""Ridge regression over sparse counts, its penalty chosen by cross-validation in one pass."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning

from seqexpr.errors import InputError, did_you_mean
from seqexpr.models.folds import assign_folds
from seqexpr.models.krylov import Bidiagonalization, RowBlocks
from seqexpr.models.measured import Floats, LinearCoefficients

__all__ = ["FURTHER", "FittedRidge", "RidgePathRegressor", "extend_path"]

SCALES = ("none", "sqrt_std", "std")
_LOOK = 5  # dimensions between the first looks at the cross-validated error
FURTHER = 8
"""Penalties that may be added to the default path."""
_STEP = 10**0.5  # from one penalty of the default path to the next


class RidgePathRegressor(LinearCoefficients):
    """Ridge regression whose penalty is chosen by cross-validation, without refitting.

    Minimises ``sum_i v_i (y_i - c - x_i w)^2 + alpha sum_j (w_j / s_j)^2`` over
    the coefficients w and the intercept c, where v are sample weights and s is
    the scale of each column. All penalties on all folds, and the fit on all
    rows, come from one bidiagonalisation of X (see
    :mod:`seqexpr.models.krylov`), which stops growing when the best penalty no
    longer changes and its solutions have converged.

    Parameters
    ----------
    alphas : sequence of float, optional
        Penalties to choose from, positive. By default ten, a factor of
        sqrt(10) apart, from 10^-6 to 10^-1.5 times the summed variance of the
        scaled columns times the summed weights; and while the best lies at an
        end, further ones beyond it, at most eight.
    column_scale : {"none", "sqrt_std", "std"}, default "sqrt_std"
        What a column is divided by before it is penalised: nothing, so that
        rare k-mers are hardly used; its standard deviation, so that they count
        as much as common ones; or the square root of that, which lies between
        and was best or near the best, inside train, on six of seven measured
        libraries.
    n_folds : int, default 5
        Number of folds, at least 2; fewer where there are fewer rows or groups.
    tol : float, default 1e-3
        Residual of the normal equations, relative to that at zero, at which the
        solution on all rows has converged; positive. The solutions on the folds
        stop at ten times that, and those for penalties below the best may stop
        before.
    max_iter : int, default 500
        Largest dimension of the space, at least 1.
    n_jobs : int, default 1
        Number of threads. The result does not depend on it.
    random_state : int, default 42
        Seed of the folds.

    Attributes
    ----------
    coef_ : ndarray of float64, shape (t, p)
        Coefficients, in target units a unit of the feature.
    intercept_ : ndarray of float64, shape (t,)
        Intercepts, in target units.
    alpha_ : ndarray of float64, shape (t,)
        Chosen penalties.
    alphas_ : list of ndarray of float64, shape (q,)
        Penalties that were tried, ascending, one array a target.
    cv_r2_ : list of ndarray of float64, shape (q,)
        Their cross-validated R², pooled over the folds.
    n_iter_ : ndarray of int64, shape (t,)
        Dimension of the space.

    Notes
    -----
    The time is that of about 2 `n_iter_` products of X with a block of
    ``n_folds + 1`` vectors; memory is X, a few blocks of n by ``n_folds + 1``
    numbers, and `n_iter_` vectors of length n + p (n_folds + 1). Products are
    made in float32 if X is float32, in float64 otherwise. Rows of one group
    never lie in different folds.

    References
    ----------
    Hoerl & Kennard (1970), Ridge regression, Technometrics 12:55-67.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.poisson(1.0, size=(200, 5)).astype(float)
    >>> model = RidgePathRegressor().fit(X, X @ [1.0, -1.0, 0.5, 0.5, 2.0] + 3)
    >>> model.coef_.round(2).tolist(), model.intercept_.round(2).tolist()
    ([[1.0, -1.0, 0.5, 0.5, 2.0]], [3.0])
    """

    def __init__(
        self,
        *,
        alphas: Any = None,
        column_scale: Literal["none", "sqrt_std", "std"] = "sqrt_std",
        n_folds: int = 5,
        tol: float = 1e-3,
        max_iter: int = 500,
        n_jobs: int = 1,
        random_state: int = 42,
    ) -> None:
        self.alphas = alphas
        self.column_scale = column_scale
        self.n_folds = n_folds
        self.tol = tol
        self.max_iter = max_iter
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Choose the penalty and fit each target on its measured rows.

        Parameters
        ----------
        X : CSR matrix or ndarray, shape (n, p)
            Features.
        y : array-like of float, shape (n,) or (n, t)
            Targets; NaN = not measured.
        sample_weight : array-like of float, shape (n,), optional
            Non-negative weights.
        groups : array-like, shape (n,), optional
            Group of each row; rows of a group lie in one fold.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If lengths differ, a target has no measured row, a weight is
            negative, or a parameter is out of range.
        """
        self.check_parameters()
        return self._fit_measured(X, y, sample_weight, groups=groups)

    def check_parameters(self) -> None:
        """Raise InputError unless every parameter is in range."""
        if self.column_scale not in SCALES:
            hint = did_you_mean(str(self.column_scale), SCALES)
            known = ", ".join(map(repr, SCALES))
            raise InputError(f"column_scale = {self.column_scale!r}: must be one of {known}{hint}")
        if self.n_folds < 2:
            raise InputError(f"n_folds = {self.n_folds!r}: must be at least 2")
        if self.max_iter < 1 or not self.tol > 0:
            raise InputError(
                f"max_iter = {self.max_iter!r} must be at least 1 and tol = {self.tol!r} positive"
            )
        given = np.asarray([1.0] if self.alphas is None else self.alphas, dtype=np.float64)
        if given.ndim != 1 or not len(given) or not (np.isfinite(given) & (given > 0)).all():
            raise InputError(f"alphas = {self.alphas!r}: expected positive numbers")

    def _scales(self, X: RowBlocks, v: Floats) -> tuple[Floats, float]:
        """Return the scale of each column, and the summed variance of the scaled columns."""
        mean = X.transposed_times(v[:, None])[:, 0] / v.sum()
        square = X.squares_times(v) / v.sum()
        return self.scale_columns(mean, square, eps=float(np.finfo(X.dtype).eps))

    def scale_columns(
        self, mean: Floats, square: Floats, *, eps: float = float(np.finfo(np.float64).eps)
    ) -> tuple[Floats, float]:
        """Return the scale of each column, and the summed variance of the scaled columns.

        Parameters
        ----------
        mean, square : ndarray of float64, shape (p,)
            Weighted means of the columns and of their squares.
        eps : float
            Rounding error of these, relative.
        """
        variance = square - mean**2
        varies = variance > 100 * eps * square  # what is left of a constant column is rounding
        deviation = np.sqrt(np.where(varies, variance, 1.0))
        power = {"none": 0.0, "sqrt_std": 0.5, "std": 1.0}[self.column_scale]
        scale = np.where(varies, deviation**-power, 0.0)
        return scale, float(np.sum(scale**2 * np.where(varies, variance, 0.0)))

    def _fit_target(self, X: Any, y: Floats, weights: Floats | None, groups: Any) -> FittedRidge:
        v = np.ones(len(y)) if weights is None else weights
        blocks = RowBlocks(_floating(X), n_jobs=self.n_jobs)
        scale, variance = self._scales(blocks, v)
        folds = assign_folds(
            len(y), n_folds=self.n_folds, groups=groups, random_state=self.random_state
        )
        unit = variance * float(v.sum())
        if unit == 0 or np.ptp(y) == 0:  # nothing to learn from, or nothing to learn
            alphas = self.path(unit or 1.0)
            level = float(np.average(y, weights=v))
            return FittedRidge(np.zeros(len(scale)), level, alphas[-1], alphas, alphas * 0, 0)
        masks = [(folds != fold) * v for fold in range(folds.max() + 1)] if folds.max() else []
        # A fold whose other rows have no weight has nothing to say.
        masks = [mask if mask.any() else v for mask in masks]
        spaces = Bidiagonalization(blocks, scale, y, weights=np.column_stack([*masks, v]))
        return _Search(self, spaces, y, v=v, folds=folds, alphas=self.path(unit)).run()

    def path(self, unit: float) -> Floats:
        """Return the penalties to choose from, ascending, for a summed variance of the columns."""
        if self.alphas is not None:
            return np.unique(np.asarray(self.alphas, dtype=np.float64))
        return unit * 1e-6 * _STEP ** np.arange(10.0)

    def keep_fitted(self, states: list[FittedRidge], *, n_features: int) -> Self:
        """Take what was found elsewhere (:mod:`seqexpr.models.ridge_moments`), target by target."""
        self.n_features_in_ = n_features
        self.n_targets_ = 0 if len(states) == 1 else len(states)  # 0 = y was a vector
        self._keep(states)
        return self

    def _keep(self, states: list[FittedRidge]) -> None:
        super()._keep([(state.coef, state.intercept) for state in states])
        self.alpha_ = np.array([state.alpha for state in states])
        self.alphas_ = [state.alphas for state in states]
        self.cv_r2_ = [state.r2 for state in states]
        self.n_iter_ = np.array([state.n_iter for state in states])


@dataclass(frozen=True, eq=False)
class FittedRidge:
    """What was found for one target: see the attributes of :class:`RidgePathRegressor`."""

    coef: Floats
    intercept: float
    alpha: float
    alphas: Floats
    r2: Floats
    n_iter: int


class _Search:
    """Grow the spaces until the best penalty is known and its solution has converged."""

    def __init__(
        self,
        model: RidgePathRegressor,
        spaces: Bidiagonalization,
        y: Floats,
        *,
        v: Floats,
        folds: npt.NDArray[np.int64],
        alphas: Floats,
    ) -> None:
        self.model, self.spaces, self.y, self.v, self.folds = model, spaces, y, v, folds
        self.alphas = alphas
        self.n_folds = int(folds.max()) + 1 if folds.max() else 0
        # Of each row, the basis vectors of the problem of its own fold, where it did not train.
        self.seen = np.empty((len(y), 0), dtype=spaces.dtype)
        self.added = 0
        # Single precision cannot get further than this.
        self.tol = max(model.tol, 100 * float(np.finfo(spaces.dtype).eps))

    def run(self) -> FittedRidge:
        self._grow()
        best, r2 = self._choose()
        while self.n_folds and self._worst_residual(best) > 10 * self.tol and self._grow():
            best, r2 = self._choose()
        # The choice is made; what follows concerns the fit on all rows.
        self.spaces.drop_others(self.n_folds)
        self.n_folds = 0
        alpha = self.alphas[best : best + 1]
        coordinates, residual = self.spaces.solve(0, alpha)
        while residual[0] > self.tol and self._grow():
            coordinates, residual = self.spaces.solve(0, alpha)
        if residual[0] > self.tol:
            limit = self.model.max_iter
            text = f"ridge: not converged in {limit} steps; raise max_iter or tol"
            warnings.warn(text, ConvergenceWarning, stacklevel=2)
        coef, intercept = self.spaces.coefficients(0, coordinates[:, 0])
        return FittedRidge(coef, intercept, float(alpha[0]), self.alphas, r2, self.spaces.dimension)

    def _grow(self) -> bool:
        """Add some dimensions, as far as the limit allows."""
        # Looks at the solutions grow rarer as they grow dearer.
        steps = max(_LOOK, self.spaces.dimension // 8)
        steps = min(steps, self.model.max_iter - self.spaces.dimension)
        columns = [self.spaces.grow() for _ in range(steps)]
        if self.n_folds and columns:
            rows = np.arange(len(self.y))
            new = np.column_stack([column[rows, self.folds] for column in columns])
            self.seen = np.concatenate([self.seen, new], axis=1)
        return bool(columns)

    def _choose(self) -> tuple[int, Floats]:
        """Return which penalty is best, the path being lengthened as needed, and R² of each."""
        r2 = self._cross_validate()
        best = int(np.argmax(r2)) if self.n_folds else len(self.alphas) // 2
        while self._extend(best):
            r2 = self._cross_validate()
            best = int(np.argmax(r2))
        return best, r2

    def _worst_residual(self, best: int) -> float:
        """Return the largest residual of the best and the next smaller penalty on the folds."""
        near = self.alphas[max(best - 1, 0) : best + 1]
        return float(max(self.spaces.solve(fold, near)[1].max() for fold in range(self.n_folds)))

    def _cross_validate(self) -> Floats:
        """Return R² of each penalty, pooled over the folds; NaN where there are no folds."""
        if not self.n_folds:
            return np.full(len(self.alphas), np.nan)
        error = np.zeros(len(self.alphas))
        for fold in range(self.n_folds):
            mine = self.folds == fold
            coordinates, _ = self.spaces.solve(fold, self.alphas)
            predicted = self.spaces.centers[fold] + self.seen[mine] @ coordinates
            error += self.v[mine] @ (self.y[mine, None] - predicted) ** 2
        total = self.v @ (self.y - np.average(self.y, weights=self.v)) ** 2
        return np.asarray(1 - error / total)

    def _extend(self, best: int) -> bool:
        """Add a penalty beyond the end of the path where the best lies."""
        if self.model.alphas is not None or not self.n_folds or self.added >= FURTHER:
            return False
        longer = extend_path(self.alphas, best)
        if len(longer) == len(self.alphas):
            return False
        self.alphas = longer
        self.added += 1
        return True


def extend_path(alphas: Floats, best: int) -> Floats:
    """Return penalties with one more beyond the end where the best lies, if it lies at one.

    Examples
    --------
    >>> extend_path(np.array([1.0, 2.0, 3.0]), 1)
    array([1., 2., 3.])
    >>> len(extend_path(np.array([1.0, 2.0, 3.0]), 0))
    4
    """
    if best == 0:
        return np.concatenate([[alphas[0] / _STEP], alphas])
    if best == len(alphas) - 1:
        return np.concatenate([alphas, [alphas[-1] * _STEP]])
    return alphas


def _floating(X: Any) -> Any:
    dtype = np.float32 if X.dtype == np.float32 else np.float64
    return X.astype(dtype, copy=False)
