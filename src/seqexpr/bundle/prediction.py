"""Predict a file: batch by batch, in order, each row of the input a row of the output."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from seqexpr.bundle.columns import prediction_columns, prediction_values
from seqexpr.bundle.rows import ModelRows, RowProblem, join_problems
from seqexpr.data.table import Table, iter_tables
from seqexpr.data.writer import TableWriter
from seqexpr.errors import InputError, TableError

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
        problems = tuple(map(RowProblem.from_dict, said["problems"]))
        changed = {
            "train_lengths": (low, high),
            "problems": problems,
            "notes": tuple(said["notes"]),
        }
        return cls(**{**said, **changed})


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
    whole: PredictionSummary | None = None
    with TableWriter(destination) as writer:
        tables = iter_tables(
            source, batch_size=batch_size, sequence=sequence, id=id, sheet=sheet,
            covariate=tuple(item.name for item in bundle.covariates),
        )  # fmt: skip
        for table in tables:
            frame, summary = predict_table(bundle, table, with_sequence=writer.format == "fasta")
            writer.write(frame)
            # A later batch may have added to the notes.
            parts = [summary] if whole is None else [whole, summary]
            whole = join_summaries(parts, notes=table.notes)
            if on_batch is not None:
                on_batch(whole.n_rows)
    if whole is None:
        raise TableError(f"{source} has no rows; expected a sequence in each row")
    return whole


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
    outside = [one.n_outside_domain for one in summaries]
    return PredictionSummary(
        n_rows=sum(one.n_rows for one in summaries),
        n_predicted=sum(one.n_predicted for one in summaries),
        n_repaired=sum(one.n_repaired for one in summaries),
        n_outside_length=sum(one.n_outside_length for one in summaries),
        n_outside_domain=None if None in outside else sum(n or 0 for n in outside),
        train_lengths=summaries[0].train_lengths,
        problems=join_problems(problem for one in summaries for problem in one.problems),
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
    import pandas as pd

    rows = ModelRows.read(bundle, table)
    clean = rows.sequences
    values = prediction_values(bundle, clean, rows.good, beside=rows.beside)
    predicted = np.column_stack([values[name] for name in prediction_columns(bundle.target_names)])
    failed = rows.good & ~np.isfinite(predicted).all(axis=1)
    problems, counted = rows.problems(failed)
    predictable = rows.good & ~failed
    columns: dict[str, Any] = {"id": pd.array(rows.ids, dtype="str")}
    if with_sequence:
        columns["sequence"] = pd.array(rows.shown(), dtype="str")
    columns |= values
    columns["problem"] = pd.array(problems, dtype="str")
    lengths = np.fromiter(map(len, clean), dtype=np.int64, count=len(clean))
    read = bundle.manifest.input
    has_domain = bundle.calibration.domain is not None
    summary = PredictionSummary(
        n_rows=len(problems),
        n_predicted=int(predictable.sum()),
        n_repaired=rows.intake.n_repaired,
        n_outside_length=int(((lengths < read.min_length) | (lengths > read.max_length)).sum()),
        n_outside_domain=int((~values["in_domain"][predictable]).sum()) if has_domain else None,
        train_lengths=(read.min_length, read.max_length),
        problems=counted,
        notes=table.notes,
    )
    return pd.DataFrame(columns), summary
