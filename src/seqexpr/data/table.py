"""Reading tables of sequences: whole, or in batches of constant memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from seqexpr.data.columns import ColumnChoice, ColumnRoles, recognize_columns
from seqexpr.data.frames import OpenedTable, no_rows, open_frame, open_table, read_whole
from seqexpr.errors import ColumnError, InputError, TableError

__all__ = ["Table", "TableLike", "iter_tables", "read_frame", "read_table"]

TableLike: TypeAlias = str | Path | pd.DataFrame


@dataclass(frozen=True, eq=False)
class Table:
    """A table as it was read, with what each column is.

    Attributes
    ----------
    frame : DataFrame
        Every column as read: text cells are str, empty cells are NA; numbers
        only where the format has them (Parquet, Excel). Row k in messages is
        the k-th data row, counted from 1.
    roles : ColumnRoles
        What each column is.
    source : str
        Name shown to people.
    format : {"csv", "tsv", "parquet", "xlsx", "fasta", "genbank", "DataFrame"}
        What it was read from; "csv" is any delimited text but tabs.
    notes : tuple of str
        What was chosen and assumed, in words.
    first_row : int
        Number of the first row, 1 unless this is a later batch.
    """

    frame: pd.DataFrame
    roles: ColumnRoles
    source: str
    format: str
    notes: tuple[str, ...] = ()
    first_row: int = 1


def read_table(
    path: TableLike,
    *,
    sequence: str | None = None,
    target: tuple[str, ...] = (),
    id: str | None = None,
    group: str | None = None,
    chromosome: str | None = None,
    weight: str | None = None,
    replicate: tuple[str, ...] = (),
    covariate: tuple[str, ...] = (),
    split_column: str | None = None,
    error: str | None = None,
    reads: str | None = None,
    values: str | os.PathLike[str] | None = None,
    sheet: str | None = None,
    require_target: bool = True,
) -> Table:
    """Read a table and recognise its columns.

    Parameters
    ----------
    path : str, Path or DataFrame
        CSV, TSV or another delimited text, Parquet, Excel (.xlsx), FASTA or
        GenBank, also gzip, bzip2, zstd or xz; recognised by content. A folder
        is its Parquet files, as one table. "-" is standard input,
        ``dataset:NAME`` an embedded example.
    sequence, id, group, chromosome, weight, split_column, error, reads : str, optional
        Column names; recognised if not given.
    target, replicate, covariate : tuple of str
        Column names; targets and replicates are recognised if not given. A
        covariate may be given as NAME:categorical or NAME:numeric.
    values : str or Path, optional
        For FASTA and GenBank: a second table with the measured values, joined
        on the record's name. `id` is then its column of names.
    sheet : str, optional
        For Excel: which sheet.
    require_target : bool
        Whether a table without measured values is an error. If not, only the
        sequence and the names of the rows are recognised. Default True.

    Returns
    -------
    Table
        Everything as read; nothing is converted, and no row is left out but
        empty ones at the end, which a note counts.

    Raises
    ------
    TableError
        If the file is not there, not readable or not a table.
    ColumnError
        If a column is not there, or which one is meant is in doubt.

    Examples
    --------
    >>> table = read_table(pd.DataFrame({"seq": ["ACGT", "TTTT"], "expression": [1.0, 2.0]}))
    >>> table.roles.sequence, table.roles.targets, len(table.frame)
    ('seq', ('expression',), 2)
    """
    choice = ColumnChoice(
        sequence=sequence, target=_names(target), id=id, group=group, chromosome=chromosome,
        weight=weight, replicate=_names(replicate), covariate=_names(covariate),
        split=split_column, error=error, reads=reads,
    )  # fmt: skip
    opened = open_frame(path) if isinstance(path, pd.DataFrame) else open_table(path, sheet=sheet)
    frame = read_whole(opened)
    if values is not None:
        frame, choice = _with_values(frame, values, choice, opened=opened)
    elif require_target and not choice.target:
        _check_titles(frame, opened)
    roles, chosen = _recognize(frame, choice, opened, require_target=require_target)
    notes = (*opened.notes, *chosen)
    return Table(frame, roles, opened.name, opened.format, notes=notes)


def iter_tables(
    path: str | os.PathLike[str],
    *,
    batch_size: int = 10_000,
    sequence: str | None = None,
    target: tuple[str, ...] = (),
    id: str | None = None,
    group: str | None = None,
    chromosome: str | None = None,
    weight: str | None = None,
    replicate: tuple[str, ...] = (),
    covariate: tuple[str, ...] = (),
    split_column: str | None = None,
    sheet: str | None = None,
) -> Iterator[Table]:
    """Read a table to predict on, in batches, in order, in constant memory.

    The sequence and the names of the rows are recognised on the first batch;
    other columns only if they are named. Excel workbooks, and Parquet that is
    compressed or comes from a pipe, are held whole.

    Parameters
    ----------
    path : str or Path
        As for :func:`read_table`.
    batch_size : int
        Rows of a batch, at least 1. Default 10,000.
    sequence, target, id, group, chromosome, weight, replicate, covariate, split_column, sheet
        As for :func:`read_table`.

    Yields
    ------
    Table
        Batches with `first_row` set; all with the same roles.

    Raises
    ------
    TableError, ColumnError
        As for :func:`read_table`; a mistake far down is told when its batch is
        reached.

    Examples
    --------
    >>> batches = list(iter_tables("dataset:lac", batch_size=20_000))
    >>> [(batch.first_row, len(batch.frame)) for batch in batches]
    [(1, 20000), (20001, 20000), (40001, 10518)]
    """
    if batch_size < 1:
        raise InputError(f"batch_size = {batch_size}: must be at least 1")
    choice = ColumnChoice(
        sequence=sequence, target=_names(target), id=id, group=group, chromosome=chromosome,
        weight=weight, replicate=_names(replicate), covariate=_names(covariate),
        split=split_column,
    )  # fmt: skip
    opened = open_table(path, sheet=sheet, batch_size=batch_size)
    roles, row = None, 1
    try:
        for frame in opened.frames:
            if roles is None:
                roles, chosen = _recognize(frame, choice, opened, require_target=False)
            for name in {roles.id, *roles.targets, *roles.covariates} - {None, *frame.columns}:
                frame[name] = pd.NA  # titles of FASTA records need not all hold the same values
            notes = (*opened.notes, *chosen)
            yield Table(frame, roles, opened.name, opened.format, notes=notes, first_row=row)
            row += len(frame)
    finally:
        opened.close()
    if roles is None:
        raise no_rows(opened)


def read_frame(path: TableLike, *, sheet: str | None = None) -> tuple[pd.DataFrame, list[str]]:
    """Read a table that need not hold sequences, such as expression by gene.

    Parameters
    ----------
    path : str, Path or DataFrame
        As for :func:`read_table`.
    sheet : str, optional
        For Excel: which sheet.

    Returns
    -------
    frame : DataFrame
        Every column as read.
    notes : list of str
        What was assumed, in words.

    Raises
    ------
    TableError
        If the file is not there, not readable, not a table or without rows.

    Examples
    --------
    >>> frame, notes = read_frame(pd.DataFrame({"gene": ["lacZ"], "tpm": [5.2]}))
    >>> frame.columns.tolist(), notes
    (['gene', 'tpm'], [])
    """
    opened = open_frame(path) if isinstance(path, pd.DataFrame) else open_table(path, sheet=sheet)
    return read_whole(opened), opened.notes


def _names(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _recognize(
    frame: pd.DataFrame, choice: ColumnChoice, opened: OpenedTable, *, require_target: bool
) -> tuple[ColumnRoles, tuple[str, ...]]:
    try:
        return recognize_columns(frame, choice, require_target=require_target)
    except ColumnError as error:
        raise ColumnError(f"{opened.name}: {error}") from None


def _check_titles(frame: pd.DataFrame, opened: OpenedTable) -> None:
    if opened.format in ("fasta", "genbank") and not set(frame.columns) - {"id", "sequence"}:
        raise TableError(
            f"{opened.name} holds no measured values; write them into the titles "
            "(>name expression=5.2), or pass a table of them: --values FILE"
        )


def _with_values(
    frame: pd.DataFrame, values: Any, choice: ColumnChoice, *, opened: OpenedTable
) -> tuple[pd.DataFrame, ColumnChoice]:
    """Join the table `values` to the records of a FASTA or GenBank file."""
    from seqexpr.data.fasta import join_values

    if opened.format not in ("fasta", "genbank"):
        raise TableError(
            f"{opened.name} is no FASTA file: a second table of values (--values) is for those"
        )
    second = open_table(values, sheet=None)
    joined, note = join_values(
        frame, read_whole(second), key=choice.id, names=(opened.name, second.name)
    )
    opened.notes += [*second.notes, note]
    return joined, replace(choice, id=None if choice.id is None else "id")
