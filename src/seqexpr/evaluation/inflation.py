"""Inflation: how much better a model looks when its relatives are in train."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.data.inputs import Inputs, take_rows
from seqexpr.errors import InputError
from seqexpr.evaluation.metrics import METRICS
from seqexpr.evaluation.resampling import Bootstrap

__all__ = ["Inflation", "draw_families", "measure_inflation"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Inflation:
    """One score out of fold, with random folds and with folds of whole families.

    Attributes
    ----------
    metric : str
        "r2" or "pearson".
    at_random, by_family : float
        The score with each kind of folds; NaN where undefined.
    difference, low, high : float
        ``at_random - by_family`` and its 95% interval.
    n : int
        Rows scored.
    """

    metric: str
    at_random: float
    by_family: float
    difference: float
    low: float
    high: float
    n: int

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready; undefined numbers are None."""
        document: dict[str, Any] = {"metric": self.metric, "n": self.n}
        for name in ("at_random", "by_family", "difference", "low", "high"):
            value = float(getattr(self, name))
            document[name] = value if np.isfinite(value) else None
        return document


def measure_inflation(
    fit: Callable[[Any, Floats, Ints], Any],
    inputs: Inputs,
    targets: Floats,
    *,
    family_folds: Ints,
    random_folds: Ints,
    families: Ints,
    copies: Ints,
    rng: np.random.Generator,
    max_rows: int = 4_000,
) -> tuple[Inflation, ...]:
    """Score a procedure out of fold twice: with random folds, and with whole families.

    The interval draws whole families, the same ones for both scores (paired
    percentile bootstrap). It does not cover the luck of how folds were drawn.

    Parameters
    ----------
    fit : callable
        ``fit(inputs, targets, units) -> model`` with ``model.predict(inputs)``; a
        fresh model each time. What it chooses by folds of its own keeps the
        units whole: copies with random folds, families with those of families,
        as a run with either split would do.
    inputs : array of str, shape (n,), or DataFrame
        Train sequences, with covariates or without.
    targets : ndarray of float64, shape (n,)
        One target; rows without a value are left out.
    family_folds, random_folds : ndarray of int64, shape (n,)
        Fold of each row, 0 and up, by family and at random; in both, copies
        lie in one fold. Rows of fold -1 train and are not scored.
    families : ndarray of int64, shape (n,)
        Family of each row.
    copies : ndarray of int64, shape (n,)
        Rows of the same sequence.
    rng : numpy.random.Generator
        Source of randomness.
    max_rows : int
        Whole families are drawn up to about this many rows, at least 2.
        Rows drawn one by one would tear families and hide the inflation.
        Default 4,000.

    Returns
    -------
    tuple of Inflation
        For R² and for Pearson's r.

    Raises
    ------
    InputError
        If either kind of folds leaves no row to train or none to score.

    References
    ----------
    Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    rows = np.flatnonzero(~np.isnan(targets))
    rows = draw_families(rows, families, max_rows, rng)
    y, text = targets[rows], take_rows(inputs, rows)
    predictions = [
        _out_of_fold(fit, text, y, folds=folds[rows], units=units[rows])
        for folds, units in ((random_folds, copies), (family_folds, families))
    ]
    scored = ~(np.isnan(predictions[0]) | np.isnan(predictions[1]))
    if not scored.any():
        raise InputError("inflation: no row is scored with both kinds of folds; pass other folds")
    y, own = y[scored], families[rows][scored]
    bootstrap = Bootstrap(len(y), own.astype(str).astype(object), rng=rng)
    p_random, p_family = (prediction[scored] for prediction in predictions)
    resampled = [bootstrap.scores(y, p) for p in (p_random, p_family)]
    found = []
    for metric in ("r2", "pearson"):
        values = [METRICS[metric].compute(y, p) for p in (p_random, p_family)]
        gaps = resampled[0][metric] - resampled[1][metric]
        gaps = gaps[np.isfinite(gaps)]
        enough = len(gaps) * 2 > len(resampled[0][metric])
        low, high = np.quantile(gaps, [0.025, 0.975]) if enough else (np.nan, np.nan)
        found.append(
            Inflation(
                metric, values[0], values[1], values[0] - values[1], float(low), float(high), len(y)
            )
        )
    return tuple(found)


def draw_families(rows: Ints, families: Ints, max_rows: int, rng: np.random.Generator) -> Ints:
    """Draw whole families up to about `max_rows` rows, at least two families; sorted.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> len(draw_families(np.arange(6), np.array([0, 0, 1, 1, 2, 2]), 4, rng))
    4
    """
    if len(rows) <= max_rows:
        return rows
    names, inside = np.unique(families[rows], return_inverse=True)
    order = rng.permutation(len(names))
    sizes = np.bincount(inside)[order]
    taken = order[: max(2, int(np.searchsorted(np.cumsum(sizes), max_rows, side="right")))]
    return rows[np.isin(inside, taken)]


def _out_of_fold(
    fit: Callable[[Any, Floats, Ints], Any],
    inputs: Inputs,
    y: Floats,
    *,
    folds: Ints,
    units: Ints,
) -> Floats:
    predicted = np.full(len(y), np.nan)
    for fold in np.unique(folds[folds >= 0]):
        held_out = folds == fold
        if held_out.all():
            raise InputError("inflation: all rows are in one fold, so none is left to train on")
        model = fit(take_rows(inputs, ~held_out), y[~held_out], units[~held_out])
        predicted[held_out] = np.asarray(model.predict(take_rows(inputs, held_out))).reshape(-1)
    return predicted
