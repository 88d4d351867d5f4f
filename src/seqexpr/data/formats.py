"""Opening what people send: paths and pipes, compression, encodings, delimiters."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from seqexpr.errors import TableError, did_you_mean

__all__ = ["Layout", "Source", "open_source", "sniff_layout"]

_HEAD = 1 << 20
_REFUSED = {
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls); save it as .xlsx or CSV",
    b"%PDF": "a PDF; export the table as CSV",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"7z\xbc\xaf": "a 7-Zip archive; unpack it first",
    b"\x93NUMPY": "a NumPy array; save the table as CSV or Parquet",
    b"\x89HDF": "an HDF5 file; export the table as CSV or Parquet",
    b"\x80\x04": "a pickle, which is not safe to open; save the table as CSV or Parquet",
    b"\x80\x05": "a pickle, which is not safe to open; save the table as CSV or Parquet",
}
_DNA_CELL = re.compile(r"[ACGTUN]{4,}", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """An opened table.

    Attributes
    ----------
    stream : binary file
        Decompressed bytes from the start; not seekable in general.
    head : bytes
        The first bytes, at most one MiB, for sniffing.
    name : str
        Shown to people.
    kind : {"text", "fasta", "genbank", "parquet", "xlsx"}
        By content, not by name.
    """

    stream: BinaryIO
    head: bytes
    name: str
    kind: str


class _Chained(io.RawIOBase):
    """The head again, then the rest of the stream."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = memoryview(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._head:
            part: bytes | memoryview = self._rest.read(len(buffer))
        else:
            part, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        if not self.closed and self._rest is not sys.stdin.buffer:
            self._rest.close()
        super().close()


def _open_path(path: Path) -> BinaryIO:
    if path.is_dir():
        raise TableError(f"{path} is a folder; name a file in it")
    try:
        return open(path, "rb")
    except FileNotFoundError:
        folder = path.parent
        names = [p.name for p in folder.iterdir()] if folder.is_dir() else []
        raise TableError(f"no file {path}{did_you_mean(path.name, names)}") from None
    except OSError as error:
        raise TableError(f"cannot read {path}: {error.strerror}") from error


def open_source(path: str | os.PathLike[str]) -> Source:
    """Open a path, or standard input for "-", whatever its compression.

    Parameters
    ----------
    path : str or Path
        gzip, bzip2 and zstd are recognised by their first bytes.

    Returns
    -------
    Source
        With the stream at its start. The caller closes the stream.

    Raises
    ------
    TableError
        If there is nothing to read, or it is no kind of table.
    """
    name = "standard input" if str(path) == "-" else str(path)
    raw: BinaryIO = sys.stdin.buffer if str(path) == "-" else _open_path(Path(path))
    try:
        start = _read(raw, 4, name)
        stream: BinaryIO = io.BufferedReader(_Chained(start, raw))
        if start[:2] == b"\x1f\x8b":
            stream = gzip.GzipFile(fileobj=stream)  # type: ignore[assignment]
        elif start[:3] == b"BZh":
            stream = bz2.BZ2File(stream)  # type: ignore[assignment]
        elif start == b"\x28\xb5\x2f\xfd":
            import pyarrow as pa

            stream = pa.input_stream(pa.PythonFile(stream, "r"), compression="zstd")
        head = _read(stream, _HEAD, name)
        kind = _kind(head, name)
    except BaseException:
        if raw is not sys.stdin.buffer:
            raw.close()
        raise
    return Source(io.BufferedReader(_Chained(head, stream), _HEAD), head, name, kind)


def _read(stream: BinaryIO, size: int, name: str) -> bytes:
    parts, missing = [], size
    try:
        while missing > 0 and (part := stream.read(missing)):
            parts.append(part)
            missing -= len(part)
    except (OSError, EOFError) as error:
        raise TableError(f"{name}: damaged or cut short: {error}") from error
    return b"".join(parts)


def _kind(head: bytes, name: str) -> str:
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise TableError(f"{name} is empty; expected a table with a sequence in each row")
    for magic, what in _REFUSED.items():
        if head.startswith(magic):
            raise TableError(f"{name} is {what}")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if b"\0" in head and head[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise TableError(f"{name} is not text (it holds zero bytes); expected a table")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise TableError(f"{name} is a web page, not a table; was the download a sign-in page?")
    if text.startswith((b">", b";>")):
        return "fasta"
    return "genbank" if text.startswith(b"locus ") else "text"


@dataclass(frozen=True)
class Layout:
    """How a text table is written.

    Attributes
    ----------
    encoding : str
        "utf-8-sig", "utf-16" or "latin-1".
    delimiter : str
        One character, or a regular expression for runs of white space.
    names : tuple of str
        Column names, from the header or made up.
    skip : int
        Lines before the first row.
    notes : tuple of str
        What was assumed, in words.
    """

    encoding: str
    delimiter: str
    names: tuple[str, ...]
    skip: int
    notes: tuple[str, ...]


def _decode(head: bytes) -> tuple[str, str]:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        even = head[: len(head) - len(head) % 2]
        return even.decode("utf-16", "ignore"), "utf-16"
    try:
        return head.decode("utf-8-sig"), "utf-8-sig"
    except UnicodeDecodeError as error:
        if len(head) == _HEAD and error.start > len(head) - 4:  # a letter cut at the border
            return head[: error.start].decode("utf-8-sig"), "utf-8-sig"
        return head.decode("latin-1"), "latin-1"


def sniff_layout(head: bytes, name: str) -> Layout:
    r"""Find encoding, delimiter and header of a text table from its first bytes.

    Parameters
    ----------
    head : bytes
        The first bytes of the table, decompressed.
    name : str
        Name of the table, for messages.

    Raises
    ------
    TableError
        If column names occur twice.

    Examples
    --------
    >>> sniff_layout(b"Sequence;Value\nACGT;1,5\n", "a.csv").names
    ('Sequence', 'Value')
    >>> sniff_layout(b"ACGTACGT\t1.5\nTTGACAAA\t2\n", "a.txt").names
    ('sequence', 'value')
    """
    text, encoding = _decode(head)
    lines = text.splitlines()
    if len(head) == _HEAD and len(lines) > 1:
        lines.pop()  # cut in the middle
    notes = ["encoding: Latin-1, since it is not UTF-8"] if encoding == "latin-1" else []
    skip = 0
    while skip < len(lines) and (lines[skip].startswith("#") or not lines[skip].strip()):
        skip += 1
    body = [line for line in lines[skip : skip + 100] if line.strip()]
    if not body:
        raise TableError(f"{name} holds only comments; expected a table")
    delimiter = _sniff_delimiter(body)
    first, second = (_cells(line, delimiter) for line in (body[0], body[min(1, len(body) - 1)]))
    if skip and lines[skip - 1].startswith("#"):  # "#id  sequence  value"
        commented = _cells(lines[skip - 1].lstrip("#").strip(), delimiter)
        if len(commented) == len(first) > 1 and _is_data(first):
            return Layout(encoding, delimiter, _unique(commented, name), skip, tuple(notes))
    if _is_data(first) and (len(body) == 1 or _same_kind(first, second)):
        names = _made_up(first)
        notes.append(f"no header: columns are {', '.join(names)}")
        return Layout(encoding, delimiter, names, skip, tuple(notes))
    return Layout(encoding, delimiter, _unique(first, name), skip + 1, tuple(notes))


def _cells(line: str, delimiter: str) -> list[str]:
    if delimiter == r"\s+":
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]


def _sniff_delimiter(lines: list[str]) -> str:
    csv.field_size_limit(1 << 30)
    best, best_score = "", 1.0
    for delimiter in ("\t", ",", ";", "|"):
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        if not counts or counts[0] < 2:
            continue
        score = counts[0] * sum(c == counts[0] for c in counts) / len(counts)
        # A comma inside numbers ("1,5") must not beat a semicolon between columns.
        score += {"\t": 0.2, ";": 0.1}.get(delimiter, 0.0)
        if score > best_score and counts.count(counts[0]) >= 0.5 * len(counts):
            best, best_score = delimiter, score
    if best == "," and _decimal_comma(lines):
        best = ";" if ";" in lines[0] else best
    if best:
        return best
    counts = [len(line.split()) for line in lines]
    return r"\s+" if counts[0] > 1 and counts.count(counts[0]) >= 0.9 * len(counts) else ","


def _decimal_comma(lines: list[str]) -> bool:
    return all(re.search(r"\d,\d", line) for line in lines[1:]) and ";" in lines[-1]


def _is_data(cells: list[str]) -> bool:
    return any(_DNA_CELL.fullmatch(c) for c in cells) or all(_NUMBER.fullmatch(c) for c in cells)


def _same_kind(first: list[str], second: list[str]) -> bool:
    """Whether a cell of the first row is DNA where the second row has DNA too."""
    return any(
        _DNA_CELL.fullmatch(a) and _DNA_CELL.fullmatch(b)
        for a, b in zip(first, second, strict=False)
    ) or all(_NUMBER.fullmatch(cell) for cell in first)


def _made_up(cells: list[str]) -> tuple[str, ...]:
    names: list[str] = []
    for position, cell in enumerate(cells, start=1):
        if _DNA_CELL.fullmatch(cell) and "sequence" not in names:
            names.append("sequence")
        elif _NUMBER.fullmatch(cell) and "value" not in names:
            names.append("value")
        elif position == 1:
            names.append("id")
        else:
            names.append(f"column_{position}")
    return tuple(names)


def _unique(names: list[str], table: str) -> tuple[str, ...]:
    filled = [name or f"unnamed_{i}" for i, name in enumerate(names, start=1)]
    twice = sorted({name for name in filled if filled.count(name) > 1})
    if twice:
        raise TableError(f"{table}: column name {twice[0]!r} occurs twice; rename one of them")
    return tuple(filled)
