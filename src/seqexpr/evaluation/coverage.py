"""Coverage on test: how often the intervals held, overall and where it may differ.

coverage = (1/n) #{i: lower_i <= y_i <= upper_i}, over rows that were measured.
Its own 95% interval is Wilson's for a share k / n. With groups, rows of one
group are covered or missed together, so n is replaced by the effective number
n / max(deff, 1), deff = (observed variance of the share over groups) / (its
variance if rows were independent), as survey statisticians do.

References
----------
Wilson, JASA 22 (1927) 209-212; Brown, Cai & DasGupta, Statistical Science 16
(2001) 101-133 (coverage of it). Kish, Survey Sampling (1965), section 8.2 (design
effect); Korn & Graubard, Survey Methodology 24 (1998) 193-201 (effective n in the
binomial interval); ratio variance: Cochran, Sampling Techniques (1977), eq. 9A.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.evaluation.exchangeable import group_weights

__all__ = ["METHOD", "coverage_table", "share_interval"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.object_]

METHOD = "normalised conformal intervals from out-of-fold residuals"
_Z = 1.959963984540054
FEW_GROUPS = 20


def share_interval(
    hits: Bools, groups: Labels | None = None
) -> tuple[float | None, float | None, float | None]:
    """Return a share with its 95% Wilson interval, in [0, 1]; None without rows.

    Parameters
    ----------
    hits : ndarray of bool, shape (n,)
        What is counted.
    groups : ndarray of str, shape (n,), optional
        Rows that belong together; they widen the interval.

    Returns
    -------
    value, low, high : float or None

    Examples
    --------
    >>> hits = np.array([True] * 9 + [False])
    >>> tuple(round(x, 4) for x in share_interval(hits))
    (0.9, 0.5958, 0.9821)
    """
    n = len(hits)
    if n == 0:
        return None, None, None
    share = float(hits.mean())
    effective = n / _design_effect(hits, groups)
    z2 = _Z**2 / effective
    middle = (share + z2 / 2) / (1 + z2)
    half = _Z * np.sqrt(share * (1 - share) / effective + z2 / (4 * effective)) / (1 + z2)
    return share, float(max(0.0, middle - half)), float(min(1.0, middle + half))


def _design_effect(hits: Bools, groups: Labels | None) -> float:
    n, share = len(hits), float(hits.mean())
    codes, _ = group_weights(groups, n)
    sizes = np.bincount(codes)
    if groups is None or len(sizes) < 2:
        # One group says as much as one row.
        return 1.0 if groups is None or n == 1 else float(n)
    if share in (0.0, 1.0):
        return n / len(sizes)  # no spread to learn from: a group counts as one row
    off = np.bincount(codes, hits.astype(float)) - share * sizes
    clustered = len(sizes) / (len(sizes) - 1) * float((off**2).sum()) / n**2
    return float(np.clip(clustered / (share * (1 - share) / n), 1.0, n))


def coverage_table(
    observed: Floats,
    lower: Floats,
    upper: Floats,
    *,
    predicted: Floats,
    target_names: tuple[str, ...],
    level: float,
    domain_scores: Floats | None = None,
    groups: Labels | None = None,
) -> dict[str, Any]:
    """Measure how often intervals hold, for evaluation.json.

    Parameters
    ----------
    observed, lower, upper : ndarray of float, shape (n, t)
        Test targets on the modelled scale, NaN = not measured, and the ends of
        their intervals.
    predicted : ndarray of float, shape (n, t)
        Predictions; fifths of them are looked at apart.
    target_names : tuple of str, length t
        On the modelled scale.
    level : float
        Nominal coverage.
    domain_scores : ndarray of float, shape (n,), optional
        Distances to the training set; thirds of them are looked at apart.
    groups : ndarray of str, shape (n,), optional
        Rows that belong together. Each is listed if there are at most 20;
        otherwise thirds of the sizes of the groups are looked at apart.

    Returns
    -------
    dict
        ``{"level", "method", "targets": [{"target", "coverage": {"value", "low",
        "high", "n"}, "mean_width", "by_level", "by_similarity", "by_group"}],
        "domain"}``; each list holds ``{"label", "from", "to", "value", "low",
        "high", "n", "mean_width"}``. ``domain`` is None, or ``{"n", "n_outside",
        "share_outside", "low", "high"}``. JSON-ready.

    Examples
    --------
    >>> y = np.linspace(0, 1, 50)[:, None]
    >>> table = coverage_table(y, y - 0.1, y + 0.1, predicted=y, target_names=("y",), level=0.9)
    >>> table["targets"][0]["coverage"]["value"], len(table["targets"][0]["by_level"])
    (1.0, 5)
    """
    targets = []
    for column, name in enumerate(target_names):
        rows = np.isfinite(observed[:, column]) & np.isfinite(lower[:, column])
        hits = (lower <= observed)[rows, column] & (observed <= upper)[rows, column]
        width = (upper - lower)[rows, column]
        labels = None if groups is None else groups[rows]
        scores = None if domain_scores is None else domain_scores[rows]
        overall = _summary(hits, width, labels)
        targets.append(
            {
                "target": name,
                "coverage": {key: overall[key] for key in ("value", "low", "high", "n")},
                "mean_width": overall["mean_width"],
                "by_level": _by(predicted[rows, column], 5, hits, width=width, groups=labels),
                "by_similarity": []
                if scores is None
                else _by(scores, 3, hits, width=width, groups=labels),
                "by_group": _by_group(hits, width, labels),
            }
        )
    return {
        "level": level,
        "method": METHOD,
        "targets": targets,
        "domain": None if domain_scores is None else _domain(domain_scores, groups),
    }


def _summary(hits: Bools, width: Floats, groups: Labels | None) -> dict[str, Any]:
    value, low, high = share_interval(hits, groups)
    return {
        "value": value,
        "low": low,
        "high": high,
        "n": len(hits),
        "mean_width": float(width.mean()) if len(width) else None,
    }


def _by(
    x: Floats, n_parts: int, hits: Bools, *, width: Floats, groups: Labels | None
) -> list[dict[str, Any]]:
    """Return the coverage in quantile parts of x, lowest first; equal values share a part."""
    if len(x) == 0:
        return []
    inner = np.quantile(x, np.linspace(0, 1, n_parts + 1)[1:-1])
    bins = np.searchsorted(inner, x, side="right")
    table = []
    for part in np.unique(bins):
        rows = bins == part
        low, high = float(x[rows].min()), float(x[rows].max())
        table.append(
            {"label": f"{low:.3g} to {high:.3g}", "from": low, "to": high}
            | _summary(hits[rows], width[rows], None if groups is None else groups[rows])
        )
    return table


def _by_group(hits: Bools, width: Floats, groups: Labels | None) -> list[dict[str, Any]]:
    if groups is None or len(hits) == 0:
        return []
    codes, weights = group_weights(groups, len(hits))
    sizes = 1.0 / weights
    if int(codes.max()) >= FEW_GROUPS:
        return _by(np.round(sizes), 3, hits, width=width, groups=groups)
    table = []
    for code in range(int(codes.max()) + 1):
        rows = codes == code
        n = int(rows.sum())
        # Rows of the one group in question: how sure is its share, taking them one by one.
        table.append(
            {"label": str(groups[rows][0] or "no group"), "from": n, "to": n}
            | _summary(hits[rows], width[rows], None)
        )
    return table


def _domain(scores: Floats, groups: Labels | None) -> dict[str, Any]:
    outside = scores > 1
    share, low, high = share_interval(outside, groups)
    return {
        "n": len(scores),
        "n_outside": int(outside.sum()),
        "share_outside": share,
        "low": low,
        "high": high,
    }
