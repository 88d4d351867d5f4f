"""What motifs do in the measurements, whatever a model thinks of them.

The target is regressed on how often each motif stands in each sequence, on
composition, and on pairs of motifs; the coefficient of a motif is what one more
site changes in what was measured, the others being equal. The errors may have
any variance (HC3). The rows should be ones on which neither model nor motif was
found, or the strongest of many is taken for real.

References
----------
White (1980), Econometrica 48:817-838. MacKinnon & White (1985), Some
heteroskedasticity-consistent covariance matrix estimators with improved finite sample
properties, Journal of Econometrics 29:305-325 (HC3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["MeasuredEffect", "regress_each", "regress_robustly"]

Floats = npt.NDArray[np.float64]

LEVEL = 0.95


@dataclass(frozen=True)
class MeasuredEffect:
    """What one more site changes in what was measured.

    Attributes
    ----------
    value, low, high : float
        In target units; the 95% interval. NaN where it cannot be told.
    p_value : float
        Of no effect, two-sided.
    n_with : int
        Rows that have a site.
    """

    value: float
    low: float
    high: float
    p_value: float
    n_with: int


def regress_robustly(
    design: Floats, y: Floats, *, names: int, weights: Floats | None = None
) -> list[MeasuredEffect]:
    """Regress y on columns, and return the first of them with intervals that hold whatever errors.

    Parameters
    ----------
    design : ndarray of float64, shape (n, p)
        Columns; a constant is added.
    y : ndarray of float64, shape (n,)
        Finite.
    names : int
        How many columns, from the first on, are asked for.
    weights : ndarray of float64, shape (n,), optional
        Non-negative weights of the rows.

    Returns
    -------
    list of MeasuredEffect, length `names`
        The interval is the coefficient and t times its HC3 standard error. Its
        degrees of freedom are n less the rank of the columns, but no more than the
        rows that have what is asked for, less one: its error is theirs. NaN for a
        column that is constant, or a sum of others.

    Examples
    --------
    >>> x = np.array([[0.0], [0.0], [1.0], [1.0]])
    >>> found = regress_robustly(x, np.array([0.0, 2.0, 4.0, 6.0]), names=1)[0]
    >>> round(found.value, 6), found.n_with  # the mean of 4 and 6, less that of 0 and 2
    (4.0, 2)
    """
    n = len(y)
    root = np.ones(n) if weights is None else np.sqrt(weights)
    columns = np.column_stack([np.ones(n), design]) * root[:, None]
    unit = np.sqrt((columns**2).sum(axis=0))
    u, s, vt = np.linalg.svd(columns / np.where(unit > 0, unit, 1.0), full_matrices=False)
    kept = s > 1e-9 * s.max(initial=0.0)
    u, s, vt = u[:, kept], s[kept], vt[kept]
    inverse = (vt.T / s) @ u.T / np.where(unit > 0, unit, 1.0)[:, None]  # (p + 1, n)
    coefficients = inverse @ (y * root)
    leverage = (u**2).sum(axis=1)
    residuals = y * root - columns @ coefficients
    spread = residuals / np.maximum(1 - leverage, 1e-9)
    errors = np.sqrt(((inverse * spread) ** 2).sum(axis=1))
    # A column that is a sum of others, or constant, has no coefficient of its own.
    own = (vt**2).sum(axis=0) > 1 - 1e-6
    freedom = n - int(kept.sum())
    return [
        _effect(
            float(coefficients[column]), float(errors[column] if own[column] else np.nan),
            n_with=int((design[:, column - 1] != 0).sum()), freedom=freedom,
        )
        for column in range(1, names + 1)
    ]  # fmt: skip


def regress_each(
    columns: Floats, beside: Floats, y: Floats, *, weights: Floats | None = None
) -> list[MeasuredEffect]:
    """Regress y on each of some columns, one at a time, beside the same others.

    Parameters
    ----------
    columns : ndarray of float64, shape (n, q)
        What is asked for.
    beside : ndarray of float64, shape (n, p)
        What is held equal; a constant is added.
    y, weights
        As for :func:`regress_robustly`.

    Returns
    -------
    list of MeasuredEffect, length q
        Each as :func:`regress_robustly` has it for ``[column, *beside]``.

    References
    ----------
    Frisch & Waugh (1933), Partial time regressions as compared with individual trends,
    Econometrica 1:387-401 (what the others explain is taken out first).
    """
    n = len(y)
    root = np.ones(n) if weights is None else np.sqrt(weights)
    held = np.column_stack([np.ones(n), beside]) * root[:, None]
    unit = np.sqrt((held**2).sum(axis=0))
    u, s, _ = np.linalg.svd(held / np.where(unit > 0, unit, 1.0), full_matrices=False)
    u = u[:, s > 1e-9 * s.max(initial=0.0)]
    scaled = columns * root[:, None]
    rest = scaled - u @ (u.T @ scaled)  # (n, q)
    left = y * root - u @ (u.T @ (y * root))
    squares = (rest**2).sum(axis=0)
    usable = squares > 1e-9 * np.maximum((scaled**2).sum(axis=0), 1e-300)
    squares = np.where(usable, squares, 1.0)
    values = rest.T @ left / squares
    leverage = (u**2).sum(axis=1)[:, None] + rest**2 / squares
    spread = (left[:, None] - rest * values) / np.maximum(1 - leverage, 1e-9)
    errors = np.sqrt(((rest * spread) ** 2).sum(axis=0)) / squares
    return [
        _effect(
            float(value), float(error if is_usable else np.nan), n_with=int(n_with),
            freedom=n - u.shape[1] - 1,
        )
        for value, error, is_usable, n_with in zip(
            values, errors, usable, (columns != 0).sum(axis=0), strict=True
        )
    ]  # fmt: skip


def _effect(value: float, error: float, *, n_with: int, freedom: int) -> MeasuredEffect:
    from scipy import stats

    freedom = min(freedom, n_with - 1)
    if freedom < 1 or not np.isfinite(error):
        return MeasuredEffect(np.nan, np.nan, np.nan, 1.0, n_with)
    half = float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * error
    p_value = float(2 * stats.t.sf(abs(value) / error, freedom)) if error > 0 else 0.0
    return MeasuredEffect(value, value - half, value + half, p_value, n_with)
