"""Ridge regression from moments: of any number of rows, of which none is kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from seqexpr.errors import InputError
from seqexpr.models.moments import Moments
from seqexpr.models.ridge import FURTHER, FittedRidge, RidgePathRegressor, extend_path

__all__ = ["fit_ridge_moments", "solve_ridge_moments"]

Floats = npt.NDArray[np.float64]


def fit_ridge_moments(
    model: RidgePathRegressor, parts: Sequence[Moments], *, validated: Sequence[int] | None = None
) -> RidgePathRegressor:
    """Fit one target of a ridge from the moments of parts of the rows.

    The same estimator as :meth:`RidgePathRegressor.fit`, for rows that do not fit
    in memory: the penalty is the one of the path with the least squared error
    on parts that were left out in turn, and the coefficients are those of all
    rows. Solved by Cholesky decomposition, exactly.

    Parameters
    ----------
    model : RidgePathRegressor
        Its parameters say which penalties and scales; folds are the parts.
    parts : sequence of Moments
        Of disjoint rows, related rows in one part; at least two.
    validated : sequence of int, optional
        Parts that are left out and predicted in turn. Default all; one of a
        million rows is enough.

    Returns
    -------
    RidgePathRegressor
        `model`, fitted.

    Notes
    -----
    Memory is that of `parts` and of four p by p matrices, time that of a
    decomposition (p³ / 3) for each penalty and validated part.

    References
    ----------
    Hoerl & Kennard (1970), Ridge regression, Technometrics 12:55-67, equation 2.1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 3))
    >>> y = X @ [1.0, -1.0, 0.5] + 3
    >>> parts = [Moments.of(X[i::3], y[i::3], np.ones(100)) for i in range(3)]
    >>> model = fit_ridge_moments(RidgePathRegressor(), parts)
    >>> model.coef_.round(2).tolist(), model.intercept_.round(2).tolist()
    ([[1.0, -1.0, 0.5]], [3.0])
    """
    state = solve_ridge_moments(model, parts, validated=validated)
    return model.keep_fitted([state], n_features=len(state.coef))


def solve_ridge_moments(
    model: RidgePathRegressor, parts: Sequence[Moments], *, validated: Sequence[int] | None = None
) -> FittedRidge:
    """Return what :func:`fit_ridge_moments` finds, for a model of several targets.

    Parameters
    ----------
    model, parts, validated
        As for :func:`fit_ridge_moments`; `model` is not changed.

    Returns
    -------
    FittedRidge
        Of one target; hand those of all to :meth:`RidgePathRegressor.keep_fitted`.
    """
    model.check_parameters()
    if len(parts) < 2:
        raise InputError("fit_ridge_moments: at least two parts, one to be left out")
    left_out = range(len(parts)) if validated is None else validated
    total = Moments.sum_of(parts)
    mean, square = total.products[0, 1:-1], np.diag(total.products)[1:-1]
    scale, variance = model.scale_columns(mean / total.weight, square / total.weight)
    path = _Path(model, unit=variance * total.weight)
    if path.unit == 0 or total.squared_error_of_mean() == 0:  # nothing to learn
        return FittedRidge(np.zeros(len(scale)), total.center, path.alphas[-1], path.alphas,
                           np.full(len(path.alphas), np.nan), 0)  # fmt: skip
    folds = [(Moments(total.products - parts[i].products), parts[i]) for i in left_out]
    best = path.choose(folds, scale)
    coef, intercept = _solve(total, scale, path.alphas[best : best + 1])
    return FittedRidge(
        coef[:, 0], float(intercept[0]), float(path.alphas[best]), path.alphas, path.r2, len(scale)
    )


def _solve(moments: Moments, scale: Floats, alphas: Floats) -> tuple[Floats, Floats]:
    """Return coefficients, shape (p, q), and intercepts of some penalties."""
    mean = moments.products[0, 1:-1] / moments.weight
    inner = moments.products[1:-1, 1:-1] - moments.weight * np.outer(mean, mean)
    inner *= scale
    inner *= scale[:, None]
    with_y = scale * (moments.products[1:-1, -1] - moments.weight * mean * moments.center)
    diagonal = inner.diagonal().copy()
    coef = np.empty((len(scale), len(alphas)))
    for number, alpha in enumerate(alphas):
        np.fill_diagonal(inner, diagonal + alpha)
        coef[:, number] = scale * _solved(inner, with_y)
    return coef, moments.center - mean @ coef


def _solved(inner: Floats, with_y: Floats) -> Floats:
    """Solve a positive definite system; one that rounding has made indefinite by least squares."""
    try:
        return np.asarray(cho_solve(cho_factor(inner), with_y))
    except LinAlgError:
        return np.asarray(np.linalg.lstsq(inner, with_y, rcond=None)[0])


class _Path:
    """The penalties, lengthened while the best lies at an end."""

    def __init__(self, model: RidgePathRegressor, *, unit: float) -> None:
        self.unit, self.may_grow = unit, model.alphas is None
        self.alphas = model.path(unit or 1.0)
        self.r2 = np.full(len(self.alphas), np.nan)

    def choose(self, folds: Sequence[tuple[Moments, Moments]], scale: Floats) -> int:
        """Return which penalty predicts the left-out parts best."""
        total = Moments.sum_of([held for _, held in folds]).squared_error_of_mean()

        def r2_of(alphas: Floats) -> Floats:
            errors = [held.squared_error(*_solve(fit, scale, alphas)) for fit, held in folds]
            return np.asarray(1 - np.sum(errors, axis=0) / total)

        known: dict[float, float] = {}
        for added in range(1 + FURTHER):
            new = np.array([alpha for alpha in self.alphas.tolist() if alpha not in known])
            known.update(zip(new.tolist(), r2_of(new).tolist(), strict=True))
            self.r2 = np.array([known[alpha] for alpha in self.alphas.tolist()])
            longer = extend_path(self.alphas, int(np.argmax(self.r2)))
            if not self.may_grow or added == FURTHER or len(longer) == len(self.alphas):
                break
            self.alphas = longer
        return int(np.argmax(self.r2))
