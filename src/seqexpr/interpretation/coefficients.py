"""The coefficients of a line over words, with intervals, and what they say in plain words.

The line is fitted again on the training rows with random weights (the Bayesian
bootstrap), its penalty as it was chosen; a coefficient's standard error is the
standard deviation over these fits. A penalised coefficient is pulled to 0, and
so is its interval: it is one of what the model says, not of what a base does.

References
----------
Rubin (1981), The Bayesian bootstrap, Annals of Statistics 9:130-134. Benjamini &
Hochberg (1995), Controlling the false discovery rate, JRSS B 57:289-300.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from seqexpr.models.fitting import fit_model
from seqexpr.models.measured import LinearCoefficients

__all__ = ["Coefficient", "coefficient_table", "in_words"]

Floats = npt.NDArray[np.float64]

N_RESAMPLES = 25
MOST_SHOWN = 200
ALIKE = 0.9
"""Correlation of two features from which on nobody can tell which of them acts."""
FDR = 0.05


@dataclass(frozen=True)
class Coefficient:
    """A feature of a line, and features that cannot be told from it.

    Attributes
    ----------
    name : str
        Of the feature, such as "TATAAT".
    value, low, high : float
        Coefficient in target units a unit of the feature, and its 95% interval.
    p_value, q_value : float
        Of a coefficient of 0, and the false discovery rate among all.
    alike : tuple of str
        Features correlated with it by 0.9 or more.
    """

    name: str
    value: float
    low: float
    high: float
    p_value: float
    q_value: float
    alike: tuple[str, ...] = ()


def coefficient_table(
    model: Any,
    sequences: Sequence[str],
    y: Floats,
    *,
    target: int = 0,
    groups: Any = None,
    n_resamples: int = N_RESAMPLES,
    rng: np.random.Generator,
    on_done: Callable[[int], None] | None = None,
) -> list[Coefficient]:
    """Return the coefficients of a fitted line, the surest first.

    Parameters
    ----------
    model : Pipeline
        Fitted; its last step is a line
        (:class:`seqexpr.models.measured.LinearCoefficients`).
    sequences : sequence of str, length n
        Its training sequences.
    y : ndarray of float64, shape (n,)
        What it was fitted on; NaN = not measured.
    target : int
        Which of its targets that is. Default 0.
    groups : array-like, shape (n,), optional
        Rows of a group get one random weight.
    n_resamples : int
        Fits, at least 20. Default 25.
    rng : numpy.random.Generator
        Source of randomness.
    on_done : callable, optional
        Told the number of fits that are done.

    Returns
    -------
    list of Coefficient
        At most 200. The interval is the coefficient and t standard errors, of as
        many degrees of freedom as there are fits, less one. With few rows a
        feature it is too narrow, by about sqrt(1 - p / n).

    Examples
    --------
    >>> from seqexpr.models.registry import make_model
    >>> rng = np.random.default_rng(0)
    >>> rows = ["".join(rng.choice(list("ACGT"), size=20)) for _ in range(300)]
    >>> y = np.array([float("ACG" in row) for row in rows]) + rng.normal(0, 0.3, 300)
    >>> model = make_model("tutorial").fit(rows, y)
    >>> best = coefficient_table(model, rows, y, rng=rng, n_resamples=20)[0]
    >>> best.name, best.low > 0.5
    ('ACG', True)
    """
    from scipy import stats

    features, regressor = model[:-1], model[-1]
    names = np.asarray(model[0].get_feature_names_out(), dtype=object)
    values = regressor.coef_[target]
    used = np.flatnonzero(np.isfinite(y)).tolist()
    X = features.transform([sequences[row] for row in used])
    error = _standard_errors(
        regressor, X, y[used], target=target, rng=rng, n_resamples=n_resamples, on_done=on_done,
        units=np.arange(len(used)) if groups is None else np.asarray(groups)[used],
    )  # fmt: skip
    safe = np.where(error > 0, error, np.inf)
    # The standard error is itself estimated from so many fits.
    freedom = n_resamples - 1
    p_values = np.where(values != 0, 2 * stats.t.sf(np.abs(values) / safe, freedom), 1.0)
    q_values = stats.false_discovery_control(p_values)
    half = float(stats.t.ppf(0.975, freedom)) * error
    order = np.lexsort([-np.abs(values), p_values])
    order = order[values[order] != 0][:MOST_SHOWN]
    taken: set[int] = set()
    table = []
    partners = _partners(X, order)
    for feature in order.tolist():
        if feature in taken:
            continue
        alike = [other for other in partners[feature] if other not in taken and other != feature]
        taken |= {feature, *alike}
        value = float(values[feature])
        table.append(
            Coefficient(
                str(names[feature]), value, value - float(half[feature]),
                value + float(half[feature]), float(p_values[feature]), float(q_values[feature]),
                tuple(str(names[other]) for other in alike),
            )
        )  # fmt: skip
    return table


def _standard_errors(
    regressor: LinearCoefficients, X: Any, y: Floats, *, target: int, units: Any,
    n_resamples: int, rng: np.random.Generator, on_done: Callable[[int], None] | None,
) -> Floats:  # fmt: skip
    """Return the standard deviation of each coefficient over fits with random weights."""
    again = clone(regressor)
    if hasattr(regressor, "alphas") and hasattr(regressor, "alpha_"):
        again.set_params(alphas=(float(regressor.alpha_[target]),))
    _, unit_of = np.unique(units, return_inverse=True)
    total, squares = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    for number in range(n_resamples):
        weights = rng.exponential(size=int(unit_of.max()) + 1)[unit_of]
        fitted = fit_model(again, X, y, sample_weight=weights, groups=units)
        coefficients = fitted.coef_[0]
        total += coefficients
        squares += coefficients**2
        if on_done is not None:
            on_done(number + 1)
    variance = squares / n_resamples - (total / n_resamples) ** 2
    return np.asarray(np.sqrt(np.maximum(variance, 0.0) * n_resamples / (n_resamples - 1)))


def _partners(X: Any, columns: npt.NDArray[np.int64]) -> dict[int, list[int]]:
    """Return for each column those of the others that are correlated with it."""
    some = X[:, columns]
    dense = np.asarray(some.toarray() if hasattr(some, "toarray") else some, dtype=np.float64)
    dense = dense - dense.mean(axis=0)
    scale = np.sqrt((dense**2).sum(axis=0))
    correlation = (dense / np.where(scale > 0, scale, np.inf)).T @ (
        dense / np.where(scale > 0, scale, np.inf)
    )
    return {
        int(column): [int(other) for other in columns[np.flatnonzero(np.abs(row) >= ALIKE)]]
        for column, row in zip(columns, correlation, strict=True)
    }


def in_words(coefficient: Coefficient, *, mode: str, unit: str) -> str:
    """Return what a coefficient says.

    Parameters
    ----------
    coefficient : Coefficient
        Of a feature of words.
    mode : {"count", "presence", "frequency", "other"}
        What the feature is.
    unit : str
        Of the target; may be empty.

    Examples
    --------
    >>> found = Coefficient("TATAAT", 0.8, 0.6, 1.0, 1e-9, 1e-7)
    >>> in_words(found, mode="presence", unit="log2")
    'TATAAT present: +0.80 log2 [0.60, 1.00]'
    >>> in_words(found, mode="count", unit="")
    'each TATAAT: +0.80 [0.60, 1.00]'
    >>> in_words(Coefficient("pos12=A", 0.8, 0.6, 1.0, 1e-9, 1e-7), mode="other", unit="")
    'A at base 12: +0.80 [0.60, 1.00]'
    """
    name = coefficient.name
    place = re.fullmatch(r"pos(-?\d+)=([ACGT])", name)
    what = {
        "count": f"each {name}",
        "presence": f"{name} present",
        "frequency": f"all words {name} rather than none",
    }.get(mode, name)
    if place is not None:
        what = f"{place[2]} at base {place[1]}"
    unit = f" {unit}" if unit else ""
    span = f"[{coefficient.low:.2f}, {coefficient.high:.2f}]"
    return f"{what}: {coefficient.value:+.2f}{unit} {span}"
