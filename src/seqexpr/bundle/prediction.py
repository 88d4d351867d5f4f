"""Predict a file: batch by batch, in order, each row of the input a row of the output."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from seqexpr.bundle.columns import prediction_columns, prediction_values
from seqexpr.bundle.intake import REASONS, Intake, take_in
from seqexpr.data.cells import as_labels
from seqexpr.data.covariates import CovariateReading, read_covariates
from seqexpr.data.table import Table, iter_tables
from seqexpr.data.writer import TableWriter
from seqexpr.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.bundle.bundle import Bundle

__all__ = [
    "PredictionSummary",
    "RowProblem",
    "join_summaries",
    "predict_file",
    "predict_table",
]

_SHOWN_ROWS = 20


@dataclass(frozen=True)
class RowProblem:
    """Rows that could not be predicted, for one reason.

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


@dataclass(frozen=True)
class PredictionSummary:
    """What became of the rows of a file.

    Attributes
    ----------
    n_rows, n_predicted : int
        Rows read and written; rows with a prediction.
    n_repaired : int
        Rows in which case, U, gaps or white space were changed before
        predicting.
    n_outside_length : int
        Predicted rows that are shorter or longer than every training
        sequence.
    n_outside_domain : int or None
        Predicted rows that are unlike the training sequences; None if the
        model does not say.
    train_lengths : tuple of int
        Length of the shortest and of the longest training sequence, in bases.
    problems : tuple of RowProblem
        Why rows have no prediction.
    notes : tuple of str
        What was read, in words.
    """

    n_rows: int
    n_predicted: int
    n_repaired: int
    n_outside_length: int
    n_outside_domain: int | None
    train_lengths: tuple[int, int]
    problems: tuple[RowProblem, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as JSON-ready containers."""
        return asdict(self)

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Self:
        """Return the summary that :meth:`to_dict` gave, also from JSON and back."""
        low, high = said["train_lengths"]
        problems = tuple(
            RowProblem(one["reason"], one["n_rows"], tuple(one["rows"])) for one in said["problems"]
        )
        changed = {
            "train_lengths": (low, high),
            "problems": problems,
            "notes": tuple(said["notes"]),
        }
        return cls(**{**said, **changed})


@dataclass
class _Tally:
    n_rows: int = 0
    n_predicted: int = 0
    n_repaired: int = 0
    n_outside_length: int = 0
    n_outside_domain: int = 0
    problems: dict[str, tuple[int, list[int]]] = field(default_factory=dict)

    def add_problem(self, reason: str, row: int) -> None:
        count, rows = self.problems.get(reason, (0, []))
        if len(rows) < _SHOWN_ROWS:
            rows.append(row)
        self.problems[reason] = (count + 1, rows)


def predict_file(
    bundle: Bundle,
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    batch_size: int = 10_000,
    sequence: str | None = None,
    id: str | None = None,
    sheet: str | None = None,
    on_batch: Callable[[int], None] | None = None,
) -> PredictionSummary:
    """Predict each sequence of a file, in order, in constant memory.

    Every row of the input becomes one row of the output, with its id, a
    prediction and its interval for each target, whether it lies in the training
    domain, and the problem if there is one. Rows without a sequence, with one
    that is not DNA, or with a covariate that the model was not trained on, have
    an empty prediction and say why; they are never dropped. Lower case, U, gaps
    and white space are repaired as in training, and counted.

    Parameters
    ----------
    bundle : Bundle
        A loaded model.
    source : str or Path
        CSV, TSV, Parquet, Excel, FASTA or GenBank, compressed or not; "-" is
        standard input, ``dataset:NAME`` an embedded example.
    destination : str or Path
        .csv, .tsv, .parquet or .fasta by its name; "-" is CSV on standard
        output. Written whole or not at all.
    batch_size : int
        Rows held in memory at a time, at least 1. Default 10,000.
    sequence, id : str, optional
        Column names; recognised if not given.
    sheet : str, optional
        For Excel: which sheet.
    on_batch : callable, optional
        Told the number of rows done after each batch.

    Returns
    -------
    PredictionSummary
        Counts, and the problems with the rows they occur in.

    Raises
    ------
    TableError, ColumnError
        If the input cannot be read, or lacks a covariate that the model needs.
    OutputError
        If the output cannot be written.
    """
    if batch_size < 1:
        raise InputError(f"batch_size = {batch_size}: must be at least 1")
    tally = _Tally()
    notes: tuple[str, ...] = ()
    with TableWriter(destination) as writer:
        tables = iter_tables(
            source, batch_size=batch_size, sequence=sequence, id=id, sheet=sheet,
            covariate=tuple(item.name for item in bundle.covariates),
        )  # fmt: skip
        for table in tables:
            notes = table.notes  # a later batch may have added to them
            writer.write(
                _predict_batch(bundle, table, tally, with_sequence=writer.format == "fasta")
            )
            if on_batch is not None:
                on_batch(tally.n_rows)
    return _summary(tally, bundle, notes)


def join_summaries(
    summaries: Sequence[PredictionSummary], *, notes: tuple[str, ...] = ()
) -> PredictionSummary:
    """Return the summary of parts of a table, in their order, as if it had been one.

    Parameters
    ----------
    summaries : sequence of PredictionSummary
        Of one model, at least one.
    notes : tuple of str
        What was read, in words. Default nothing.

    Examples
    --------
    >>> part = PredictionSummary(3, 2, 0, 0, 1, (4, 9), (RowProblem("not DNA", 1, (2,)),), ())
    >>> whole = join_summaries([part, part])
    >>> whole.n_rows, whole.problems[0].n_rows, whole.problems[0].rows
    (6, 2, (2, 2))
    """
    problems: dict[str, tuple[int, tuple[int, ...]]] = {}
    for problem in (problem for one in summaries for problem in one.problems):
        count, rows = problems.get(problem.reason, (0, ()))
        problems[problem.reason] = (
            count + problem.n_rows, (*rows, *problem.rows)[:_SHOWN_ROWS],
        )  # fmt: skip
    outside = [one.n_outside_domain for one in summaries]
    return PredictionSummary(
        n_rows=sum(one.n_rows for one in summaries),
        n_predicted=sum(one.n_predicted for one in summaries),
        n_repaired=sum(one.n_repaired for one in summaries),
        n_outside_length=sum(one.n_outside_length for one in summaries),
        n_outside_domain=None if None in outside else sum(n or 0 for n in outside),
        train_lengths=summaries[0].train_lengths,
        problems=tuple(RowProblem(reason, n, rows) for reason, (n, rows) in problems.items()),
        notes=notes,
    )


def predict_table(
    bundle: Bundle, table: Table, *, with_sequence: bool = False
) -> tuple[pd.DataFrame, PredictionSummary]:
    """Predict each row of a table in memory.

    Parameters
    ----------
    bundle : Bundle
        A loaded model.
    table : Table
        As :func:`seqexpr.data.table.read_table` gives it.
    with_sequence : bool
        Whether the second column shall be the sequence, repaired. Default False.

    Returns
    -------
    frame : DataFrame, n rows
        Columns id; predicted, lower, upper (or predicted_NAME, … for each of
        several targets); in_domain, domain_score; problem.
    summary : PredictionSummary
        Counts and problems.
    """
    tally = _Tally()
    frame = _predict_batch(bundle, table, tally, with_sequence=with_sequence)
    return frame, _summary(tally, bundle, table.notes)


def _summary(tally: _Tally, bundle: Bundle, notes: tuple[str, ...]) -> PredictionSummary:
    read = bundle.manifest.input
    return PredictionSummary(
        n_rows=tally.n_rows,
        n_predicted=tally.n_predicted,
        n_repaired=tally.n_repaired,
        n_outside_length=tally.n_outside_length,
        n_outside_domain=None if bundle.calibration.domain is None else tally.n_outside_domain,
        train_lengths=(read.min_length, read.max_length),
        problems=tuple(
            RowProblem(reason, count, tuple(rows))
            for reason, (count, rows) in tally.problems.items()
        ),
        notes=notes,
    )


def _predict_batch(
    bundle: Bundle, table: Table, tally: _Tally, *, with_sequence: bool
) -> pd.DataFrame:
    import pandas as pd

    intake = take_in(table.frame[table.roles.sequence])
    beside = read_covariates(table.frame, bundle.covariates) if bundle.covariates else None
    good = intake.codes == ""
    if beside is not None:
        good &= np.array([not problem for problem in beside.problems])
    clean = [intake.sequences[row] for row in np.flatnonzero(good)]
    values = prediction_values(bundle, clean, good, beside=beside)
    predicted = np.column_stack([values[name] for name in prediction_columns(bundle.target_names)])
    failed = good & ~np.isfinite(predicted).all(axis=1)
    problems = _count(tally, intake, failed, table.first_row, beside=beside)
    lengths = np.fromiter(map(len, clean), dtype=np.int64, count=len(clean))
    read = bundle.manifest.input
    tally.n_outside_length += int(((lengths < read.min_length) | (lengths > read.max_length)).sum())
    columns: dict[str, Any] = {"id": pd.array(_ids(table), dtype="str")}
    if with_sequence:
        shown = [s or text for s, text in zip(intake.sequences, intake.texts, strict=True)]
        columns["sequence"] = pd.array(shown, dtype="str")
    tally.n_outside_domain += int((~values["in_domain"][good & ~failed]).sum())
    columns |= values
    columns["problem"] = pd.array([problem or None for problem in problems], dtype="str")
    return pd.DataFrame(columns)


def _count(
    tally: _Tally, intake: Intake, failed: Any, first_row: int, *, beside: CovariateReading | None
) -> list[str]:
    """Add a batch to the tally and return the problem of each row."""
    problems = list(intake.problems)
    reasons = {row: REASONS[intake.codes[row]] for row in np.flatnonzero(intake.codes).tolist()}
    for row, reason in enumerate([] if beside is None else beside.reasons):
        if reason and row not in reasons and beside is not None:
            problems[row], reasons[row] = beside.problems[row], reason
    for row in np.flatnonzero(failed).tolist():
        problems[row] = reasons[row] = "the model gives no number"
    for row, reason in sorted(reasons.items()):
        tally.add_problem(reason, first_row + row)
    tally.n_rows += len(problems)
    tally.n_predicted += len(problems) - len(reasons)
    tally.n_repaired += intake.n_repaired
    return problems


def _ids(table: Table) -> list[str]:
    if table.roles.id is None:
        labels = [""] * len(table.frame)
    else:
        labels = as_labels(table.frame[table.roles.id]).tolist()
    return [label or f"row {row}" for row, label in enumerate(labels, start=table.first_row)]
