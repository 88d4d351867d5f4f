"""What is wrong with the measured values: cells that are no numbers, and odd distributions."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from seqexpr.data.findings import Finding, make_finding
from seqexpr.recipe import OnMissing

__all__ = ["TargetScan", "distribution_findings", "scan_targets", "to_numbers"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# What programs write for "not measured". Other spellings ("n/a", "-", "missing") were typed by
# somebody, and may stand for something else.
_EMPTY = {"", "na", "nan", "<na>", "null"}
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(e[+-]?\d+)?", re.IGNORECASE)
_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
DATE_OR_ERROR = re.compile(
    rf"\d{{1,2}}-({_MONTH})(-\d{{2,4}})?|({_MONTH})-\d{{1,4}}|\d{{4}}-\d\d-\d\d(T.*)?"
    r"|\d{1,2}/\d{1,2}/\d{2,4}|#(value|ref|div/0|name|num|null)[!?]",
    re.IGNORECASE,
)


@dataclass(frozen=True, eq=False)
class TargetScan:
    """Measured values as numbers, and what was found on the way.

    Attributes
    ----------
    values : ndarray of float64, shape (n, t)
        NaN = not measured or not usable.
    unusable : ndarray of bool, shape (n,)
        Rows without a usable value in any target.
    unmeasured : ndarray of bool, shape (n,)
        Those of them in which every target is empty.
    findings : list of Finding
        By row.
    """

    values: Floats
    unusable: Mask
    unmeasured: Mask
    findings: list[Finding]


def to_numbers(column: pd.Series) -> Floats:
    """Return the cells of a column as float64; NaN where a cell is no finite number.

    Examples
    --------
    >>> to_numbers(pd.Series(["1.5", " 2e3 ", "n/a", "inf"])).tolist()
    [1.5, 2000.0, nan, nan]
    """
    if not pd.api.types.is_numeric_dtype(column):
        column = pd.to_numeric(column, errors="coerce")
    numbers = np.array(column.to_numpy(dtype=np.float64, na_value=np.nan))
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def scan_targets(
    frame: pd.DataFrame, names: tuple[str, ...], *, on_missing: OnMissing = "error"
) -> TargetScan:
    """Read the target columns as numbers.

    Parameters
    ----------
    frame : DataFrame
        The table as read.
    names : tuple of str
        The target columns. With several, a row is unusable only if none of its
        values is usable.
    on_missing : {"error", "drop"}
        What cells are that hold something else than a number: errors, or
        dropped rows. Empty cells (also NA, NaN, null) were not measured: their
        rows are dropped with a warning in any case.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": ["1", "", "n/a", "3,5"]})
    >>> scan = scan_targets(frame, ("y",))
    >>> [finding.code for finding in scan.findings]
    ['target-missing', 'target-decimal-comma', 'target-not-numeric']
    >>> [finding.severity for finding in scan.findings]
    ['warning', 'error', 'error']
    """
    values = np.column_stack([to_numbers(frame[name]) for name in names])
    unusable = np.asarray(np.isnan(values).all(axis=1), dtype=bool)
    unmeasured = unusable.copy()
    findings: list[Finding] = []
    for column, name in enumerate(names):
        kinds = _kinds(frame[name], values[:, column])
        unmeasured &= kinds == "target-missing"
        findings += _cells(frame[name], kinds, unusable, on_missing)
    return TargetScan(values, unusable, unmeasured, findings)


def _texts(column: pd.Series) -> list[str]:
    return ["" if cell is None or cell is pd.NA or cell != cell else str(cell) for cell in column]


def _kinds(column: pd.Series, values: Floats) -> npt.NDArray[np.object_]:
    """Return the code of what is wrong with each cell; empty where nothing is."""
    kinds = np.full(len(values), "", dtype=object)
    bad = np.flatnonzero(np.isnan(values))
    if len(bad):
        texts = _texts(column)
        for row in bad:
            kinds[row] = _kind(texts[row].strip())
    return kinds


def _cells(
    column: pd.Series, kinds: npt.NDArray[np.object_], unusable: Mask, on_missing: OnMissing
) -> list[Finding]:
    says = {
        "target-missing": ("are empty: not measured", ""),
        "target-infinite": ("are infinite", "fix them"),
        "target-decimal-comma": ("are written with a decimal comma", "write 1.5, not 1,5"),
        "target-spreadsheet": ("were changed by a spreadsheet into dates or errors",
                               "restore them from the original data"),
        "target-not-numeric": ("are not numbers", "fix them"),
    }  # fmt: skip
    findings = []
    for code, (what, fix) in says.items():
        where = kinds == code
        if not where.any():
            continue
        n, total = int(where.sum()), len(kinds)
        meaning = f"column '{column.name}': {n:,} of {total:,} values {what} ({{first}})"
        stops = bool((where & unusable).any())
        if on_missing == "drop" or not stops or code == "target-missing":
            remedy, severity, action = "", "warning", "dropped" if stops else "none"
            if not stops:  # other targets of these rows were measured
                severity = "info" if code == "target-missing" else "warning"
                meaning += "; such rows train the other targets"
        else:
            remedy, severity, action = f"{fix}, or pass --on-missing drop", "error", "none"
        findings.append(
            make_finding(
                code, severity, where, meaning=meaning, remedy=remedy,  # type: ignore[arg-type]
                column=str(column.name), values=_texts(column), action=action,  # type: ignore[arg-type]
            )
        )  # fmt: skip
    return findings


def _kind(cell: str) -> str:
    if cell.lower() in _EMPTY:
        return "target-missing"
    if cell.lower().lstrip("+-") in ("inf", "infinity"):
        return "target-infinite"
    if _DECIMAL_COMMA.fullmatch(cell):
        return "target-decimal-comma"
    if DATE_OR_ERROR.fullmatch(cell):
        return "target-spreadsheet"
    return "target-not-numeric"


def distribution_findings(values: Floats, name: str) -> list[Finding]:
    """Look at the distribution of one target over the usable rows.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        NaN = not measured.
    name : str
        Column name.
    """
    known = values[~np.isnan(values)]
    if len(known) < 2:
        return []
    if np.ptp(known) == 0:
        text = f"column '{name}': all {len(known):,} values are {known[0]:g}; nothing can be learnt"
        remedy = "is this the right column? pass --target NAME"
        return [
            make_finding("target-constant", "error", None, meaning=text, remedy=remedy, column=name)
        ]
    distinct, counts = np.unique(known, return_counts=True)
    findings = []
    if len(distinct) > 20:
        findings += _pile(values, distinct, counts, name=name, lowest=True)
        findings += _pile(values, distinct, counts, name=name, lowest=False)
    if _looks_like_counts(known, distinct):
        text = (
            f"column '{name}' looks like read counts (whole numbers, variance far above the mean)"
        )
        remedy = "normalise by the DNA counts, or pass --transform log2 (all above 0) or rank"
        findings.append(
            make_finding("target-counts", "warning", None, meaning=text, remedy=remedy, column=name)
        )
    else:
        findings += _tails(known, name)
    return findings


def _pile(
    values: Floats, distinct: Floats, counts: npt.NDArray[np.int64], *, name: str, lowest: bool
) -> list[Finding]:
    end = 0 if lowest else -1
    share = counts[end] / counts.sum()
    others = np.delete(counts, end).max(initial=0) / counts.sum()
    if share < 0.05 or share < 3 * others:
        return []
    side, word = ("lowest", "floor") if lowest else ("highest", "ceiling")
    where = values == distinct[end]
    text = (
        f"{share:.0%} of the rows share the {side} value, {distinct[end]:g}, of column '{name}': "
        f"a detection {word}, where differences are hidden"
    )
    remedy = "read Spearman beside R²; a model of such data also learns which rows pass the limit"
    return [
        make_finding(f"target-{word}", "warning", where, meaning=text, remedy=remedy, column=name)
    ]


def _looks_like_counts(known: Floats, distinct: Floats) -> bool:
    whole = bool((known >= 0).all() and (known == np.round(known)).all())
    return whole and len(distinct) > 20 and float(known.var()) > 2 * float(known.mean())


def _tails(known: Floats, name: str) -> list[Finding]:
    quarter, median, three = np.quantile(known, [0.25, 0.5, 0.75])
    spread = max(three - quarter, 1e-12 * abs(median), 1e-300)
    reach = max(known.max() - three, quarter - known.min()) / spread
    centred = (known - known.mean()) / known.std()
    if reach < 20 and abs(float(np.mean(centred**3))) < 3:
        return []
    transform = "log2" if known.min() > 0 else "rank"
    text = (
        f"column '{name}' has a heavy tail (from {known.min():.3g} to {known.max():.3g}, median "
        f"{median:.3g}): a few rows dominate squared errors"
    )
    remedy = f"is it on a log scale? if not, pass --transform {transform}"
    return [
        make_finding("target-heavy-tail", "warning", None, meaning=text, remedy=remedy, column=name)
    ]
