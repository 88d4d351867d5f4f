"""Writing tables in batches: CSV, TSV, Parquet or FASTA, whole or not at all."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
    ".fasta": "fasta", ".fa": "fasta", ".fna": "fasta",
}  # fmt: skip
_COMPRESSIONS = (".gz", ".bz2", ".zst")


class TableWriter:
    """Write batches of rows to one table, whole or not at all.

    Parameters
    ----------
    path : str or Path
        The format follows the name: .csv, .tsv, .parquet or .fasta, the text
        formats also with .gz, .bz2 or .zst. "-" is CSV on standard output.

    Attributes
    ----------
    format : {"csv", "tsv", "parquet", "fasta"}
        What is written.

    Raises
    ------
    OutputError
        If the name does not say a format, the place is not writable, or there
        is no space left. Nothing half-written stays, and a file that was there
        before is left as it was.

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
        self._is_stdout = str(path) == "-"
        suffixes = [suffix.lower() for suffix in self.path.suffixes]
        self._compression = suffixes.pop() if suffixes and suffixes[-1] in _COMPRESSIONS else ""
        ending = suffixes[-1] if suffixes else ""
        self.format = "csv" if self._is_stdout else _FORMATS.get(ending, "")
        if not self.format or (self.format == "parquet" and self._compression):
            raise OutputError(
                f"{path}: the name does not say a format; end it in .csv, .tsv, .parquet or .fasta "
                "(text also .gz, .bz2 or .zst)"
            )
        if self.path.is_dir() and not self._is_stdout:
            raise OutputError(f"{path} is a folder; name a file in it")
        self._stack = ExitStack()
        self._file: IO[str] | None = None
        self._parquet: Any = None
        self._temporary: Path | None = None
        self._columns: list[str] | None = None

    def __enter__(self) -> Self:
        if self._is_stdout:
            self._file = sys.stdout
            return self
        self._temporary = self._stack.enter_context(atomic_path(self.path))
        try:
            if self.format != "parquet":
                self._file = self._stack.enter_context(
                    _open_text(self._temporary, self._compression)
                )
        except BaseException as error:
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows of `frame`.

        FASTA takes the columns id and sequence; the others stand in the title
        as ``name=value``.

        Parameters
        ----------
        frame : DataFrame
            Every batch has the same columns.

        Raises
        ------
        OutputError
            If the columns differ from those of the first batch, or FASTA lacks
            one that it needs.
        """
        columns = [str(name) for name in frame.columns]
        is_first = self._columns is None
        if not is_first and columns != self._columns:
            raise OutputError(f"{self.path}: a batch has other columns than the first one")
        self._columns = columns
        if self.format == "parquet":
            self._write_parquet(frame)
        elif self.format == "fasta":
            self._write_fasta(frame)
        else:
            frame.to_csv(
                self._file, index=False, header=is_first, lineterminator="\n",
                sep="\t" if self.format == "tsv" else ",",
            )  # fmt: skip

    def _write_parquet(self, frame: pd.DataFrame) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        if self._parquet is None:
            schema = pa.Schema.from_pandas(frame, preserve_index=False)
            # A column that is empty in the first batch is text, whatever comes later.
            for i, column in enumerate(schema):
                if pa.types.is_null(column.type):
                    schema = schema.set(i, column.with_type(pa.string()))
            self._parquet = parquet.ParquetWriter(str(self._temporary), schema.remove_metadata())
            # Last in, first out: closed before the file is renamed, also when the block raises.
            self._stack.callback(self._parquet.close)
        self._parquet.write_table(
            pa.Table.from_pandas(frame, schema=self._parquet.schema, preserve_index=False)
        )

    def _write_fasta(self, frame: pd.DataFrame) -> None:
        if self._file is None or not {"id", "sequence"} <= set(frame.columns):
            raise OutputError(f"{self.path}: FASTA needs the columns id and sequence")
        others = [name for name in frame.columns if name not in ("id", "sequence")]
        ids, sequences = frame["id"].tolist(), frame["sequence"].tolist()
        rows = frame[others].itertuples(index=False, name=None)
        for own, sequence, values in zip(ids, sequences, rows, strict=True):
            title = [
                f"{'_'.join(str(name).split())}={'_'.join(str(value).split())}"
                for name, value in zip(others, values, strict=True)
                if _is_known(value)
            ]
            # A name ends at the first white space.
            name = "_".join(str(own).split()) if _is_known(own) else ""
            bases = sequence if _is_known(sequence) else ""
            self._file.write(f">{' '.join([name, *title])}\n{bases}\n")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_stdout:
            sys.stdout.flush()
            return
        if error is None and self._columns is None:
            error = OutputError(f"{self.path}: there are no rows to write")
            self._stack.__exit__(OutputError, error, None)
            raise error
        self._stack.__exit__(kind, error, trace)


@contextmanager
def _open_text(path: Path, compression: str) -> Iterator[IO[str]]:
    """Open a text file for writing; its bytes depend on nothing but what is written."""
    with ExitStack() as stack:
        raw: Any
        if compression == ".zst":
            import pyarrow as pa

            raw = stack.enter_context(pa.output_stream(str(path), compression="zstd"))
        else:
            raw = stack.enter_context(path.open("wb"))
            if compression == ".gz":
                raw = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0)
            elif compression == ".bz2":
                raw = bz2.BZ2File(raw, "wb")
        yield stack.enter_context(io.TextIOWrapper(raw, encoding="utf-8", newline=""))


def _is_known(value: object) -> bool:
    return str(value) not in ("", "<NA>") and value is not None and value == value
