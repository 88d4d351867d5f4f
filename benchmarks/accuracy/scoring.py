"""Scores with intervals, ceilings, and paired differences, from predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.problems import HeldOut
from benchmarks.accuracy.sets import Metric
from seqexpr.evaluation.ceiling import noise_ceiling
from seqexpr.evaluation.comparison import compare_on_rows
from seqexpr.evaluation.metrics import METRICS
from seqexpr.evaluation.resampling import Bootstrap

__all__ = ["auroc", "difference", "score"]

Floats = npt.NDArray[np.float64]


def _bootstrap(test: HeldOut) -> Bootstrap:
    return Bootstrap(len(test.observed), test.groups, rng=np.random.default_rng(0))


def auroc(observed: Floats, predicted: Floats, counts: npt.NDArray[np.int64]) -> float:
    """Return the share of pairs of a one and a zero that are in order; an equal pair is a half.

    Row i counts `counts[i]` times. NaN where one class is missing.
    """
    codes = np.unique(predicted, return_inverse=True)[1]
    ones = np.bincount(codes, weights=counts * observed)
    zeros = np.bincount(codes, weights=counts * (1 - observed))
    pairs = ones.sum() * zeros.sum()
    return float(ones @ (np.cumsum(zeros) - zeros / 2) / pairs) if pairs else np.nan


def _value(observed: Floats, predicted: Floats, metric: Metric) -> float:
    if metric == "auroc":
        return auroc(observed, predicted, np.ones(len(observed), dtype=np.int64))
    return METRICS[metric].compute(observed, predicted)


def _draws(boot: Bootstrap, test: HeldOut, predicted: Floats, *, metric: Metric) -> Floats:
    """Return the score on each resample."""
    if metric != "auroc":
        return boot.scores(test.observed, predicted)[metric]
    counted = boot.row_counts()
    return np.array([auroc(test.observed, predicted, counts) for counts in counted])


def score(test: HeldOut, predicted: Floats, *, metric: Metric) -> dict[str, Any]:
    """Return the score with its 95% interval, and the ceiling where the noise is known."""
    if len(predicted) != len(test.observed) or not np.isfinite(predicted).all():
        raise ValueError(f"expected {len(test.observed)} finite predictions")
    boot = _bootstrap(test)
    draws = _draws(boot, test, predicted, metric=metric)
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return {
        "metric": metric,
        "value": _value(test.observed, predicted, metric),
        "low": float(low),
        "high": float(high),
        "n": len(predicted),
        "n_drawn": boot.n_units,
        "ceiling": _ceiling(test, predicted, metric=metric),
    }


def _ceiling(test: HeldOut, predicted: Floats, *, metric: Metric) -> dict[str, Any] | None:
    if test.noise is None or metric == "auroc":
        return None
    found = noise_ceiling(
        test.observed,
        test.noise,
        target="expression",
        rng=np.random.default_rng(0),
        predictions={"model": predicted},
        groups=test.groups,
    )
    if found is None:
        return None
    bound = getattr(found, metric)
    share = next(share for share in found.shares if share.metric == metric)
    return {
        "value": bound.value,
        "low": bound.low,
        "high": bound.high,
        "method": found.method,
        "share": share.value,
        "share_low": share.low,
        "share_high": share.high,
    }


def difference(test: HeldOut, ours: Floats, theirs: Floats, *, metric: Metric) -> dict[str, Any]:
    """Return our score less theirs on the same rows, with its 95% interval.

    By :func:`seqexpr.evaluation.comparison.compare_on_rows`; for an AUROC, which it does not know,
    by the quantiles over the same resamples.
    """
    boot = _bootstrap(test)
    if metric == "auroc":
        draws = _draws(boot, test, ours, metric=metric) - _draws(boot, test, theirs, metric=metric)
        low, high = map(float, np.nanquantile(draws, [0.025, 0.975]))
        y = test.observed
        value: float | None = _value(y, ours, metric) - _value(y, theirs, metric)
        return {"value": value, "low": low, "high": high}
    found = compare_on_rows(
        test.observed,
        {"ours": ours, "theirs": theirs},
        bootstrap=boot,
        set="test",
        target="expression",
    )
    one = next(comparison for comparison in found if comparison.metric == metric)
    return {"value": one.difference, "low": one.low, "high": one.high}
