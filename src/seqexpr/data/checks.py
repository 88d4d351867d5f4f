"""The input doctor: every problem of a table at once, and the Dataset of what is usable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.data.check_rows import (
    duplicate_findings,
    id_findings,
    label_findings,
    replicate_findings,
)
from seqexpr.data.check_sequences import SequenceScan, scan_sequences, whole_set_findings
from seqexpr.data.check_targets import TargetScan, distribution_findings, scan_targets, to_numbers
from seqexpr.data.dataset import Dataset
from seqexpr.data.findings import CheckReport, Finding, Severity, make_finding
from seqexpr.errors import CheckFailedError

if TYPE_CHECKING:
    from seqexpr.data.table import Table
    from seqexpr.recipe import OnInvalid, OnMissing

__all__ = ["CheckReport", "Finding", "Severity", "build_dataset", "check_table"]

_ORDER = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, eq=False)
class _Examined:
    sequences: SequenceScan
    targets: TargetScan
    usable: npt.NDArray[np.int64]
    report: CheckReport


def check_table(
    table: Table, *, on_missing: OnMissing = "error", on_invalid: OnInvalid = "error"
) -> CheckReport:
    """Examine a table and report everything at once. Content never raises.

    Parameters
    ----------
    table : Table
        What was read.
    on_missing : {"error", "drop"}
        Whether targets that are no numbers are errors, or their rows dropped.
        Rows whose target is empty were not measured and are dropped with a
        warning in any case. Default "error".
    on_invalid : {"error", "drop"}
        Likewise for rows whose sequence is empty or not DNA. Default "error".

    Returns
    -------
    CheckReport
        Every row is kept, repaired or dropped, and the counts add up.

    Examples
    --------
    >>> import pandas as pd
    >>> from seqexpr.data.table import read_table
    >>> table = read_table(pd.DataFrame({"seq": ["acgtacgt", "TTGACAAT"], "y": ["1", "n/a"]}))
    >>> report = check_table(table)
    >>> [finding.code for finding in report.errors]
    ['target-not-numeric', 'table-too-small']
    >>> report.n_kept + report.n_repaired + report.n_dropped == report.n_rows
    True
    """
    return _examine(table, on_missing, on_invalid).report


def build_dataset(
    table: Table, *, on_missing: OnMissing = "error", on_invalid: OnInvalid = "error"
) -> tuple[Dataset, CheckReport]:
    """Examine a table and make a Dataset of its usable rows, in their order.

    Parameters
    ----------
    table, on_missing, on_invalid
        As for :func:`check_table`.

    Returns
    -------
    dataset : Dataset
        The rows that were kept or repaired.
    report : CheckReport
        What was found.

    Raises
    ------
    CheckFailedError
        If there is an error. Its text is the first error; it carries the report.
    """
    examined = _examine(table, on_missing, on_invalid)
    report = examined.report
    if report.has_errors:
        first = report.errors[0]
        more = len(report.errors) - 1
        also = (
            f" (and {more} more error{'s' * (more > 1)}; seqexpr check lists them)" if more else ""
        )
        remedy = f"; {first.remedy}" if first.remedy else ""
        raise CheckFailedError(f"{report.source}: {first.meaning}{remedy}{also}", report)
    return _dataset(table, examined), report


def _examine(table: Table, on_missing: OnMissing, on_invalid: OnInvalid) -> _Examined:
    frame, roles = table.frame, table.roles
    sequences = scan_sequences(frame[roles.sequence], on_invalid=on_invalid)
    targets = scan_targets(frame, roles.targets, on_missing=on_missing)
    bad = sequences.unusable | targets.unusable
    usable = np.flatnonzero(~bad)
    findings = [*sequences.findings, *targets.findings]
    findings += _size(len(usable), len(frame))
    kept = sequences.sequences[usable]
    findings += whole_set_findings(kept, roles.sequence)
    for column, name in enumerate(roles.targets):
        findings += distribution_findings(np.where(bad, np.nan, targets.values[:, column]), name)
    if len(usable):
        values = targets.values[usable]
        findings += duplicate_findings(kept, values, rows=usable, n=len(frame))
    findings += _beside(table)
    dropped = targets.unmeasured | (sequences.unusable & (on_invalid == "drop"))
    if on_missing == "drop":
        dropped |= targets.unusable
    repaired = sequences.repaired & ~dropped
    report = CheckReport(
        source=table.source,
        n_rows=len(frame),
        n_kept=int((~dropped & ~repaired).sum()),
        n_repaired=int(repaired.sum()),
        n_dropped=int(dropped.sum()),
        findings=tuple(sorted(findings, key=lambda f: _ORDER[f.severity])),
        notes=table.notes,
    )
    return _Examined(sequences, targets, usable, report)


def _size(usable: int, n: int) -> list[Finding]:
    if usable < 5:
        text = f"{usable} of {n:,} rows are usable; a model needs at least 5, better 1,000"
        return [
            make_finding("table-too-small", "error", None, meaning=text, remedy="bring more rows")
        ]
    if usable < 100:
        text = f"only {usable} usable rows: scores will have wide intervals"
        return [
            make_finding("table-small", "warning", None, meaning=text, remedy="bring more rows")
        ]
    return []


def _beside(table: Table) -> list[Finding]:
    """Look at the columns beside sequence and target."""
    frame, roles = table.frame, table.roles
    findings: list[Finding] = []
    if roles.id is not None:
        findings += id_findings(frame[roles.id])
    labelled = {"split": roles.split, "group": roles.group, "chromosome": roles.chromosome}
    for role, name in labelled.items():
        if name is not None:
            findings += label_findings(frame[name], role=role)
    if roles.weight is not None:
        weights = to_numbers(frame[roles.weight])
        wrong = ~(weights >= 0)
        if wrong.any():
            count = f"{int(wrong.sum()):,}"
            text = f"column '{roles.weight}': {count} weights are missing or negative ({{first}})"
            findings.append(
                make_finding(
                    "weight-invalid", "error", wrong, meaning=text, column=roles.weight,
                    values=frame[roles.weight].tolist(), remedy="fix them; a weight is 0 or more",
                )
            )  # fmt: skip
    if roles.replicates:
        replicates = np.column_stack([to_numbers(frame[name]) for name in roles.replicates])
        findings += replicate_findings(replicates, roles.replicates)
    return findings


def _dataset(table: Table, examined: _Examined) -> Dataset:
    frame, roles, rows = table.frame.iloc[examined.usable], table.roles, examined.usable

    def labels(name: str | None) -> Any:
        if name is None:
            return None
        column = frame[name]
        texts = column.astype("str").to_numpy(dtype=object)
        return np.where(column.isna().to_numpy(), "", texts)

    def numbers(names: tuple[str, ...]) -> Any:
        return np.column_stack([to_numbers(frame[name]) for name in names]) if names else None

    ids = labels(roles.id)
    if ids is None:
        ids = np.array([f"row {row + table.first_row}" for row in rows], dtype=object)
    return Dataset(
        examined.sequences.sequences[rows],
        examined.targets.values[rows],
        target_names=roles.targets,
        ids=ids,
        weights=None if roles.weight is None else to_numbers(frame[roles.weight]),
        replicates=numbers(roles.replicates),
        groups=_own_group_where_empty(labels(roles.group), rows),
        chromosomes=labels(roles.chromosome),
        split_labels=labels(roles.split),
        covariates=frame[list(roles.covariates)].reset_index(drop=True)
        if roles.covariates
        else None,
    )


def _own_group_where_empty(groups: Any, rows: npt.NDArray[np.int64]) -> Any:
    """Give every row without a label a group of its own."""
    if groups is None:
        return None
    own = np.array([f"row {row + 1} (no group)" for row in rows], dtype=object)
    return np.where(groups == "", own, groups)
