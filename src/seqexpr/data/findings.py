"""What the input doctor reports: findings, and the report that collects them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Action", "CheckReport", "Finding", "FindingCollector", "Severity", "shown"]

_EXAMPLE_WIDTH = 80
_MARKS = {"error": "x", "warning": "!", "info": "i"}

Severity = Literal["info", "warning", "error"]
Action = Literal["none", "repaired", "dropped"]


@dataclass(frozen=True, eq=False)
class Finding:
    """One kind of problem, with every row that has it.

    Attributes
    ----------
    code : str
        Stable name in kebab-case, like "target-missing".
    severity : {"info", "warning", "error"}
        "error" stops a training run.
    column : str or None
        Column it is about.
    n_rows : int
        Number of rows that have it.
    rows : ndarray of int64
        Their numbers, counted from 1; empty where it is about the whole table.
    examples : tuple of str
        Up to three values as found.
    meaning : str
        What was found and what it means for a model.
    remedy : str
        What to do; empty where nothing needs to be done.
    action : {"none", "repaired", "dropped"}
        What is done to these rows.
    """

    code: str
    severity: Severity
    column: str | None
    n_rows: int
    rows: npt.NDArray[np.int64]
    examples: tuple[str, ...]
    meaning: str
    remedy: str
    action: Action = "none"

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes, JSON-ready, with every row."""
        return {
            "code": self.code,
            "severity": self.severity,
            "column": self.column,
            "n_rows": self.n_rows,
            "rows": self.rows.tolist(),
            "examples": list(self.examples),
            "meaning": self.meaning,
            "remedy": self.remedy,
            "action": self.action,
        }


def shown(value: object, width: int = 24) -> str:
    """Return a value in quotes, shortened, for a message.

    Examples
    --------
    >>> shown("n/a"), shown("A" * 50)
    ("'n/a'", "'AAAAAAAAAAAAAAAAAAAAA...'")
    """
    text = str(value)
    return repr(text if len(text) <= width else text[: width - 3] + "...")


class FindingCollector:
    """Collects findings and counts rows as people do.

    Parameters
    ----------
    first_row : int
        Number of the table's first row. Default 1.

    Attributes
    ----------
    findings : list of Finding
        In the order in which they were added.

    Examples
    --------
    >>> found = FindingCollector()
    >>> where = np.array([False, True])
    >>> found.add("target-text", "error", where, meaning="text ({first})", cells=["1", "x"])
    >>> found.findings[0].rows.tolist(), found.findings[0].meaning
    ([2], "text (first: row 2, 'x')")
    """

    def __init__(self, first_row: int = 1) -> None:
        self.first_row = first_row
        self.findings: list[Finding] = []

    def add(
        self,
        code: str,
        severity: Severity,
        where: npt.NDArray[np.bool_] | None,
        *,
        meaning: str,
        remedy: str = "",
        column: str | None = None,
        cells: Sequence[object] | npt.NDArray[Any] | None = None,
        action: Action = "none",
    ) -> None:
        """Add a finding, unless its rows are none.

        Parameters
        ----------
        code, severity, meaning, remedy, column, action
            As in :class:`Finding`. In `meaning`, ``{first}`` becomes "first:
            row 17, 'n/a'".
        where : ndarray of bool, shape (n,), or None
            Which rows; None = the whole table.
        cells : sequence, length n, optional
            The cells as found, for the examples.
        """
        at = np.zeros(0, np.int64) if where is None else np.flatnonzero(where).astype(np.int64)
        if where is not None and not len(at):
            return
        examples: tuple[str, ...] = ()
        if cells is not None:
            examples = tuple(str(cells[int(row)])[:_EXAMPLE_WIDTH] for row in at[:3])
        if len(at):
            first = f"first: row {at[0] + self.first_row:,}"
            if examples:
                first += f", {shown(examples[0]) if examples[0] else 'empty'}"
            meaning = meaning.replace("{first}", first)
        rows = at + self.first_row
        self.findings.append(
            Finding(code, severity, column, len(at), rows, examples, meaning, remedy, action)
        )


@dataclass(frozen=True, eq=False)
class CheckReport:
    """Everything the input doctor found in a table.

    Attributes
    ----------
    source : str
        Name of the table.
    n_rows, n_kept, n_repaired, n_dropped : int
        Rows in all; every row is kept, repaired or dropped, so the last three
        add up to the first. A row with an error counts as kept: nothing was
        done to it.
    findings : tuple of Finding
        Errors first, then warnings, then information.
    notes : tuple of str
        Which columns were chosen, in words.
    """

    source: str
    n_rows: int
    n_kept: int
    n_repaired: int
    n_dropped: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stop a run."""
        return tuple(f for f in self.findings if f.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that the user should think about."""
        return tuple(f for f in self.findings if f.severity == "warning")

    @property
    def has_errors(self) -> bool:
        """Whether there is an error."""
        return bool(self.errors)

    def to_dict(self) -> dict[str, Any]:
        """Return the report, JSON-ready."""
        return {
            "format_version": 1,
            "source": self.source,
            "n_rows": self.n_rows,
            "n_kept": self.n_kept,
            "n_repaired": self.n_repaired,
            "n_dropped": self.n_dropped,
            "notes": list(self.notes),
            "findings": [finding.to_dict() for finding in self.findings],
        }

    def format_text(self) -> str:
        """Return the report as plain text for logs: two or three lines a finding."""
        lines: list[str] = []
        for finding in self.findings:
            where = ""
            if finding.n_rows:
                some = ", ".join(f"{row}" for row in finding.rows[:5].tolist())
                more = ", ..." if finding.n_rows > 5 else ""
                where = f" ({finding.n_rows:,} row{'s' * (finding.n_rows > 1)}: {some}{more})"
            done = f", {finding.action}" if finding.action != "none" else ""
            mark = _MARKS[finding.severity]
            lines.append(f"{mark} {finding.severity:<7} {finding.code}{done}{where}")
            lines.append(f"    {finding.meaning}")
            if finding.remedy not in ("", "nothing to do"):
                lines.append(f"    -> {finding.remedy}")
        counts = (
            f"{self.n_rows:,} rows = {self.n_kept:,} kept + {self.n_repaired:,} repaired + "
            f"{self.n_dropped:,} dropped"
        )
        return "\n".join([*lines, f"{self.source}: {counts}"])
