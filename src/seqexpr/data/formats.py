"""Opening what people send: paths and pipes, compressed or not, recognised by content."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias

from seqexpr.errors import TableError, did_you_mean

__all__ = ["Kind", "Source", "decode_head", "open_source", "reading"]

Kind: TypeAlias = Literal["text", "fasta", "genbank", "parquet", "xlsx"]

_HEAD = 1 << 20
_LONGEST_HEAD = 1 << 26  # a first line of at most 64 MiB
_TEXT_BOMS = (b"\xff\xfe", b"\xfe\xff")
_REFUSED = {
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls) or a locked workbook; save it as .xlsx or CSV",
    b"%PDF": "a PDF; export the table as CSV",
    b"{\\rtf": "a word processor's file; save the table as CSV",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"7z\xbc\xaf": "a 7-Zip archive; unpack it first",
    b"Rar!": "a RAR archive; unpack it first",
    b"\x93NUMPY": "a NumPy array; save the table as CSV or Parquet",
    b"\x89HDF": "an HDF5 file; export the table as CSV or Parquet",
    b"ARROW1": "a Feather file; save the table as Parquet",
    b"SQLite": "a database; export the table as CSV",
    b"BAM\1": "a BAM file of reads, not a table",
    b"RDX2\n": "an R data file; write the table with write.csv()",
    b"RDX3\n": "an R data file; write the table with write.csv()",
    b"\x80\x04": "a pickle, which is not safe to open; save the table as CSV or Parquet",
    b"\x80\x05": "a pickle, which is not safe to open; save the table as CSV or Parquet",
    b"\x1f\x8b": "compressed twice; unpack it once",
    b"BZh9": "compressed twice; unpack it once",
    b"\x28\xb5\x2f\xfd": "compressed twice; unpack it once",
}
_COMPRESSIONS = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ": "xz",
}
_CONTROLS = bytes({*range(32), 127} - {*b"\t\n\v\f\r\x1a\x1b"})


@dataclass(frozen=True, eq=False)
class Source:
    """An opened table. Close it, or use it in a ``with`` statement.

    Attributes
    ----------
    stream : binary file
        Decompressed bytes from the start; not seekable in general.
    head : bytes
        The first bytes, for sniffing: 1 MiB, or more where the first lines are
        longer.
    name : str
        Shown to people.
    kind : {"text", "fasta", "genbank", "parquet", "xlsx"}
        By content, not by name.
    path : Path or None
        The file, if its bytes are those of `stream`; None for compressed files
        and pipes.
    """

    stream: BinaryIO
    head: bytes
    name: str
    kind: Kind
    path: Path | None
    opened: tuple[Any, ...] = ()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every file that was opened; standard input stays open."""
        for file in self.opened:
            file.close()


class _Chained(io.RawIOBase):
    """The head again, then the rest of a stream, which stays open when this is closed."""

    def __init__(self, head: bytes, rest: Any) -> None:
        self._head = memoryview(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._head:
            part, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        else:
            part = self._rest.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what goes wrong while bytes are read or unpacked into a TableError.

    Parameters
    ----------
    name : str
        Name of the table, for the message.
    """
    try:
        yield
    except EOFError as error:
        raise TableError(f"{name} is cut short; copy or download it again") from error
    except (OSError, zlib.error, lzma.LZMAError) as error:
        if getattr(error, "errno", None) is not None:
            raise TableError(f"cannot read {name}: {error.strerror}") from error  # type: ignore[union-attr]
        what = "cut short" if "truncated" in str(error).lower() else f"damaged ({error})"
        raise TableError(f"{name} is {what}; copy or download it again") from error


def _open_path(path: Path) -> BinaryIO:
    try:
        if path.is_dir():
            raise TableError(f"{path} is a folder; name a file in it")
        return open(path, "rb")
    except FileNotFoundError:
        folder = path.parent
        if not folder.is_dir():
            raise TableError(f"no file {path}: there is no folder {folder}") from None
        with_names = (entry.name for entry in folder.iterdir())
        raise TableError(f"no file {path}{did_you_mean(path.name, with_names)}") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        if isinstance(error, TableError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise TableError(f"cannot read {str(path)!r}: {reason}") from error


def _standard_input() -> BinaryIO:
    if sys.stdin is None or sys.stdin.isatty():
        raise TableError("nothing comes in on standard input; pipe a table into it, or name a file")
    return sys.stdin.buffer


def open_source(path: str | os.PathLike[str]) -> Source:
    r"""Open a path, or standard input for "-", whatever its compression.

    Parameters
    ----------
    path : str or Path
        gzip, bzip2, zstd and xz are recognised by their first bytes.

    Returns
    -------
    Source
        With the stream at its start. The caller closes it.

    Raises
    ------
    TableError
        If there is nothing to read, or it is no kind of table.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "a.csv"); _ = file.write_bytes(gzip.compress(b"sequence\nACGT\n"))
    ...     with open_source(file) as source:
    ...         source.kind, source.stream.read()
    ('text', b'sequence\nACGT\n')
    """
    is_pipe = str(path) == "-"
    name = "standard input" if is_pipe else str(path)
    raw = _standard_input() if is_pipe else _open_path(Path(path))
    opened: list[Any] = [] if is_pipe else [raw]
    try:
        with reading(name):
            start = raw.read(6)
            stream: Any = io.BufferedReader(_Chained(start, raw), _HEAD)
            opened.insert(0, stream)
            compression = _compression(start)
            if compression:
                stream = _unpack(stream, compression)
                opened.insert(0, stream)
            head = _read_head(stream)
        kind = _kind(head, name)
    except BaseException:
        for file in opened:
            file.close()
        raise
    whole = io.BufferedReader(_Chained(head, stream), _HEAD)
    at = None if is_pipe or compression or not Path(path).is_file() else Path(path)
    return Source(whole, head, name, kind, at, (whole, *opened))


def _compression(start: bytes) -> str | None:
    return next((name for magic, name in _COMPRESSIONS.items() if start.startswith(magic)), None)


def _unpack(stream: Any, compression: str) -> Any:
    if compression == "gzip":
        return gzip.GzipFile(fileobj=stream)
    if compression == "bzip2":
        return bz2.BZ2File(stream)
    if compression == "xz":
        return lzma.LZMAFile(stream)
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(stream, "r"), "zstd")


def _read_head(stream: Any) -> bytes:
    """Read 1 MiB, and on until there are two whole lines or nothing more."""
    head = _read(stream, _HEAD)
    if head.startswith((b"PAR1", b"PK\3\4")):
        return head
    while len(head) < _LONGEST_HEAD and len(head) % _HEAD == 0 and _lines(head) < 2:
        more = _read(stream, len(head))
        if not more:
            break
        head += more
    return head


def _lines(head: bytes) -> int:
    return max(head.count(b"\n"), head.count(b"\r"))


def _read(stream: Any, size: int) -> bytes:
    parts, missing = [], size
    while missing > 0 and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def decode_head(head: bytes) -> tuple[str, str]:
    r"""Return the first bytes of a text as str, and their encoding.

    Returns
    -------
    text : str
        A letter that is cut at the end is left out.
    encoding : {"utf-8-sig", "utf-16", "latin-1"}
        As :func:`codecs.lookup` takes it.

    Examples
    --------
    >>> decode_head("µ".encode()), decode_head(b"\xb5"), decode_head("µ".encode("utf-16"))
    (('µ', 'utf-8-sig'), ('µ', 'latin-1'), ('µ', 'utf-16'))
    """
    if head[:2] in _TEXT_BOMS:
        return head[: len(head) // 2 * 2].decode("utf-16", "ignore"), "utf-16"
    try:
        return head.decode("utf-8-sig"), "utf-8-sig"
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and len(head) >= _HEAD:  # a letter is cut
            return head[: error.start].decode("utf-8-sig"), "utf-8-sig"
        return head.decode("latin-1"), "latin-1"


def _kind(head: bytes, name: str) -> Kind:
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\3\4"):
        return "xlsx"
    for magic, what in _REFUSED.items():
        if head.startswith(magic):
            raise TableError(f"{name} is {what}")
    if head[257:262] == b"ustar":
        raise TableError(f"{name} is a tar archive; unpack it first")
    if head[:2] not in _TEXT_BOMS:
        _check_text(head, name)
    text = decode_head(head)[0].lstrip()
    if not text:
        raise TableError(f"{name} is empty; expected a table with a sequence in each row")
    return _kind_of_text(text, name)


def _check_text(head: bytes, name: str) -> None:
    if b"\0" in head:
        raise TableError(f"{name} is not text (it holds zero bytes); expected a table")
    if len(head) - len(head.translate(None, _CONTROLS)) > 0.001 * len(head):
        raise TableError(f"{name} is not text (it holds control characters); expected a table")


def _kind_of_text(text: str, name: str) -> Kind:
    start = text[:300].lower()
    if start.startswith(("<!doctype", "<html", "<head", "<?xml", "<svg")):
        raise TableError(
            f"{name} is a web page, not a table; download the file itself, or sign in first"
        )
    if start.startswith(("{", "[{", '[\n  {"')):
        raise TableError(f"{name} is JSON; expected a table, such as CSV")
    if re.match(r"@\S.*\n[acgtun.]+\r?\n\+", start):
        raise TableError(f"{name} holds sequencing reads (FASTQ), not sequences with values")
    if re.match(r"([;#].*\n\s*)*>", start):
        return "fasta"
    return "genbank" if re.match(r"locus\s+\S+\s+\d+ (bp|rc)", start) else "text"
