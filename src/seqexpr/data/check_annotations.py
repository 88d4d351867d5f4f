"""What is wrong in the columns beside sequence and target: ids, labels, weights, replicates."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from seqexpr.data.cells import as_labels, as_texts, is_damaged_id, kind_of_cell, to_numbers
from seqexpr.data.check_covariates import covariate_findings
from seqexpr.data.columns import ColumnRoles
from seqexpr.data.findings import FindingCollector

__all__ = ["annotation_findings"]

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_NO_LABEL = {
    "split": "they are in neither train nor test",
    "group": "each is taken as a group of its own",
    "chromosome": "they are taken as one more chromosome",
}


def annotation_findings(
    found: FindingCollector, frame: pd.DataFrame, roles: ColumnRoles, *, used: Mask, target: Floats
) -> None:
    """Look at the columns beside sequence and target, in the rows that are used.

    Parameters
    ----------
    found : FindingCollector
        Takes the findings.
    frame : DataFrame, n rows
        The table as read.
    roles : ColumnRoles
        What each column is.
    used : ndarray of bool, shape (n,)
        Rows that are not dropped.
    target : ndarray of float64, shape (n,)
        The first target; NaN = not measured.
    """
    if roles.id is not None:
        _id_findings(found, frame[roles.id], used)
    labelled = {"split": roles.split, "group": roles.group, "chromosome": roles.chromosome}
    for role, name in labelled.items():
        if name is not None:
            _label_finding(found, frame[name], used, role=role)
    if roles.weight is not None:
        _weight_findings(found, frame[roles.weight], used)
    for name in roles.replicates:
        _replicate_cells(found, frame[name], used)
    if roles.replicates:
        values = np.column_stack([to_numbers(frame[name]) for name in roles.replicates])
        values[~used] = np.nan
        _agreement(found, values, roles.replicates)
        if len(roles.targets) == 1 and len(roles.replicates) > 1:
            _average(found, values, target=np.where(used, target, np.nan), name=roles.targets[0])
    covariate_findings(found, frame, roles, used=used)


def _id_findings(found: FindingCollector, column: pd.Series[Any], used: Mask) -> None:
    texts, name, n = as_texts(column), str(column.name), len(used)
    ids = np.array(texts, dtype=object)
    damaged = used & np.fromiter(map(is_damaged_id, texts), dtype=bool, count=n)
    found.add(
        "id-spreadsheet", "warning", damaged, column=name, cells=texts,
        meaning=f"{int(damaged.sum()):,} of {n:,} ids look changed by a spreadsheet ({{first}})",
        remedy="restore them from the original data with the column formatted as text",
    )  # fmt: skip
    empty = used & (ids == "")
    found.add(
        "id-missing", "info", empty, column=name,
        meaning=f"{int(empty.sum()):,} of {n:,} rows have no id; they are called by their row",
        remedy="nothing to do",
    )  # fmt: skip
    twice = pd.Series(ids).duplicated(keep=False).to_numpy(dtype=bool) & used & (ids != "")
    found.add(
        "id-duplicate", "info", twice, column=name, cells=texts,
        meaning=f"{int(twice.sum()):,} rows share their id with another row ({{first}})",
        remedy="nothing to do, unless predictions are to be joined on the id",
    )  # fmt: skip


def _label_finding(
    found: FindingCollector, column: pd.Series[Any], used: Mask, *, role: str
) -> None:
    name, missing = str(column.name), used & (as_labels(column) == "")
    if used.any() and missing[used].all():
        text, remedy = f"column '{name}' is empty", f"name another with --{role}"
        if role == "split":
            remedy = "name another with --split column:NAME"
    else:
        k, n = f"{int(missing.sum()):,}", f"{len(column):,}"
        text = f"column '{name}': {k} of {n} rows have no {role} label; {_NO_LABEL[role]}"
        remedy = "nothing to do, if that is meant; else fill them in"
    found.add(f"{role}-missing", "warning", missing, column=name, meaning=text, remedy=remedy)


def _weight_findings(found: FindingCollector, column: pd.Series[Any], used: Mask) -> None:
    name, n = str(column.name), len(used)
    weights = to_numbers(column)
    kinds = (
        ("weight-missing", np.isnan(weights), "are no numbers"),
        ("weight-negative", weights < 0, "are negative"),
    )
    for code, where, what in kinds:
        k = int((where & used).sum())
        found.add(
            code, "error", where & used, column=name, cells=as_texts(column),
            meaning=f"column '{name}': {k:,} of {n:,} weights {what} ({{first}})",
            remedy="give every row a weight of 0 or more; rename the column if it holds no weights",
        )  # fmt: skip
    if used.any() and not (weights[used] > 0).any() and not np.isnan(weights[used]).any():
        found.add(
            "weight-zero", "error", None, column=name,
            meaning=f"column '{name}': no row has a weight above 0",
            remedy="give the rows that count a weight above 0",
        )  # fmt: skip


def _replicate_cells(found: FindingCollector, column: pd.Series[Any], used: Mask) -> None:
    values = to_numbers(column)
    texts = np.array(as_texts(column), dtype=object)
    where = np.isnan(values) & used
    at = np.flatnonzero(where)
    where[at] = [kind_of_cell(text) != "missing" for text in texts[at]]
    name = str(column.name)
    found.add(
        "replicate-not-numeric", "warning", where, column=name, cells=texts,
        meaning=f"replicate '{name}': {int(where.sum()):,} of {len(used):,} values are not numbers "
        "({first}); they count as not measured",
        remedy="fix them; the noise ceiling is computed from the replicates",
    )  # fmt: skip


def _agreement(found: FindingCollector, values: Floats, names: tuple[str, ...]) -> None:
    """Say how well the replicates agree: the median correlation of their pairs."""
    correlations = []
    for a in range(values.shape[1]):
        for b in range(a):
            pair = values[:, [a, b]]
            pair = pair[~np.isnan(pair).any(axis=1)]
            if len(pair) > 2 and (np.ptp(pair, axis=0) > 0).all():
                correlations.append(float(np.corrcoef(pair[:, 0], pair[:, 1])[0, 1]))
    agreement = float(np.median(correlations)) if correlations else np.nan
    if np.isnan(agreement):
        return
    text = f"replicates {', '.join(names)} correlate at {agreement:.2f} (median of their pairs)"
    if agreement < 0.5:
        found.add(
            "replicates-disagree", "warning", None,
            meaning=f"{text}: noise of this size bounds what any model can reach",
            remedy="check that these columns are replicates of one measurement",
        )  # fmt: skip
    else:
        found.add("replicates-agree", "info", None, meaning=text, remedy="nothing to do")


def _average(found: FindingCollector, values: Floats, *, target: Floats, name: str) -> None:
    """Say so if the target is not the mean of the replicates."""
    rows = ~np.isnan(values).all(axis=1) & ~np.isnan(target)
    if not rows.any():
        return
    off: Floats = np.abs(np.nanmean(values[rows], axis=1) - target[rows])
    apart = np.zeros(len(rows), dtype=bool)
    apart[rows] = off > 0.05 * (target[rows].std() + np.abs(target[rows]) * 1e-9)
    share = apart.sum() / rows.sum()
    if share <= 0.05:
        return
    found.add(
        "replicates-not-averaged", "info", apart,
        meaning=f"in {share:.0%} of the rows column '{name}' is not the mean of the replicates "
        f"(median difference {np.median(off):.3g})",
        remedy="nothing to do, if it was computed otherwise; check that the scales are the same",
    )  # fmt: skip
