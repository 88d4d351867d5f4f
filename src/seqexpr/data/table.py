"""Reading tables of sequences: whole, or in batches of constant memory."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from seqexpr.data.columns import ColumnChoice, ColumnRoles, recognize_columns
from seqexpr.data.formats import Source, open_source, sniff_layout
from seqexpr.errors import ColumnError, TableError

__all__ = ["Table", "TableLike", "iter_tables", "read_table"]

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
    format : {"text", "fasta", "genbank", "parquet", "xlsx", "DataFrame"}
        What it was read from.
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
    values: str | None = None,
    sheet: str | None = None,
    require_target: bool = True,
) -> Table:
    """Read a table and recognise its columns.

    Parameters
    ----------
    path : str, Path or DataFrame
        CSV, TSV or another delimited text, Parquet, Excel (.xlsx), FASTA or
        GenBank, also gzip, bzip2 or zstd; recognised by content. "-" is
        standard input, ``dataset:NAME`` an embedded example.
    sequence, id, group, chromosome, weight, split_column : str, optional
        Column names; recognised if not given.
    target, replicate, covariate : tuple of str
        Column names; targets and replicates are recognised if not given.
    values : str, optional
        For FASTA: a second table with the measured values, joined on the id.
    sheet : str, optional
        For Excel: which sheet.
    require_target : bool
        Whether a table without measured values is an error. Default True.

    Returns
    -------
    Table
        Everything as read; nothing is converted or dropped.

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
        sequence=sequence, target=tuple(target), id=id, group=group, chromosome=chromosome,
        weight=weight, replicate=tuple(replicate), covariate=tuple(covariate), split=split_column,
    )  # fmt: skip
    frame, source, kind, notes = _read_frame(path, sheet)
    if values is not None:
        if kind not in ("fasta", "genbank"):
            raise TableError("--values is for FASTA and GenBank; this table has its own columns")
        frame, joined = _join_values(frame, values, source)
        notes = (*notes, joined)
    if len(frame) == 0:
        raise TableError(f"{source} has a header but no rows")
    try:
        roles, chosen = recognize_columns(frame, choice, require_target=require_target)
    except ColumnError as error:
        raise ColumnError(f"{source}: {error}") from None
    return Table(frame, roles, source, kind, notes=(*notes, *chosen))


def iter_tables(
    path: str | os.PathLike[str],
    *,
    batch_size: int = 10_000,
    sequence: str | None = None,
    id: str | None = None,
    sheet: str | None = None,
) -> Iterator[Table]:
    """Read a table to predict on, in batches, in order, in constant memory.

    Columns are recognised on the first batch. Excel workbooks and Parquet from
    a pipe are read whole.

    Parameters
    ----------
    path : str or Path
        As for :func:`read_table`.
    batch_size : int
        Rows a batch, at least 1. Default 10,000.
    sequence, id : str, optional
        Column names; recognised if not given.
    sheet : str, optional
        For Excel: which sheet.

    Yields
    ------
    Table
        Batches with `first_row` set.
    """
    choice = ColumnChoice(sequence=sequence, id=id)
    first, row = None, 1
    name, kind, frames, notes = _open_frames(path, sheet, batch_size)
    for frame in frames:
        if first is None:
            try:
                roles, chosen = recognize_columns(frame, choice, require_target=False)
            except ColumnError as error:
                raise ColumnError(f"{name}: {error}") from None
            first = Table(frame, roles, name, kind, notes=(*notes, *chosen))
        elif first.roles.id is not None and first.roles.id not in frame:
            frame[first.roles.id] = pd.NA
        yield replace(first, frame=frame, first_row=row)
        row += len(frame)
    if first is None:
        raise TableError(f"{name} has a header but no rows")


def _read_frame(
    path: TableLike, sheet: str | None
) -> tuple[pd.DataFrame, str, str, tuple[str, ...]]:
    if isinstance(path, pd.DataFrame):
        frame = path.reset_index(drop=True)
        frame.columns = frame.columns.astype(str)
        return frame, "a DataFrame", "DataFrame", ()
    name, kind, frames, notes = _open_frames(path, sheet, None)
    parts = list(frames)
    if not parts:
        raise TableError(f"{name} has a header but no rows")
    frame = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
    return frame, name, kind, notes


def _open_frames(
    path: str | os.PathLike[str], sheet: str | None, batch_size: int | None
) -> tuple[str, str, Iterator[pd.DataFrame], tuple[str, ...]]:
    """Open a table and return its name, kind, batches and notes."""
    shown = str(path)
    if shown.startswith("dataset:"):
        from seqexpr.data.examples import example_path

        path = example_path(shown.removeprefix("dataset:"))
    source = open_source(path)
    if shown.startswith("dataset:"):
        source = replace(source, name=shown)
    if source.kind == "text":
        frames, notes = _text_frames(source, batch_size)
    else:
        frames, notes = _other_frames(source, sheet, batch_size)
    return source.name, source.kind, _closing(frames, source), notes


def _closing(frames: Iterator[pd.DataFrame], source: Source) -> Iterator[pd.DataFrame]:
    try:
        yield from frames
    except (EOFError, OSError) as error:
        raise TableError(f"{source.name}: damaged or cut short: {error}") from error
    finally:
        source.stream.close()


def _text_frames(
    source: Source, batch_size: int | None
) -> tuple[Iterator[pd.DataFrame], tuple[str, ...]]:
    layout = sniff_layout(source.head, source.name)
    text = io.TextIOWrapper(
        source.stream,
        encoding=layout.encoding,
        errors="replace" if batch_size else "strict",
        newline="",
    )
    return _parse_text(text, source.name, layout, batch_size), layout.notes


def _parse_text(
    text: io.TextIOWrapper, name: str, layout: Any, batch_size: int | None
) -> Iterator[pd.DataFrame]:
    options: dict[str, Any] = {
        "sep": layout.delimiter, "header": None, "names": list(layout.names),
        "skiprows": layout.skip, "dtype": str, "keep_default_na": False, "index_col": False,
        "skipinitialspace": True,
        "chunksize": batch_size or 1_000_000,
    }  # fmt: skip
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            for frame in pd.read_csv(text, **options):
                yield _clean(frame, name, layout)
    except UnicodeDecodeError as error:
        raise TableError(
            f"{name}: not UTF-8 at byte {error.start:,}; save the table as UTF-8"
        ) from error
    except pd.errors.EmptyDataError:
        return
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        reason = str(error).replace("Error tokenizing data. C error: ", "").strip()
        raise TableError(
            f"{name}: rows have different numbers of columns, or a quote is not closed: {reason} "
            f"(the header has {len(layout.names)})"
        ) from error


def _clean(frame: pd.DataFrame, name: str, layout: Any) -> pd.DataFrame:
    """Refuse rows that are too short, and make empty cells NA."""
    missing = frame.isna().any(axis=1)
    if missing.any():
        row = int(missing.to_numpy().argmax())
        found = int(frame.iloc[row].notna().sum())
        raise TableError(
            f"{name}: row {row + 1} has {found} columns, the header has {len(layout.names)}"
        )
    stripped = frame.apply(lambda column: column.str.strip())
    cleaned: pd.DataFrame = stripped.mask(stripped == "").reset_index(drop=True)
    return cleaned


def _other_frames(
    source: Source, sheet: str | None, batch_size: int | None
) -> tuple[Iterator[pd.DataFrame], tuple[str, ...]]:
    size = batch_size or 1_000_000
    if source.kind == "fasta":
        from seqexpr.data.fasta import iter_fasta

        return iter_fasta(source.stream, batch_size=size, name=source.name), ()
    if source.kind == "genbank":
        from seqexpr.data.fasta import iter_genbank

        return iter_genbank(source.stream, batch_size=size, name=source.name), ()
    if source.kind == "parquet":
        return _parquet_frames(source, size), ()
    from seqexpr.data.excel import read_excel

    frame, title = read_excel(source.stream, name=source.name, sheet=sheet)
    parts = (frame.iloc[i : i + size].reset_index(drop=True) for i in range(0, len(frame), size))
    return parts, (f"sheet: {title!r}",)


def _parquet_frames(source: Source, size: int) -> Iterator[pd.DataFrame]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        # A path is read in batches; a pipe cannot be sought in, so it is held whole.
        at_path = Path(source.name).is_file()
        file = parquet.ParquetFile(source.name if at_path else io.BytesIO(source.stream.read()))
        for batch in file.iter_batches(batch_size=size):
            yield batch.to_pandas()
        file.close()
    except pa.ArrowException as error:
        raise TableError(f"{source.name}: not readable as Parquet: {error}") from error


def _join_values(frame: pd.DataFrame, values: str, name: str) -> tuple[pd.DataFrame, str]:
    """Join measured values to FASTA records on the id."""
    second, source, _, _ = _read_frame(values, None)
    if len(second.columns) < 2:
        raise TableError(f"{source}: expected an id and at least one value in each row")
    plain = {str(c).strip().lower(): c for c in second.columns}
    key = next(
        (plain[k] for k in ("id", "name", "sequence_id", "seq_id") if k in plain), second.columns[0]
    )
    for what, ids in ((name, frame["id"]), (source, second[key])):
        if ids.duplicated().any():
            raise TableError(f"{what}: id {ids[ids.duplicated()].iloc[0]!r} occurs twice")
    missing = frame.loc[~frame["id"].isin(second[key]), "id"]
    if len(missing):
        raise TableError(
            f"{len(missing):,} of {len(frame):,} records of {name} have no row in {source} "
            f"(first: {missing.iloc[0]!r}); add their values or take them out"
        )
    unused = int((~second[key].isin(frame["id"])).sum())
    second = second.rename(columns={key: "id"})
    shared = [c for c in second.columns if c in frame.columns and c != "id"]
    joined = frame.drop(columns=[c for c in shared if c != "sequence"]).merge(
        second.drop(columns=["sequence"], errors="ignore"), on="id", how="left", sort=False
    )
    return joined, f"values: from {source}, joined on {key!r}; {unused:,} of its rows are not used"
