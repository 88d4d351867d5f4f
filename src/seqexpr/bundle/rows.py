"""The rows of a table as a model reads them: which can be used, and why others cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from seqexpr.bundle.intake import REASONS, Intake, take_in
from seqexpr.data.cells import as_labels
from seqexpr.data.covariates import CovariateReading, read_covariates

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.bundle.bundle import Bundle
    from seqexpr.data.table import Table

__all__ = ["ModelRows", "RowProblem", "join_problems"]

_SHOWN_ROWS = 20
_NO_NUMBER = "the model gives no number"


@dataclass(frozen=True)
class RowProblem:
    """Rows that could not be used, for one reason.

    Attributes
    ----------
    reason : str
        Why, in words.
    n_rows : int
        How many rows.
    rows : tuple of int
        Numbers of the first rows, counted from 1; at most 20.
    """

    reason: str
    n_rows: int
    rows: tuple[int, ...]

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Self:
        """Return the problem of which JSON holds the attributes."""
        return cls(said["reason"], said["n_rows"], tuple(said["rows"]))


def join_problems(problems: Iterable[RowProblem]) -> tuple[RowProblem, ...]:
    """Return one problem for each reason, of parts of a table in their order.

    Examples
    --------
    >>> join_problems([RowProblem("not DNA", 1, (2,)), RowProblem("not DNA", 2, (5, 7))])
    (RowProblem(reason='not DNA', n_rows=3, rows=(2, 5, 7)),)
    """
    joined: dict[str, RowProblem] = {}
    for problem in problems:
        before = joined.get(problem.reason, RowProblem(problem.reason, 0, ()))
        joined[problem.reason] = RowProblem(
            problem.reason, before.n_rows + problem.n_rows,
            (*before.rows, *problem.rows)[:_SHOWN_ROWS],
        )  # fmt: skip
    return tuple(joined.values())


@dataclass(frozen=True, eq=False)
class ModelRows:
    """The n rows of a table as a model reads them.

    Attributes
    ----------
    ids : list of str, length n
        Their names; ``row 17`` where there is none.
    intake : Intake
        Their sequences.
    beside : CovariateReading or None
        Their covariates, where the model reads any.
    first_row : int
        Number of the first, counted from 1.
    good : ndarray of bool, shape (n,)
        Which the model can read.
    """

    ids: list[str]
    intake: Intake
    beside: CovariateReading | None
    first_row: int
    good: npt.NDArray[np.bool_]

    @classmethod
    def read(cls, bundle: Bundle, table: Table) -> Self:
        """Read the rows of a table as a model does."""
        intake = take_in(table.frame[table.roles.sequence])
        beside = read_covariates(table.frame, bundle.covariates) if bundle.covariates else None
        good = np.asarray(intake.codes == "", dtype=bool)
        if beside is not None:
            good &= np.array([not problem for problem in beside.problems], dtype=bool)
        return cls(_ids(table), intake, beside, table.first_row, good)

    @property
    def sequences(self) -> list[str]:
        """The sequences that the model can read, upper case."""
        return [self.intake.sequences[row] for row in np.flatnonzero(self.good)]

    @property
    def covariates(self) -> pd.DataFrame | None:
        """Covariates of the rows that the model can read."""
        return None if self.beside is None else self.beside.frame[self.good].reset_index(drop=True)

    def shown(self) -> list[str]:
        """Return each sequence, repaired where it can be read, as found where not."""
        pairs = zip(self.intake.sequences, self.intake.texts, strict=True)
        return [sequence or text for sequence, text in pairs]

    def problems(
        self, failed: npt.NDArray[np.bool_]
    ) -> tuple[list[str | None], tuple[RowProblem, ...]]:
        """Return the problem of each row, None where all is well, and their number by reason.

        Parameters
        ----------
        failed : ndarray of bool, shape (n,)
            Rows that the model can read, and says no number for.
        """
        problems = list(self.intake.problems)
        codes = self.intake.codes
        reasons = {row: REASONS[codes[row]] for row in np.flatnonzero(codes).tolist()}
        kinds: Sequence[str] = [] if self.beside is None else self.beside.reasons
        for row, reason in enumerate(kinds):
            if reason and row not in reasons and self.beside is not None:
                problems[row], reasons[row] = self.beside.problems[row], reason
        for row in np.flatnonzero(failed).tolist():
            problems[row] = reasons[row] = _NO_NUMBER
        counted = join_problems(
            RowProblem(reason, 1, (self.first_row + row,))
            for row, reason in sorted(reasons.items())
        )
        return [problem or None for problem in problems], counted


def _ids(table: Table) -> list[str]:
    if table.roles.id is None:
        labels = [""] * len(table.frame)
    else:
        labels = as_labels(table.frame[table.roles.id]).tolist()
    return [label or f"row {row}" for row, label in enumerate(labels, start=table.first_row)]
