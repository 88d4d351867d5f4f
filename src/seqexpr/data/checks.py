"""The input doctor: every problem of a table at once, and the Dataset of what is usable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seqexpr.data.cells import as_labels, as_texts, to_numbers
from seqexpr.data.check_annotations import annotation_findings
from seqexpr.data.check_distribution import distribution_findings
from seqexpr.data.check_library import Library, duplicate_findings, library_findings
from seqexpr.data.check_sequences import SequenceScan, scan_sequences, sequence_findings
from seqexpr.data.check_targets import TargetScan, scan_targets, target_findings
from seqexpr.data.columns import ColumnRoles
from seqexpr.data.covariates import type_covariates
from seqexpr.data.dataset import Dataset
from seqexpr.data.findings import CheckReport, Finding, FindingCollector, Severity
from seqexpr.data.measurement_errors import at_least_zero, standard_errors_of
from seqexpr.data.table import Table
from seqexpr.errors import CheckFailedError, InputError
from seqexpr.recipe import OnInvalid, OnMissing

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CheckReport", "Finding", "Severity", "build_dataset", "check_table"]

Mask = npt.NDArray[np.bool_]

_ORDER = {"error": 0, "warning": 1, "info": 2}
_FEW_ROWS = 100


@dataclass(frozen=True, eq=False)
class _Examined:
    """A table read as sequences and numbers, and what becomes of its n rows."""

    sequences: SequenceScan
    targets: TargetScan
    dropped: Mask
    report: CheckReport


def check_table(
    table: Table, *, on_missing: OnMissing = "error", on_invalid: OnInvalid = "error"
) -> CheckReport:
    """Examine a table and report everything at once. Content never raises.

    Parameters
    ----------
    table : Table
        What was read. Without target columns, only the sequences are examined.
    on_missing : {"error", "drop"}
        What target cells are that hold something else than a number: errors,
        or dropped (with several targets: not measured, and the row is dropped
        when nothing was measured). Rows in which all targets are empty, or NA,
        NaN, null or None, are dropped in any case. Default "error".
    on_invalid : {"error", "drop"}
        What rows are whose sequence is empty or not DNA: errors, or dropped.
        Default "error".

    Returns
    -------
    CheckReport
        Every row is kept, repaired or dropped, and the counts add up.

    Raises
    ------
    InputError
        If an option is none of its choices.

    Examples
    --------
    >>> import pandas as pd
    >>> from seqexpr.data.table import read_table
    >>> table = read_table(pd.DataFrame({"seq": ["acgtacgt", "TTGACAAT"], "y": ["1", "n/a"]}))
    >>> report = check_table(table)
    >>> report.errors[0].meaning
    "column 'y': 1 of 2 values are not numbers (first: row 2, 'n/a')"
    >>> report.n_kept, report.n_repaired, report.n_dropped
    (1, 1, 0)
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
        The rows that were kept or repaired. Rows without a group label are
        groups of their own; rows without an id are called "row k".
    report : CheckReport
        What was found.

    Raises
    ------
    CheckFailedError
        If there is an error. Its text is the first error; it carries the report.

    Examples
    --------
    >>> import pandas as pd
    >>> from seqexpr.data.table import read_table
    >>> table = read_table(pd.DataFrame({"seq": ["acgtacgt", "TTGACAAT"], "y": ["1", "2"]}))
    >>> dataset, report = build_dataset(table)
    >>> dataset.sequences.tolist(), dataset.targets.tolist()
    (['ACGTACGT', 'TTGACAAT'], [[1.0], [2.0]])
    """
    examined = _examine(table, on_missing, on_invalid)
    report = examined.report
    if report.has_errors:
        first = report.errors[0]
        more = len(report.errors) - 1
        also = f" ({more} more error{'s' * (more > 1)}: run seqexpr check)" if more else ""
        message = f"{report.source}: {first.meaning}; {first.remedy}{also}"
        raise CheckFailedError(message, report)
    return _dataset(table, examined), report


def _examine(table: Table, on_missing: OnMissing, on_invalid: OnInvalid) -> _Examined:
    for option, value in (("on_missing", on_missing), ("on_invalid", on_invalid)):
        if value not in ("error", "drop"):
            raise InputError(f"{option} = {value!r}: must be 'error' or 'drop'")
    frame, column = table.frame, table.roles.sequence
    sequences = scan_sequences(frame[column])
    targets = scan_targets(frame, table.roles.targets)
    dropped = targets.unmeasured.copy()
    if on_invalid == "drop":
        dropped |= sequences.unusable
    if on_missing == "drop":
        dropped |= targets.unusable
    found = FindingCollector(table.first_row)
    sequence_findings(
        found, sequences, column=column, dropped=dropped, drop_invalid=on_invalid == "drop"
    )
    target_findings(found, targets, frame, dropped=dropped, drop_missing=on_missing == "drop")
    # Numbers at the edge of what a float holds overflow in a variance; that is no news here.
    with np.errstate(all="ignore"):
        _look_at_all(found, table, sequences=sequences, targets=targets, dropped=dropped)
    report = _report(table, found.findings, repaired=sequences.repaired & ~dropped, dropped=dropped)
    return _Examined(sequences, targets, dropped, report)


def _look_at_all(
    found: FindingCollector,
    table: Table,
    *,
    sequences: SequenceScan,
    targets: TargetScan,
    dropped: Mask,
) -> None:
    """Look at the usable rows as a set, and at the columns beside."""
    roles, n = table.roles, len(table.frame)
    usable = ~(dropped | sequences.unusable | targets.unusable)
    _size_finding(found, int(usable.sum()), n)
    rows = np.flatnonzero(usable)
    conditions = _conditions(table)
    library = Library(
        sequences.sequences[rows], rows, n, roles.sequence,
        conditions=None if conditions is None else conditions[rows],
    )  # fmt: skip
    library_findings(found, library)
    duplicate_findings(found, library, values=targets.numbers[rows], names=roles.targets)
    if len(rows) > 1:
        values = np.where(usable[:, None], targets.numbers, np.nan)
        distribution_findings(found, values, roles.targets)
    first = targets.numbers[:, 0] if roles.targets else np.full(n, np.nan)
    annotation_findings(found, table.frame, roles, used=~dropped, target=first)


def _covariates(frame: pd.DataFrame, roles: ColumnRoles) -> pd.DataFrame | None:
    if not roles.covariates:
        return None
    kinds = roles.covariate_kinds or (None,) * len(roles.covariates)
    return type_covariates(frame, dict(zip(roles.covariates, kinds, strict=True)))


def _conditions(table: Table) -> npt.NDArray[np.int64] | None:
    """Give rows of equal covariates one number, shape (n,); None where there are none."""
    covariates = _covariates(table.frame, table.roles)
    if covariates is None:
        return None
    numbers = covariates.groupby(list(covariates), dropna=False, observed=True).ngroup()
    return np.asarray(numbers, dtype=np.int64)


def _size_finding(found: FindingCollector, usable: int, n: int) -> None:
    if usable < 2:
        who = "no row is" if usable == 0 else "only 1 row is"
        found.add(
            "table-too-small", "error", None, remedy="bring more rows, 1,000 or more if you can",
            meaning=f"{who} usable of {n:,}; nothing can be learnt",
        )  # fmt: skip
    elif usable < _FEW_ROWS:
        found.add(
            "table-small", "warning", None, remedy="bring more rows, 1,000 or more if you can",
            meaning=f"only {usable} usable rows: expect wide intervals, and models hardly better "
            "than the mean",
        )  # fmt: skip


def _report(table: Table, findings: list[Finding], *, repaired: Mask, dropped: Mask) -> CheckReport:
    return CheckReport(
        source=table.source,
        n_rows=len(dropped),
        n_kept=int((~dropped & ~repaired).sum()),
        n_repaired=int(repaired.sum()),
        n_dropped=int(dropped.sum()),
        findings=tuple(sorted(findings, key=lambda finding: _ORDER[finding.severity])),
        notes=table.notes,
    )


def _dataset(table: Table, examined: _Examined) -> Dataset:
    roles = table.roles
    rows = np.flatnonzero(~examined.dropped)
    frame = table.frame.iloc[rows].reset_index(drop=True)

    def labels(name: str | None) -> npt.NDArray[np.object_] | None:
        return None if name is None else as_labels(frame[name])

    ids, groups = np.full(len(rows), "", dtype=object), labels(roles.group)
    if roles.id is not None:
        ids[:] = as_texts(frame[roles.id])
    for at in np.flatnonzero(ids == ""):
        ids[at] = f"row {rows[at] + table.first_row}"
    if groups is not None:
        # One group of all rows without a label would be the largest of all, and no group.
        for at in np.flatnonzero(groups == ""):
            groups[at] = f"row {rows[at] + table.first_row} (no group)"
    replicates = [to_numbers(frame[name]) for name in roles.replicates]
    return Dataset(
        examined.sequences.sequences[rows],
        examined.targets.numbers[rows],
        target_names=roles.targets,
        ids=ids,
        weights=None if roles.weight is None else to_numbers(frame[roles.weight]),
        replicates=np.column_stack(replicates) if replicates else None,
        standard_errors=standard_errors_of(frame, roles),
        reads=None if roles.reads is None else at_least_zero(to_numbers(frame[roles.reads])),
        groups=groups,
        chromosomes=labels(roles.chromosome),
        split_labels=labels(roles.split),
        covariates=_covariates(frame, roles),
    )
