"""What is wrong between rows and in the columns beside sequence and target."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from seqexpr.data.check_targets import DATE_OR_ERROR
from seqexpr.data.findings import Finding, make_finding
from seqexpr.sequences import reverse_complement

__all__ = ["duplicate_findings", "id_findings", "label_findings", "replicate_findings"]

Mask = npt.NDArray[np.bool_]
_EXPONENT = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)


def _spread(mask: Mask, rows: npt.NDArray[np.int64], n: int) -> Mask:
    """Return a mask over all n rows of a mask over the usable rows."""
    full = np.zeros(n, dtype=bool)
    full[rows[mask]] = True
    return full


def duplicate_findings(
    sequences: npt.NDArray[np.object_],
    values: npt.NDArray[np.float64],
    *,
    rows: npt.NDArray[np.int64],
    n: int,
) -> list[Finding]:
    """Find repeated sequences, with equal and with conflicting values, and reverse complements.

    Parameters
    ----------
    sequences : ndarray of str, shape (m,)
        Sequences of the usable rows.
    values : ndarray of float64, shape (m, t)
        Targets of the usable rows.
    rows : ndarray of int64, shape (m,)
        Where they stand in the table.
    n : int
        Rows of the table.
    """
    codes = pd.factorize(sequences)[0]
    repeated = np.bincount(codes, minlength=1)[codes] > 1
    findings = []
    if repeated.any():
        first = pd.Series(values[:, 0])
        by = first.groupby(codes)
        differs = by.transform("max") > by.transform("min")
        conflict = differs.to_numpy() & repeated
        equal = repeated & ~conflict
        if equal.any():
            text = (
                f"{int(equal.sum()):,} rows repeat a sequence with the same value; they count "
                "several times and stay on one side of every split"
            )
            mask = _spread(equal, rows, n)
            findings.append(make_finding("duplicate-equal", "info", mask, meaning=text))
        if conflict.any():
            inside = float(np.sqrt(first[conflict].groupby(codes[conflict]).var().mean()))
            text = (
                f"{int(conflict.sum()):,} rows repeat a sequence with another value (standard "
                f"deviation within a sequence {inside:.3g}, over all rows {first.std():.3g}): no "
                "model of the sequence can predict that difference"
            )
            remedy = "average them, or name what differs between the rows with --covariate"
            mask = _spread(conflict, rows, n)
            findings.append(
                make_finding("duplicate-conflicting", "warning", mask, meaning=text, remedy=remedy)
            )
    return [*findings, *_reverse_complements(sequences, codes, rows=rows, n=n)]


def _reverse_complements(
    sequences: npt.NDArray[np.object_],
    codes: npt.NDArray[np.int64],
    *,
    rows: npt.NDArray[np.int64],
    n: int,
) -> list[Finding]:
    canonical = np.array([min(s, reverse_complement(s)) for s in sequences.tolist()], dtype=object)
    both = pd.Series(codes).groupby(pd.factorize(canonical)[0]).transform("nunique").to_numpy() > 1
    if not both.any():
        return []
    text = (
        f"{int(both.sum()):,} rows are the reverse complement of another row; they stay on one "
        "side of every split"
    )
    return [
        make_finding("duplicate-reverse-complement", "info", _spread(both, rows, n), meaning=text)
    ]


def id_findings(column: pd.Series) -> list[Finding]:
    """Find ids that a spreadsheet has changed, and ids that occur twice."""
    ids = column.astype("str").fillna("")
    raw = ids.tolist()
    findings = []
    damaged = np.array(
        [bool(DATE_OR_ERROR.fullmatch(i) or _EXPONENT.fullmatch(i)) for i in raw], dtype=bool
    )
    if damaged.any():
        text = f"{int(damaged.sum()):,} ids look changed by a spreadsheet ({{first}})"
        findings.append(
            make_finding(
                "id-spreadsheet", "warning", damaged, meaning=text, column=str(column.name),
                values=raw, remedy="restore them from the original data; format the column as text",
            )
        )  # fmt: skip
    twice = ids.duplicated(keep=False).to_numpy() & (ids != "").to_numpy()
    if twice.any():
        text = f"{int(twice.sum()):,} rows share their id with another row ({{first}})"
        findings.append(
            make_finding(
                "id-duplicate", "info", twice, meaning=text, column=str(column.name), values=raw
            )
        )
    return findings


def label_findings(column: pd.Series, *, role: str) -> list[Finding]:
    """Find rows without a label in the column of groups, chromosomes or the split."""
    missing = column.isna().to_numpy()
    if not missing.any():
        return []
    k, n = f"{int(missing.sum()):,}", f"{len(column):,}"
    consequence = {
        "split": "they are in neither train nor test",
        "group": "each is taken as a group of its own",
        "chromosome": "they are taken as one more chromosome",
    }[role]
    text = f"column '{column.name}': {k} of {n} rows have no {role} label; {consequence}"
    return [
        make_finding(f"{role}-missing", "warning", missing, meaning=text, column=str(column.name))
    ]


def replicate_findings(
    replicates: npt.NDArray[np.float64], names: tuple[str, ...]
) -> list[Finding]:
    """Say how well the replicates agree: their median correlation in pairs."""
    if replicates.shape[1] < 2:
        return []
    correlations = []
    for a in range(replicates.shape[1]):
        for b in range(a):
            pair = replicates[:, [a, b]]
            pair = pair[np.isfinite(pair).all(axis=1)]
            if len(pair) > 2 and (np.ptp(pair, axis=0) > 0).all():
                correlations.append(float(np.corrcoef(pair[:, 0], pair[:, 1])[0, 1]))
    if not correlations:
        return []
    agreement = float(np.median(correlations))
    text = f"replicates {', '.join(names)} correlate at {agreement:.2f} (median of the pairs)"
    if agreement < 0.5:
        remedy = "noise of this size bounds what any model can reach"
        return [make_finding("replicates-disagree", "warning", None, meaning=text, remedy=remedy)]
    return [make_finding("replicates-agree", "info", None, meaning=text)]
