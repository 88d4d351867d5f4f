"""A folder of Parquet files as one table: what Spark, Ray, pandas and DuckDB write."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from seqexpr.data.formats import open_source
from seqexpr.data.parquet import iter_parquet
from seqexpr.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "check_same_columns",
    "count_parquet_rows",
    "iter_parquet_folder",
    "parquet_files",
    "partitions_of",
    "with_partitions",
]

_HIDDEN = (".", "_")  # _SUCCESS, _metadata, .part.crc: what engines write beside the rows
_NULL = "__HIVE_DEFAULT_PARTITION__"


def parquet_files(folder: Path) -> list[Path]:
    """Return the Parquet files of a folder and of those in it, in the order of their names.

    Files and folders whose names begin with a point or an underscore are left out.

    Raises
    ------
    TableError
        If there is none.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.parquet", "a.parquet", "_metadata"):
    ...         _ = Path(folder, name).write_bytes(b"PAR1")
    ...     [file.name for file in parquet_files(Path(folder))]
    ['a.parquet', 'b.parquet']
    """
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in (".parquet", ".pq")
        and path.is_file()
        and not any(part.startswith(_HIDDEN) for part in path.relative_to(folder).parts)
    ]
    if not found:
        raise TableError(f"{folder} is a folder without Parquet files; name a file in it")
    return found


def iter_parquet_folder(folder: Path, files: list[Path], *, batch_size: int) -> Iterator[pa.Table]:
    """Yield the rows of the Parquet files of a folder, in order, in batches.

    A folder named ``key=value`` adds a column `key` of text to the rows of the files
    in it (Hive's way to part a table).

    Parameters
    ----------
    folder : Path
        Where the files are.
    files : list of Path
        As from :func:`parquet_files`.
    batch_size : int
        Rows of a batch, at most.

    Yields
    ------
    pyarrow.Table
        As from :func:`seqexpr.data.parquet.iter_parquet`.

    Raises
    ------
    TableError
        If a file is damaged, or has other columns than the first.
    """
    expected: list[str] | None = None
    for path in files:
        parts = partitions_of(path.relative_to(folder))
        with open_source(path) as source:
            if source.kind != "parquet":
                raise TableError(f"{path} is named as Parquet, but is none; take it out")
            for table in iter_parquet(source, batch_size=batch_size):
                whole = with_partitions(table, parts, name=str(path))
                names = whole.column_names
                expected = names if expected is None else expected
                check_same_columns(names, expected, name=str(path), table=str(folder))
                yield whole.select(expected)


def check_same_columns(names: list[str], expected: list[str], *, name: str, table: str) -> None:
    """Check that a file of a folder has the columns of the first, in any order.

    Raises
    ------
    TableError
        If it has others.

    Examples
    --------
    >>> check_same_columns(["id", "sequence"], ["sequence", "id"], name="b", table="folder")
    """
    if sorted(names) != sorted(expected):
        raise TableError(
            f"{name} has the columns {_listed(names)}; the first file of {table} has "
            f"{_listed(expected)}"
        )


def count_parquet_rows(path: str | os.PathLike[str]) -> int | None:
    """Return how many rows a Parquet file, or a folder of them, holds, by their ends alone.

    Parameters
    ----------
    path : str or Path
        A file or folder.

    Returns
    -------
    int or None
        None if it is something else.
    """
    import pyarrow as pa
    from pyarrow import parquet

    place = Path(path)
    try:
        files = parquet_files(place) if place.is_dir() else [place]
        return sum(int(parquet.read_metadata(file).num_rows) for file in files)
    except (pa.ArrowException, OSError, TableError):
        return None


def partitions_of(path: Path) -> dict[str, str | None]:
    """Return what the names of the folders on the way say."""
    found: dict[str, str | None] = {}
    for part in path.parts[:-1]:
        key, equals, value = part.partition("=")
        if equals and key:
            found[key] = None if value == _NULL else unquote(value)
    return found


def with_partitions(table: pa.Table, parts: dict[str, str | None], *, name: str) -> pa.Table:
    """Return a table with what its folders say as columns of text.

    Raises
    ------
    TableError
        If it has such a column already; `name` says which file it is.
    """
    import pyarrow as pa

    for key, value in parts.items():
        if key in table.column_names:
            raise TableError(f"{name} has a column {key!r}, and lies in a folder that says it too")
        column = pa.array([value] * table.num_rows, pa.string())
        table = table.append_column(key, column)
    return table


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:6])
    return shown if len(names) <= 6 else f"{shown}, … ({len(names)})"
