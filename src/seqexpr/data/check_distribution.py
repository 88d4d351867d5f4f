"""What stands out in the distribution of a target: piles, tails, counts, no variation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqexpr.data.findings import FindingCollector, Severity

__all__ = ["distribution_findings"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_FEW_LEVELS = 20  # distinct values; so few are levels of a scale, of which one is the lowest
_WARN_SHARE = 0.05  # of the rows on one value; less is told as information
_MIN_SHARE = 0.01
_MIN_PILE = 10  # rows
_TAIL_ROWS = 50  # fewer say little about a tail
_TAIL_SHARE = 1 / 3  # of the variance in 1% of the rows; a normal distribution has 8%, e^-x 22%

_PILES = {
    "lowest": ("target-floor", "a detection floor, below which differences are hidden"),
    "highest": ("target-ceiling", "saturation, beyond which differences are hidden"),
    "same": ("target-pile", "a limit, or a value that was filled in"),
}


def distribution_findings(found: FindingCollector, values: Floats, names: tuple[str, ...]) -> None:
    """Look at the distribution of each target over the usable rows.

    Parameters
    ----------
    found : FindingCollector
        Takes the findings.
    values : ndarray of float64, shape (n, t)
        NaN in rows that are not used, and where a target was not measured.
    names : tuple of str, length t
        Names of the targets.
    """
    for column, name in enumerate(names):
        y = values[:, column]
        _one_target(found, y, name)
        same = [
            other
            for before, other in enumerate(names[:column])
            if np.array_equal(y, values[:, before], equal_nan=True)
        ]
        if same and not np.isnan(y).all():
            found.add(
                "target-repeated", "warning", None, column=name,
                meaning=f"column '{name}' holds the same values as column '{same[0]}'",
                remedy="pass only one of them with --target",
            )  # fmt: skip


def _one_target(found: FindingCollector, y: Floats, name: str) -> None:
    known = y[~np.isnan(y)]
    if len(known) == 0:
        found.add(
            "target-empty", "error", None, column=name,
            meaning=f"column '{name}' has no value in a usable row; nothing can be learnt",
            remedy="is this the right column? pass --target NAME",
        )  # fmt: skip
        return
    if len(known) > 1 and known.min() == known.max():
        found.add(
            "target-constant", "error", None, column=name,
            meaning=f"column '{name}': all {len(known):,} values are {known[0]:g}; nothing can be "
            "learnt",
            remedy="is this the right column? pass --target NAME",
        )  # fmt: skip
        return
    distinct, counts = np.unique(known, return_counts=True)
    top = np.sort(counts)[::-1][:_FEW_LEVELS].sum() / len(known)
    if len(distinct) > _FEW_LEVELS and top < 0.95:
        _pile_findings(found, y, distinct=distinct, counts=counts, name=name)
    elif len(distinct) <= 2 < len(known) // 2:
        found.add(
            "target-two-values", "warning", None, column=name,
            meaning=f"column '{name}' holds only {distinct[0]:g} and {distinct[-1]:g}: classes "
            "rather than amounts",
            remedy="give the measured amounts, if there are any; the models here are regressions",
        )  # fmt: skip
    if _looks_like_counts(known, distinct):
        transform = "log2" if known.min() > 0 else "rank"
        found.add(
            "target-counts", "warning", None, column=name,
            meaning=f"column '{name}' looks like read counts (whole numbers, variance "
            f"{known.var() / known.mean():,.0f} times the mean, {known.mean():,.3g}): "
            "they measure how much there was of a construct as well as its expression",
            remedy="divide RNA by DNA counts and take the logarithm, or pass "
            f"--transform {transform}",
        )  # fmt: skip
    else:
        _tail_finding(found, y, name)


def _pile_findings(
    found: FindingCollector, y: Floats, *, distinct: Floats, counts: Ints, name: str
) -> None:
    n = int(counts.sum())
    kinds = {int(counts.argmax()): "same", 0: "lowest", len(distinct) - 1: "highest"}
    for at, kind in kinds.items():
        share = counts[at] / n
        others = int(np.delete(counts, [0, len(distinct) - 1, at]).max(initial=0))
        if counts[at] < _MIN_PILE or share < _MIN_SHARE or counts[at] < 3 * others:
            continue
        code, why = _PILES[kind]
        severity: Severity = "warning" if share >= _WARN_SHARE else "info"
        found.add(
            code, severity, y == distinct[at], column=name,
            meaning=f"{share:.0%} of the rows share the {kind} value, {distinct[at]:g}, of column "
            f"'{name}': {why}",
            remedy="read Spearman beside R²: part of what is learnt is which rows pass the limit",
        )  # fmt: skip


def _looks_like_counts(known: Floats, distinct: Floats) -> bool:
    """Whether these are whole numbers that vary far more than their mean lets counts vary."""
    if len(distinct) <= _FEW_LEVELS or known.min() < 0 or (known != np.round(known)).any():
        return False
    return float(known.var()) > 2 * float(known.mean())


def _tail_finding(found: FindingCollector, y: Floats, name: str) -> None:
    known = y[~np.isnan(y)]
    squares = np.nan_to_num((y - known.mean()) ** 2)
    far = np.argsort(-squares, kind="stable")[: max(1, len(known) // 100)]
    if len(known) < _TAIL_ROWS or not squares[far].sum() > _TAIL_SHARE * squares.sum():
        return
    where = np.zeros(len(y), dtype=bool)
    where[far] = True
    share = squares[far].sum() / squares.sum()
    who = f"{len(far):,} rows hold" if len(far) > 1 else "1 row holds"
    transform = "log2" if known.min() > 0 else "rank"
    found.add(
        "target-heavy-tail", "warning", where, column=name, cells=y,
        meaning=f"column '{name}' has a heavy tail: {who} {share:.0%} of the variance (from "
        f"{known.min():.3g} to {known.max():.3g}, median {np.median(known):.3g}), so that a few "
        "rows decide a fit by least squares",
        remedy=f"look at those rows; on a scale of amounts pass --transform {transform}",
    )  # fmt: skip
