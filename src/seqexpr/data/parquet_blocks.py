"""Parquet in blocks of rows that can be read on their own, on any machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqexpr.data.formats import open_source
from seqexpr.data.parquet import iter_parquet, own_columns
from seqexpr.data.parquet_folder import (
    check_same_columns,
    parquet_files,
    partitions_of,
    with_partitions,
)
from seqexpr.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ParquetBlock", "find_blocks", "iter_block", "read_spread"]


@dataclass(frozen=True)
class ParquetBlock:
    """Neighbouring groups of rows of one file.

    Attributes
    ----------
    index : int
        Number of the block, 0 and up, in the order of the table.
    folder, path : str
        The table's folder (empty if it is one file), and the file.
    row_groups : tuple of int
        Which groups of the file.
    first_row : int
        Number of its first row in the table, counted from 1.
    n_rows : int
        How many rows.
    """

    index: int
    folder: str
    path: str
    row_groups: tuple[int, ...]
    first_row: int
    n_rows: int

    @property
    def files(self) -> tuple[str, ...]:
        """What it is read from."""
        return (self.path,)


def find_blocks(path: str | os.PathLike[str], *, rows: int = 100_000) -> list[ParquetBlock]:
    """Part a Parquet file, or a folder of them, into blocks.

    Parameters
    ----------
    path : str or Path
        A file or folder; only the ends of the files are read.
    rows : int
        Groups of a file are joined until a block has so many rows, at least 1.
        A group is never parted, so that a file of one group is one block.
        Default 100,000.

    Returns
    -------
    list of ParquetBlock
        All rows once, in the order of :func:`seqexpr.data.table.read_table`.

    Raises
    ------
    TableError
        If it is no Parquet, has no rows, or a file has other columns than the first.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = pd.DataFrame({"sequence": ["ACGT"] * 5})
    ...     table.to_parquet(f"{folder}/a.parquet", row_group_size=2)
    ...     [(block.first_row, block.n_rows) for block in find_blocks(folder, rows=3)]
    [(1, 4), (5, 1)]
    """
    import pyarrow as pa
    from pyarrow import parquet

    place = Path(path)
    files = parquet_files(place) if place.is_dir() else [place]
    blocks: list[ParquetBlock] = []
    expected: list[str] | None = None
    row = 1
    for file in files:
        try:
            about = parquet.read_metadata(file)
        except (pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0]
            raise TableError(
                f"{file} is not readable as Parquet, which is what is read in blocks: {reason}"
            ) from error
        names = own_columns(about.schema.to_arrow_schema())
        names += partitions_of(file.relative_to(place)) if place.is_dir() else []
        expected = names if expected is None else expected
        check_same_columns(names, expected, name=str(file), table=str(path))
        sizes = [about.row_group(number).num_rows for number in range(about.num_row_groups)]
        for groups in _joined(sizes, rows):
            n = sum(sizes[group] for group in groups)
            folder = str(place) if place.is_dir() else ""
            blocks.append(ParquetBlock(len(blocks), folder, str(file), groups, row, n))
            row += n
    if row == 1:
        raise TableError(f"{path} has no rows; expected a sequence in each row")
    return blocks


def _joined(sizes: list[int], rows: int) -> Iterator[tuple[int, ...]]:
    """Yield neighbouring groups of at least `rows` rows together, the last as they are."""
    groups: list[int] = []
    for number, size in enumerate(sizes):
        if size:
            groups.append(number)
        if sum(sizes[group] for group in groups) >= rows:
            yield tuple(groups)
            groups = []
    if groups:
        yield tuple(groups)


def read_spread(
    path: str | os.PathLike[str], *, places: int = 10, rows: int = 20
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Read some rows of a table, at evenly spaced places, however it is parted.

    Parameters
    ----------
    path : str or Path
        A Parquet file or a folder of them.
    places : int
        How many places, at least 1. Default 10.
    rows : int
        Neighbouring rows at each, at least 1. Default 20.

    Yields
    ------
    first_row : int
        Number of the first row in the table, counted from 1.
    frame : DataFrame
        As from :func:`iter_block`.

    Raises
    ------
    TableError
        As for :func:`find_blocks`.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = pd.DataFrame({"sequence": ["ACGT"] * 90})
    ...     table.to_parquet(f"{folder}/a.parquet", row_group_size=40)
    ...     [(row, len(part)) for row, part in read_spread(folder, places=2, rows=5)]
    [(1, 5), (46, 5)]
    """
    groups = find_blocks(path, rows=1)
    total = sum(group.n_rows for group in groups)
    first_rows = [1 + place * total // places for place in range(places)]
    wanted = np.unique(np.add.outer(first_rows, np.arange(rows)))
    for group in groups:
        last = group.first_row + group.n_rows
        left = wanted[(wanted >= group.first_row) & (wanted < last)]
        if not len(left):
            continue
        for first_row, frame in iter_block(group, batch_size=10_000):
            own = left[(left >= first_row) & (left < first_row + len(frame))]
            for part in np.split(own, np.flatnonzero(np.diff(own) > 1) + 1):
                if len(part):
                    places_in_frame = part - first_row
                    yield int(part[0]), frame.iloc[places_in_frame].reset_index(drop=True)
            if first_row + len(frame) > left[-1]:
                break


def iter_block(block: ParquetBlock, *, batch_size: int) -> Iterator[tuple[int, pd.DataFrame]]:
    """Read a block in batches.

    Parameters
    ----------
    block : ParquetBlock
        As from :func:`find_blocks`.
    batch_size : int
        Rows of a batch, at most.

    Yields
    ------
    first_row : int
        Number of the batch's first row in the table, counted from 1.
    frame : DataFrame
        Every column as read, folders named ``key=value`` among them.

    Raises
    ------
    TableError
        If the file is damaged, or has other rows than when it was parted.
    """
    path = Path(block.path)
    parts = partitions_of(path.relative_to(block.folder)) if block.folder else {}
    row = block.first_row
    with open_source(path) as source:
        tables = iter_parquet(source, batch_size=batch_size, row_groups=block.row_groups)
        for table in tables:
            frame = with_partitions(table, parts, name=block.path).to_pandas()
            yield row, frame
            row += len(frame)
    if row != block.first_row + block.n_rows:
        raise TableError(f"{path} was changed while it was read; start again")
