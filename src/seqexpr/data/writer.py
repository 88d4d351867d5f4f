"""Writing tables in batches: CSV, TSV, Parquet or FASTA, whole or not at all."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

from seqexpr.errors import OutputError
from seqexpr.files import atomic_path

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TableWriter"]

_FORMATS = {
    ".csv": "csv", ".tsv": "tsv", ".txt": "tsv", ".parquet": "parquet", ".pq": "parquet",
    ".fasta": "fasta", ".fa": "fasta",
}  # fmt: skip
_COMPRESSED = (".gz", ".bz2", ".zst")


class TableWriter:
    """Write batches of rows to one table, atomically.

    Parameters
    ----------
    path : str or Path
        The format follows the name: .csv, .tsv, .parquet or .fasta, the text
        formats also with .gz, .bz2 or .zst. "-" is CSV on standard output.

    Raises
    ------
    OutputError
        If the name does not say a format, or the place is not writable.

    Examples
    --------
    >>> import pandas as pd
    >>> with TableWriter("-") as writer:
    ...     writer.write(pd.DataFrame({"id": ["a"], "predicted": [1.5]}))
    id,predicted
    a,1.5
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        suffixes = [suffix.lower() for suffix in self.path.suffixes]
        self._compression = suffixes.pop() if suffixes and suffixes[-1] in _COMPRESSED else ""
        self._is_stdout = str(path) == "-"
        self.format = (
            "csv" if self._is_stdout else _FORMATS.get(suffixes[-1] if suffixes else "", "")
        )
        if not self.format or (self.format == "parquet" and self._compression):
            raise OutputError(
                f"{path}: the name does not say a format; end it in .csv, .tsv, .parquet or .fasta "
                "(text also .gz, .bz2 or .zst)"
            )
        self._stack = ExitStack()
        self._file: IO[str] | None = None
        self._parquet: Any = None
        self._temporary: Path | None = None
        self._started = False

    def __enter__(self) -> Self:
        if self._is_stdout:
            self._file = sys.stdout
        else:
            self._temporary = self._stack.enter_context(atomic_path(self.path))
            if self.format != "parquet":
                self._file = self._open_text(self._temporary)
        return self

    def _open_text(self, path: Path) -> IO[str]:
        raw: Any
        if self._compression == ".gz":
            raw = gzip.GzipFile(path, "wb", mtime=0)
        elif self._compression == ".bz2":
            raw = bz2.BZ2File(path, "wb")
        elif self._compression == ".zst":
            import pyarrow as pa

            raw = pa.output_stream(str(path), compression="zstd")
        else:
            raw = path.open("wb")
        return self._stack.enter_context(io.TextIOWrapper(raw, encoding="utf-8", newline=""))

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows of `frame`. Every batch has the same columns.

        FASTA takes the columns id and sequence; the others stand in the title
        as ``name=value``.
        """
        if self.format == "parquet":
            self._write_parquet(frame)
        elif self.format == "fasta":
            self._write_fasta(frame)
        else:
            frame.to_csv(
                self._file, index=False, header=not self._started, lineterminator="\n",
                sep="\t" if self.format == "tsv" else ",",
            )  # fmt: skip
        self._started = True

    def _write_parquet(self, frame: pd.DataFrame) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        if self._parquet is None:
            table = pa.Table.from_pandas(frame, preserve_index=False)
            self._parquet = parquet.ParquetWriter(str(self._temporary), table.schema)
            # Last in, first out: closed before the file is renamed, also when the block raises.
            self._stack.callback(self._parquet.close)
        self._parquet.write_table(
            pa.Table.from_pandas(frame, schema=self._parquet.schema, preserve_index=False)
        )

    def _write_fasta(self, frame: pd.DataFrame) -> None:
        if self._file is None or "sequence" not in frame or "id" not in frame:
            raise OutputError(f"{self.path}: FASTA needs the columns id and sequence")
        others = [column for column in frame.columns if column not in ("id", "sequence")]
        for row in frame.itertuples(index=False):
            cells = dict(zip(frame.columns, row, strict=True))
            title = " ".join(f"{name}={cells[name]}" for name in others if _is_known(cells[name]))
            self._file.write(f">{cells['id']} {title}".rstrip() + f"\n{cells['sequence']}\n")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_stdout:
            sys.stdout.flush()
        if kind is None and not self._is_stdout and self.format == "parquet" and not self._started:
            raise OutputError(f"{self.path}: there are no rows to write")
        self._stack.__exit__(kind, error, trace)


def _is_known(value: object) -> bool:
    return value is not None and value == value and str(value) not in ("", "<NA>")
