"""Learning curve: how the score grows with the number of sequences, and what twice as many give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.evaluation.metrics import METRICS
from seqexpr.evaluation.resampling import Bootstrap

__all__ = ["FRACTIONS", "CurvePoint", "LearningCurve", "measure_learning_curve", "power_law"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Predict = Callable[[Ints, Ints], npt.ArrayLike]

FRACTIONS = (0.125, 0.25, 0.5, 1.0)
"""Parts of the fit rows that the model is fitted on, smallest first."""
FEWEST = 30
"""Rows below which a model is not fitted."""
ENOUGH_HELD_OUT = 3_000
"""Held-out rows from which no further fold is used, if there are two."""
_EXPONENTS = np.linspace(0.02, 2.0, 100)


@dataclass(frozen=True)
class CurvePoint:
    """R² of models that were fitted on one part of the rows.

    Attributes
    ----------
    fraction : float
        Part of the rows, in (0, 1].
    n_fit : int
        Rows that a model was fitted on, on average over folds.
    r2, low, high : float or None
        R² on the held-out rows and its 95% interval; None where undefined.
    """

    fraction: float
    n_fit: int
    r2: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class LearningCurve:
    """R² against the number of rows, and the power law through it.

    Attributes
    ----------
    points : tuple of CurvePoint
        Smallest part first; all on the same held-out rows.
    n : int
        Held-out rows.
    gain, low, high : float or None
        What R² would gain from twice as many rows as the largest part, by the
        power law, and its 95% interval, which may begin below 0.
    exponent : float or None
        c of the power law.
    """

    points: tuple[CurvePoint, ...]
    n: int
    gain: float | None
    low: float | None
    high: float | None
    exponent: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return what ``learning_curve`` of evaluation.json holds."""
        return {**asdict(self), "points": [asdict(point) for point in self.points]}


def measure_learning_curve(
    predict: Predict,
    targets: Floats,
    *,
    cv: Sequence[tuple[Ints, Ints]],
    units: Ints,
    rng: np.random.Generator,
    full: Floats | None = None,
) -> LearningCurve | None:
    """Fit on growing parts of the rows, score on the same held-out rows, extrapolate.

    In each fold the units of the fit rows are put in random order; each part is
    the beginning of that order, so that smaller parts lie inside larger ones
    and units stay whole. R² is computed over the held-out rows of all folds
    that are used together. Its interval draws held-out units, the same ones at
    each part (percentiles); that of the gain is gain ± 1.96 s √(1 + n / n_fit),
    s its standard deviation over the same draws, n the held-out rows of all K
    folds: the correction for fits that share rows. In simulations it held the
    true gain at least nine times in ten.

    Parameters
    ----------
    predict : callable
        ``predict(fit_rows, held_out_rows)`` fits a fresh model and returns the
        predictions of the held-out rows.
    targets : ndarray of float64, shape (n,)
        One target of the train rows; NaN = not measured.
    cv : sequence of (ndarray, ndarray)
        Fit rows and held-out rows of each fold; used until 3,000 rows are held
        out, at least two folds where there are.
    units : ndarray of int64, shape (n,)
        Unit of each row.
    rng : numpy.random.Generator
        Source of randomness.
    full : ndarray of float64, shape (n,), optional
        Predictions of each row by a model fitted on all fit rows of its fold,
        if they are there already; they are not fitted again.

    Returns
    -------
    LearningCurve or None
        None where fewer than three parts hold at least 30 rows, or the
        held-out rows do not vary.

    References
    ----------
    Nadeau & Bengio, Machine Learning 52 (2003), 239-281, section 3 (the
    correction). Figueroa et al., BMC Medical Informatics and Decision Making 12 (2012) 8,
    equation 1 (inverse power law). Hestness et al., arXiv:1712.00409.
    """
    known = np.isfinite(targets) if full is None else np.isfinite(targets) & np.isfinite(full)
    folds = [(fit[np.isfinite(targets[fit])], held[known[held]]) for fit, held in cv]
    folds = _enough([(fit, held) for fit, held in folds if len(held)])
    smallest = min((len(fit) for fit, _ in folds), default=0)
    fractions = [part for part in FRACTIONS if part * smallest >= FEWEST]
    if len(fractions) < 3:
        return None
    rows = np.concatenate([held for _, held in folds])
    predicted = np.full((len(fractions), len(targets)), np.nan)
    sizes = np.zeros((len(fractions), len(folds)))
    for fold, (fit, held) in enumerate(folds):
        order = _in_random_order(units[fit], rng)
        for i, part in enumerate(fractions):
            inside = fit[order <= part * (order.max() + 1)] if part < 1 else fit
            sizes[i, fold] = len(inside)
            if part == 1 and full is not None:
                predicted[i, held] = full[held]
            else:
                predicted[i, held] = np.asarray(predict(inside, held)).reshape(-1)
    y, p = targets[rows], predicted[:, rows]
    bootstrap = Bootstrap(len(y), units[rows], n_resamples=400, rng=rng)
    # Nadeau & Bengio: the folds' fits share rows; 1 / K + n_held / n_fit instead of 1 / K.
    widen = np.sqrt(1 + len(rows) / sizes[-1].mean())
    return _curve(fractions, sizes.mean(axis=1), y, p, bootstrap, widen=float(widen))


def _enough(folds: list[tuple[Ints, Ints]]) -> list[tuple[Ints, Ints]]:
    held = np.cumsum([len(held) for _, held in folds])
    return folds[: max(2, int(np.searchsorted(held, ENOUGH_HELD_OUT)) + 1)]


def _in_random_order(units: Ints, rng: np.random.Generator) -> Ints:
    """Return, for each row, the place of the last row of its unit in a random order of units."""
    names, inside = np.unique(units, return_inverse=True)
    order = rng.permutation(len(names))
    ends = np.empty(len(names), dtype=np.int64)
    ends[order] = np.cumsum(np.bincount(inside)[order]) - 1
    return ends[inside]


def _curve(
    fractions: Sequence[float], sizes: Floats, y: Floats, p: Floats, bootstrap: Bootstrap,
    *, widen: float,
) -> LearningCurve | None:  # fmt: skip
    values = np.array([METRICS["r2"].compute(y, row) for row in p])
    if not np.isfinite(values).all():
        return None
    drawn = np.array([bootstrap.scores(y, row)["r2"] for row in p])
    drawn = drawn[:, np.isfinite(drawn).all(axis=0)]
    enough = bootstrap.n_units > 1 and 2 * drawn.shape[1] > bootstrap.n_resamples
    ends = np.quantile(drawn, [0.025, 0.975], axis=1) if enough else None
    points = tuple(
        CurvePoint(part, round(size), float(value), *_pair(None if ends is None else ends[:, i]))
        for i, (part, size, value) in enumerate(zip(fractions, sizes, values, strict=True))
    )
    relative = sizes / sizes[-1]
    gain, exponent = (float(found[0]) for found in power_law(relative, values[:, None]))
    reach = None
    if enough:
        error = float(power_law(relative, drawn)[0].std(ddof=1)) * widen
        reach = gain + error * np.array([-1.96, 1.96])
    return LearningCurve(points, len(y), gain, *_pair(reach), exponent)


def _pair(ends: Floats | None) -> tuple[float | None, float | None]:
    return (None, None) if ends is None else (float(ends[0]), float(ends[1]))


def power_law(sizes: npt.ArrayLike, r2: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Fit R² = a - b (x^-c - 1) / c and return what doubling x from 1 adds, and c.

    The law is Figueroa's (2012) inverse power law, written so that a is the
    value at x = 1 and that c near 0 is a logarithm. Least squares, points
    weighted by x²: b is at least 0, and c, in [0.02, 2], is looked for on a
    grid. (Curves are often no power law at their beginning. In simulations
    with 2 to 80 rows for each feature x² came nearest to the truth, of weights
    1, x and x².)

    Parameters
    ----------
    sizes : array-like of float, shape (m,)
        Number of rows at each point over that at the last, increasing to 1;
        m at least 3.
    r2 : array-like of float, shape (m, r)
        R² at each point, for r curves.

    Returns
    -------
    gain : ndarray of float64, shape (r,)
        R² at x = 2 less that at x = 1, at least 0.
    exponent : ndarray of float64, shape (r,)
        c.

    Examples
    --------
    >>> x = np.array([0.125, 0.25, 0.5, 1.0])
    >>> gain, exponent = power_law(x, (0.8 - 0.2 * x**-0.5)[:, None])
    >>> f"{gain[0]:.3f} {0.2 * (1 - 2**-0.5):.3f} {exponent[0]:.1f}"
    '0.059 0.059 0.5'
    """
    x = np.asarray(sizes, dtype=np.float64)[:, None]
    y = np.asarray(r2, dtype=np.float64)
    weights = x**2 / np.sum(x**2)
    y = y - (weights * y).sum(axis=0)
    bent = (x**-_EXPONENTS - 1) / _EXPONENTS  # (m, grid)
    bent = bent - (weights * bent).sum(axis=0)
    squared = (weights * bent**2).sum(axis=0)[:, None]
    both = (weights * bent).T @ y  # (grid, r)
    slope = np.maximum(-both / squared, 0)
    left = (weights * y**2).sum(axis=0) + 2 * slope * both + slope**2 * squared
    best = left.argmin(axis=0)
    c = _EXPONENTS[best]
    return slope[best, np.arange(y.shape[1])] * (1 - 2.0**-c) / c, c
