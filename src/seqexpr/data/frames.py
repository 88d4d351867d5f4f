"""The rows of any file that seqexpr reads, as DataFrames: whole, or batch by batch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from seqexpr.data.formats import Source, open_source
from seqexpr.data.layout import check_names, sniff_layout
from seqexpr.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["OpenedTable", "iter_frames", "no_rows", "open_frame", "open_table", "read_whole"]


def iter_frames(
    path: str | os.PathLike[str], *, batch_size: int = 10_000, sheet: str | None = None
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Read a table whose columns are not those of a model, in batches, as it is.

    Parameters
    ----------
    path, batch_size, sheet
        As for :func:`iter_tables`.

    Yields
    ------
    first_row : int
        Number of the first row, counted from 1.
    frame : DataFrame
        Every column as read.

    Raises
    ------
    TableError
        If the file is not there, not readable or not a table.
    """
    opened = open_table(path, sheet=sheet, batch_size=batch_size)
    row = 1
    try:
        for frame in opened.frames:
            yield row, frame
            row += len(frame)
    finally:
        opened.close()
    if row == 1:
        raise no_rows(opened)


@dataclass
class OpenedTable:
    """A table that is being read: its rows in frames, and what was assumed so far."""

    name: str
    format: str
    frames: Iterator[pd.DataFrame]
    notes: list[str] = field(default_factory=list)
    source: Source | None = None

    def close(self) -> None:
        """Close the file."""
        if self.source is not None:
            self.source.close()


def open_frame(frame: pd.DataFrame) -> OpenedTable:
    """Treat a DataFrame as a table, with its names as text."""
    named = frame.reset_index(drop=True)
    named.columns = [str(name) for name in frame.columns]
    check_names(list(named.columns), "the DataFrame")
    return OpenedTable("a DataFrame", "DataFrame", iter([named] if len(named) else []))


def open_table(
    path: str | os.PathLike[str], *, sheet: str | None, batch_size: int | None = None
) -> OpenedTable:
    """Open a file as a table; see :func:`~seqexpr.data.table.read_table` for what it may be."""
    shown = str(path)
    if shown.startswith("dataset:"):
        from seqexpr.data.examples import example_path

        path = example_path(shown.removeprefix("dataset:"))
    elif Path(path).is_dir():
        return _open_folder(Path(path), sheet=sheet, batch_size=batch_size)
    source = open_source(path)
    if shown.startswith("dataset:"):
        source = replace(source, name=shown)
    opened = OpenedTable(source.name, source.kind, iter(()), source=source)
    try:
        if sheet is not None and source.kind != "xlsx":
            raise TableError(f"{source.name} is no Excel workbook, so it has no sheet {sheet!r}")
        opened.frames = _frames(opened, source, sheet=sheet, batch_size=batch_size)
    except BaseException:
        source.close()
        raise
    return opened


def _open_folder(folder: Path, *, sheet: str | None, batch_size: int | None) -> OpenedTable:
    """Open the Parquet files of a folder as one table."""
    from seqexpr.data.parquet_folder import iter_parquet_folder, parquet_files

    files = parquet_files(folder)
    if sheet is not None:
        raise TableError(f"{folder} is no Excel workbook, so it has no sheet {sheet!r}")
    tables = iter_parquet_folder(folder, files, batch_size=batch_size or 1 << 20)
    note = f"read as one table: {len(files):,} Parquet files" if len(files) > 1 else ""
    frames = (table.to_pandas() for table in tables)
    return OpenedTable(str(folder), "parquet", frames, [note] if note else [])


def _frames(
    opened: OpenedTable, source: Source, *, sheet: str | None, batch_size: int | None
) -> Iterator[pd.DataFrame]:
    """Choose the reader. It adds what it assumes to the notes of `opened`."""
    size = batch_size or 1 << 20
    if source.kind == "text":
        from seqexpr.data.delimited import iter_delimited

        layout = sniff_layout(source.head, source.name)
        opened.format = "tsv" if layout.delimiter == "\t" else "csv"
        opened.notes += layout.notes
        tables = iter_delimited(source.stream, layout, name=source.name, notes=opened.notes)
        return (table.to_pandas() for table in _rebatch(tables, batch_size))
    if source.kind in ("fasta", "genbank"):
        from seqexpr.data.fasta import iter_fasta, iter_genbank

        records = iter_fasta if source.kind == "fasta" else iter_genbank
        return records(source.stream, batch_size=size, name=source.name, head=source.head)
    if source.kind == "parquet":
        from seqexpr.data.parquet import iter_parquet

        return (table.to_pandas() for table in iter_parquet(source, batch_size=size))
    from seqexpr.data.excel import read_excel

    frame, notes = read_excel(source.stream, name=source.name, sheet=sheet)
    opened.notes += notes
    starts = range(0, len(frame), size)
    return (frame.iloc[start : start + size].reset_index(drop=True) for start in starts)


def _rebatch(tables: Iterator[pa.Table], size: int | None) -> Iterator[pa.Table]:
    """Join and cut tables to `size` rows each; None joins all."""
    import pyarrow as pa

    parts: list[pa.Table] = []
    rows = 0
    for table in tables:
        parts.append(table)
        rows += table.num_rows
        if size is None or rows < size:
            continue
        joined = pa.concat_tables(parts)
        full = rows // size * size
        for start in range(0, full, size):
            yield joined.slice(start, size)
        parts, rows = [joined.slice(full)], rows - full
    if rows:
        yield pa.concat_tables(parts)


def read_whole(opened: OpenedTable) -> pd.DataFrame:
    """Read all rows, without empty ones at the end, and close the file."""
    try:
        parts = [part for part in opened.frames if len(part)]
    finally:
        opened.close()
    if not parts:
        raise no_rows(opened)
    frame = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
    if frame.iloc[-1].isna().all():  # lines of delimiters only, as spreadsheets write them
        filled = frame.notna().any(axis=1).to_numpy().nonzero()[0]
        if not len(filled):
            raise no_rows(opened)
        empty = len(frame) - 1 - int(filled[-1])
        opened.notes.append(f"left out: {empty:,} empty row{'s' * (empty > 1)} at the end")
        frame = frame.iloc[: int(filled[-1]) + 1]
    return frame


def no_rows(opened: OpenedTable) -> TableError:
    """Return the error for a table without rows."""
    has_header = opened.format in ("csv", "tsv", "xlsx")
    what = "has a header but no rows" if has_header else "has no rows"
    return TableError(f"{opened.name} {what}; expected a sequence in each row")
