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

__all__ = ["MeasuredEffect", "regress_robustly"]

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
        The interval is the coefficient and t times its HC3 standard error, with
        n less the rank of the columns as degrees of freedom. NaN for a column
        that is constant, or a sum of others.

    Examples
    --------
    >>> x = np.array([[0.0], [0.0], [1.0], [1.0]])
    >>> found = regress_robustly(x, np.array([0.0, 2.0, 4.0, 6.0]), names=1)[0]
    >>> round(found.value, 6), found.n_with  # the mean of 4 and 6, less that of 0 and 2
    (4.0, 2)
    """
    from scipy import stats

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
    effects = []
    for column in range(1, names + 1):
        n_with = int((design[:, column - 1] != 0).sum())
        if freedom < 1 or not own[column] or not np.isfinite(errors[column]):
            effects.append(MeasuredEffect(np.nan, np.nan, np.nan, 1.0, n_with))
            continue
        value, error = float(coefficients[column]), float(errors[column])
        half = float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * error
        p_value = float(2 * stats.t.sf(abs(value) / error, freedom)) if error > 0 else 0.0
        effects.append(MeasuredEffect(value, value - half, value + half, p_value, n_with))
    return effects
