"""Parquet: columns as they are, in batches."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from seqexpr.data.layout import check_names
from seqexpr.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa

    from seqexpr.data.formats import Source

__all__ = ["iter_parquet", "own_columns", "plain_table"]


def iter_parquet(
    source: Source, *, batch_size: int, row_groups: Sequence[int] | None = None
) -> Iterator[pa.Table]:
    """Yield the rows of a Parquet file in order, in batches.

    A file on disk is read batch by batch. From a pipe or a compressed file it
    is held in memory, since Parquet starts at its end.

    Parameters
    ----------
    source : Source
        The opened file.
    batch_size : int
        Rows of a batch, at most.
    row_groups : sequence of int, optional
        Which of the file's groups of rows. Default all.

    Yields
    ------
    pyarrow.Table
        Numbers, truth values and strings.

    Raises
    ------
    TableError
        If the file is damaged, or a column name occurs twice.
    """
    import pyarrow as pa
    from pyarrow import parquet

    at: Any = source.path if source.path is not None else io.BytesIO(source.stream.read())
    try:
        # Reading ahead would keep the bytes of all groups that were read until the file is closed.
        with parquet.ParquetFile(at, pre_buffer=False) as file:
            check_names(own_columns(file.schema_arrow), source.name)
            for batch in file.iter_batches(batch_size=batch_size, row_groups=row_groups):
                yield plain_table(pa.Table.from_batches([batch]))
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise TableError(f"{source.name} is not readable as Parquet: {reason}") from error


_INDEX = "__index_level_0__"  # how pandas names the index of a frame


def own_columns(schema: pa.Schema) -> list[str]:
    """Return the names of the columns, without the index of a pandas frame."""
    return [name for name in schema.names if name != _INDEX]


def plain_table(table: pa.Table) -> pa.Table:
    """Return a table of numbers, truth values and strings; dates and lists become strings.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = pa.table({"group": pa.array(["a", "b", "a"]).dictionary_encode()})
    >>> plain_table(table).schema.field("group").type
    DataType(string)
    """
    import pyarrow as pa

    columns: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name == _INDEX:
            continue
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if pa.types.is_decimal(kind):
            kind = pa.float64()
        elif not _is_plain(kind):
            kind = pa.string()
        try:
            columns[name] = column.cast(kind)
        except pa.ArrowException:
            columns[name] = pa.array(
                [None if cell is None else str(cell) for cell in column.to_pylist()], pa.string()
            )
    return pa.table(columns)


def _is_plain(kind: pa.DataType) -> bool:
    import pyarrow as pa

    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    return bool(is_number or pa.types.is_boolean(kind) or pa.types.is_string(kind))
