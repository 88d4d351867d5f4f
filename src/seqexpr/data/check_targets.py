"""What is wrong with the measured values, cell by cell: cells that are no numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from seqexpr.data.cells import as_texts, kind_of_cell, to_numbers
from seqexpr.data.findings import FindingCollector

__all__ = ["TargetScan", "scan_targets", "target_findings"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TargetScan:
    """Measured values as numbers, and what the cells are that are none.

    Attributes
    ----------
    names : tuple of str, length t
        The target columns.
    numbers : ndarray of float64, shape (n, t)
        NaN = no finite number.
    kinds : ndarray of str, shape (n, t)
        What each cell is that is no number, see
        :func:`seqexpr.data.cells.kind_of_cell`; empty for a number.
    """

    names: tuple[str, ...]
    numbers: npt.NDArray[np.float64]
    kinds: npt.NDArray[np.object_]

    @property
    def unusable(self) -> Mask:
        """Rows without a number in any target, shape (n,); none if there are no targets."""
        nothing = np.isnan(self.numbers).all(axis=1)
        return np.asarray(nothing & (len(self.names) > 0), dtype=bool)

    @property
    def unmeasured(self) -> Mask:
        """Rows in which every target is empty, shape (n,); none if there are no targets."""
        nothing = (self.kinds == "missing").all(axis=1)
        return np.asarray(nothing & (len(self.names) > 0), dtype=bool)


def scan_targets(frame: pd.DataFrame, names: tuple[str, ...]) -> TargetScan:
    """Read the target columns as numbers.

    Parameters
    ----------
    frame : DataFrame, n rows
        The table as read.
    names : tuple of str, length t
        The target columns.

    Returns
    -------
    TargetScan
        One entry for each cell.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": ["1", "", "n/a", "3,5"]})
    >>> scan = scan_targets(frame, ("y",))
    >>> scan.numbers[:, 0].tolist()
    [1.0, nan, nan, nan]
    >>> scan.kinds[:, 0].tolist()
    ['', 'missing', 'text', 'decimal-comma']
    >>> scan.unusable.tolist(), scan.unmeasured.tolist()
    ([False, True, True, True], [False, True, False, False])
    """
    values = np.full((len(frame), len(names)), np.nan)
    kinds = np.full((len(frame), len(names)), "", dtype=object)
    for column, name in enumerate(names):
        values[:, column] = to_numbers(frame[name])
        kinds[:, column] = _kinds(frame[name], values[:, column])
    return TargetScan(names, values, kinds)


def _kinds(column: pd.Series[Any], values: npt.NDArray[np.float64]) -> npt.NDArray[np.object_]:
    kinds = np.full(len(values), "", dtype=object)
    bad = np.flatnonzero(np.isnan(values))
    if len(bad):
        codes, distinct = pd.factorize(np.array(as_texts(column.iloc[bad]), dtype=object))
        kinds[bad] = np.array([kind_of_cell(text) for text in distinct], dtype=object)[codes]
    return kinds


# Kind of cell, code, what such values are, and what to do.
_SAYS = (
    ("text", "target-not-numeric", "are not numbers", "fix them"),
    ("infinite", "target-infinite", "are infinite",
     "replace them by a number, or leave the cell empty"),
    ("decimal-comma", "target-decimal-comma", "are written with a comma",
     "write 1.5, not 1,5: export the table with decimal points"),
    ("thousands", "target-thousands", "are written with thousands separators", "take them out"),
    ("damaged", "target-spreadsheet", "are dates or error values of a spreadsheet",
     "restore them from the original data"),
    ("beyond-limit", "target-beyond-limit", "are a limit of detection, not a number",
     "give the limit itself as the value, or leave the cell empty"),
    ("with-unit", "target-with-unit", "carry a unit", "write the number alone"),
    ("minus-sign", "target-minus-sign", "have a dash for a minus sign", "write -1.5 with a hyphen"),
)  # fmt: skip


def target_findings(
    found: FindingCollector,
    scan: TargetScan,
    frame: pd.DataFrame,
    *,
    dropped: Mask,
    drop_missing: bool,
) -> None:
    """Report the cells of the target columns that are no numbers.

    Empty cells were not measured. Rows in which all targets are empty are
    dropped; in others the empty targets stay out. Any other text is an error,
    or is taken for "not measured" with `drop_missing`.

    Parameters
    ----------
    found : FindingCollector
        Takes the findings.
    scan : TargetScan
        Of all n rows.
    frame : DataFrame, n rows
        The table as read, for examples.
    dropped : ndarray of bool, shape (n,)
        Rows that are dropped, for whatever reason.
    drop_missing : bool
        Whether rows without a number in any target are dropped.
    """
    for column, name in enumerate(scan.names):
        kinds = scan.kinds[:, column]
        if not (kinds != "").any():
            continue
        reporter = _Column(found, name, as_texts(frame[name]))
        empty = kinds == "missing"
        reporter.dropped("target-missing", empty & scan.unmeasured, "are empty: not measured")
        reporter.other_targets("target-missing", empty & ~dropped, "are empty: not measured")
        for kind, code, what, fix in _SAYS:
            where = kinds == kind
            if not drop_missing:
                reporter.error(code, where & ~dropped, what, fix=fix)
            else:
                reporter.dropped(code, where & scan.unusable, what)
                reporter.other_targets(code, where & ~scan.unusable & ~dropped, what)


@dataclass(frozen=True, eq=False)
class _Column:
    """One target column of which cells are reported."""

    found: FindingCollector
    name: str
    cells: list[str]

    def _meaning(self, where: Mask, what: str) -> str:
        k, n = f"{int(where.sum()):,}", f"{len(where):,}"
        return f"column '{self.name}': {k} of {n} values {what} ({{first}})"

    def error(self, code: str, where: Mask, what: str, *, fix: str) -> None:
        self.found.add(
            code, "error", where, column=self.name, cells=self.cells,
            meaning=self._meaning(where, what), remedy=f"{fix}, or pass --on-missing drop",
        )  # fmt: skip

    def dropped(self, code: str, where: Mask, what: str) -> None:
        self.found.add(
            code, "warning", where, column=self.name, cells=self.cells, action="dropped",
            meaning=self._meaning(where, what) + "; these rows are dropped",
            remedy="nothing to do, if they were not measured",
        )  # fmt: skip

    def other_targets(self, code: str, where: Mask, what: str) -> None:
        self.found.add(
            code, "info" if code == "target-missing" else "warning", where, column=self.name,
            cells=self.cells, remedy="nothing to do, if they were not measured",
            meaning=self._meaning(where, what) + "; these rows count for the other targets",
        )  # fmt: skip
