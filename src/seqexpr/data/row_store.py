"""Rows that do not fit in memory: checked once, and kept on disk to be read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from seqexpr.errors import OutputError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RowBatch", "RowStore", "RowStoreWriter"]

Floats = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class RowBatch:
    """Some rows, ready for use.

    Attributes
    ----------
    sequences : list of str, length n
        Upper-case DNA.
    targets : ndarray of float64, shape (n, t)
        As measured; NaN = not measured.
    hashes : ndarray of uint64, shape (n,)
        Of the unit of each row; says which set it is in.
    is_test : ndarray of bool, shape (n,)
        Whether the table itself says that the row tests.
    weights : ndarray of float64, shape (n,), optional
        Non-negative.
    """

    sequences: list[str]
    targets: Floats
    hashes: Hashes
    is_test: npt.NDArray[np.bool_]
    weights: Floats | None = None

    def take(self, rows: npt.NDArray[Any]) -> RowBatch:
        """Return some of the rows, by number or mask."""
        index = np.flatnonzero(rows) if rows.dtype == bool else rows
        return RowBatch(
            [self.sequences[i] for i in index.tolist()],
            self.targets[index],
            self.hashes[index],
            self.is_test[index],
            None if self.weights is None else self.weights[index],
        )


class RowStoreWriter:
    """Write rows to a file of Arrow's IPC format, batch by batch.

    Parameters
    ----------
    path : Path
        The file; one that is there is replaced.

    Examples
    --------
    >>> import tempfile
    >>> batch = RowBatch(["ACGT", "TTTT"], np.array([[1.0], [np.nan]]),
    ...                  np.array([7, 9], dtype=np.uint64), np.array([False, True]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with RowStoreWriter(Path(folder, "rows.arrow")) as writer:
    ...         writer.write(batch)
    ...     store = RowStore(Path(folder, "rows.arrow"))
    ...     [one.sequences for one in store]
    [['ACGT', 'TTTT']]
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer: Any = None

    def write(self, batch: RowBatch) -> None:
        """Add rows; all batches have the same targets, and weights or none.

        Raises
        ------
        OutputError
            If the operating system refuses, for want of space for example.
        """
        import pyarrow as pa

        columns: dict[str, Any] = {
            "sequence": pa.array(batch.sequences, pa.string()),
            "hash": pa.array(batch.hashes, pa.uint64()),
            "is_test": pa.array(batch.is_test, pa.bool_()),
        }
        for number in range(batch.targets.shape[1]):
            columns[f"target_{number}"] = pa.array(batch.targets[:, number], pa.float64())
        if batch.weights is not None:
            columns["weight"] = pa.array(batch.weights, pa.float64())
        record = pa.record_batch(columns)
        try:
            if self._writer is None:
                self._writer = pa.ipc.new_file(self.path, record.schema)
            self._writer.write_batch(record)
        except OSError as error:
            raise OutputError(f"cannot write {self.path}: {error.strerror or error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()


class RowStore:
    """Read what :class:`RowStoreWriter` wrote, a batch at a time, as often as needed.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __iter__(self) -> Iterator[RowBatch]:
        return self.read()

    def read(self, numbers: Iterable[int] | None = None) -> Iterator[RowBatch]:
        """Yield batches by their number, 0 and up; by default all, as they were written."""
        import pyarrow as pa

        # Read, not mapped: mapped pages count as memory until something else wants them.
        with pa.OSFile(str(self.path)) as source, pa.ipc.open_file(source) as file:
            for number in range(file.num_record_batches) if numbers is None else numbers:
                yield _batch(file.get_batch(number))


def _batch(record: pa.RecordBatch) -> RowBatch:
    names = [name for name in record.schema.names if name.startswith("target_")]
    weight = record.column("weight") if "weight" in record.schema.names else None
    return RowBatch(
        record.column("sequence").to_pylist(),
        np.column_stack([record.column(name).to_numpy() for name in names]),
        record.column("hash").to_numpy(),
        record.column("is_test").to_numpy(zero_copy_only=False),
        None if weight is None else weight.to_numpy(),
    )
