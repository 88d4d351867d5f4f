"""Parsing delimited text by blocks: any size in constant memory, every mistake with its line."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from seqexpr.data.formats import reading
from seqexpr.data.layout import SPACES, Layout
from seqexpr.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["iter_delimited"]

_CHUNK = 1 << 20
_BLOCK = 1 << 22
_LONGEST_LINE = 1 << 26  # 64 MiB
_QUOTE, _NEWLINE = ord('"'), ord("\n")


def iter_delimited(
    stream: BinaryIO, layout: Layout, *, name: str, notes: list[str]
) -> Iterator[pa.Table]:
    r"""Yield the rows of a delimited text, in order, in tables of a few MiB.

    Parameters
    ----------
    stream : binary file
        At the start of the text.
    layout : Layout
        How the text is written.
    name : str
        Name of the table, for messages.
    notes : list of str
        A note is added if the text turns out to be Latin-1 late.

    Yields
    ------
    pyarrow.Table
        Every column as strings, without white space at the ends of a cell;
        empty cells are null.

    Raises
    ------
    TableError
        If a row has more or fewer cells than the header, a quote is not
        closed, a line is longer than 64 MiB, or the bytes are no text.

    Examples
    --------
    >>> from seqexpr.data.layout import sniff_layout
    >>> text = b"sequence,value\nACGT,1.5\nTTTT,\n"
    >>> tables = iter_delimited(io.BytesIO(text), sniff_layout(text, "a"), name="a", notes=[])
    >>> next(tables).to_pylist()
    [{'sequence': 'ACGT', 'value': '1.5'}, {'sequence': 'TTTT', 'value': None}]
    """
    chunks = _utf8_chunks(stream, layout, name=name, notes=notes)
    line = 1 + layout.skip
    for block in _blocks(_without_lines(chunks, layout.skip), layout, name=name):
        if block.strip() or len(layout.names) == 1:
            yield _parse(block, layout, name=name, first_line=line)
        line += block.count(b"\n")


def _utf8_chunks(
    stream: BinaryIO, layout: Layout, *, name: str, notes: list[str]
) -> Iterator[bytes]:
    """Yield the text as UTF-8, lines ended by a line feed."""
    decoder = codecs.getincrementaldecoder(layout.encoding)()
    is_utf8, is_ascii, done = layout.encoding == "utf-8-sig", True, 0
    while True:
        with reading(name):
            chunk = stream.read(_CHUNK)
        if b"\0" in chunk and layout.encoding != "utf-16":
            where = done + chunk.index(b"\0")
            raise TableError(f"{name}: a zero byte at byte {where:,}; this is damaged, or not text")
        started = decoder.getstate()[0] if is_utf8 else b""  # of a letter that was cut
        utf8 = chunk
        if not is_utf8 or started or not (is_ascii and chunk.isascii()):
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                if not (is_utf8 and is_ascii):
                    raise TableError(
                        f"{name}: not {layout.encoding.removesuffix('-sig').upper()} near byte "
                        f"{done + error.start:,}; save the table as UTF-8"
                    ) from error
                # All before was ASCII, which Latin-1 writes in the same way.
                notes.append("encoding: Latin-1, since it is not UTF-8")
                decoder, is_utf8 = codecs.getincrementaldecoder("latin-1")(), False
                text = decoder.decode(started + chunk)
            is_ascii = is_ascii and text.isascii()
            utf8 = text.encode(errors="replace")
        yield utf8.replace(b"\r", b"\n") if layout.newline == "\r" else utf8
        if not chunk:
            return
        done += len(chunk)


def _without_lines(chunks: Iterator[bytes], n: int) -> Iterator[bytes]:
    for chunk in chunks:
        rest = chunk
        while n and rest:
            _, newline, rest = rest.partition(b"\n")
            n -= len(newline)
        if rest:
            yield rest


def _blocks(chunks: Iterator[bytes], layout: Layout, *, name: str) -> Iterator[bytes]:
    """Join and cut chunks so that each block ends where a row ends."""
    parts: list[bytes] = []
    size, wanted = 0, _BLOCK
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size < wanted:
            continue
        block = b"".join(parts)
        end, _ = _last_row_end(block, layout.delimiter)
        if end:
            yield block[:end]
        elif size > _LONGEST_LINE:
            raise TableError(
                f"{name}: a line of more than {_LONGEST_LINE >> 20} MiB, or a quote that is never "
                "closed; expected a sequence in each row"
            )
        parts = [block[end:]]
        size = len(parts[0])
        wanted = max(_BLOCK, 2 * size)
    if block := b"".join(parts):
        _, unclosed = _last_row_end(block, layout.delimiter)
        if unclosed is not None:
            shown = block[unclosed : unclosed + 30].decode(errors="replace").splitlines()[0]
            raise TableError(f"{name}: a quote is opened but never closed: {shown}")
        yield block


def _last_row_end(block: bytes, delimiter: str) -> tuple[int, int | None]:
    """Return where the last whole row ends, and where a quote opens that is not closed."""
    if delimiter == SPACES or b'"' not in block:
        return block.rfind(b"\n") + 1, None
    codes = np.frombuffer(block, dtype=np.uint8)
    quotes = np.flatnonzero(codes == _QUOTE)
    before = codes[quotes[::2] - 1]  # of quotes that open a cell, or the second of two in a cell
    if quotes[0] == 0:
        before[0] = _NEWLINE
    if not np.isin(before, [ord(delimiter), _NEWLINE, _QUOTE]).all():
        return _last_row_end_by_cell(block, delimiter)
    newlines = np.flatnonzero(codes == _NEWLINE)
    outside = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
    unclosed = int(quotes[-1]) if len(quotes) % 2 else None
    return (int(outside[-1]) + 1 if len(outside) else 0), unclosed


def _last_row_end_by_cell(block: bytes, delimiter: str) -> tuple[int, int | None]:
    """Do the same where some quotes stand inside a cell (5" long) and mean nothing."""
    opening = re.escape(delimiter.encode())
    cells = re.compile(rb'(?<![^%s\n])"[^"]*(?:""[^"]*)*("?)' % opening)
    unclosed = None
    spans = []  # of the cells that hold a line end
    for match in cells.finditer(block):
        if not match[1]:
            unclosed = match.start()
        if b"\n" in match[0]:
            spans.append(match.span())
    newline = block.rfind(b"\n")
    for start, stop in reversed(spans):
        if start < newline < stop:
            newline = block.rfind(b"\n", 0, start)
    return newline + 1, unclosed


def _parse(block: bytes, layout: Layout, *, name: str, first_line: int) -> pa.Table:
    import pyarrow as pa
    from pyarrow import compute
    from pyarrow import csv as arrow_csv

    delimiter, quote = layout.delimiter, '"'
    if delimiter == SPACES:
        delimiter, quote = "\t", None  # type: ignore[assignment]
        block = re.sub(rb"[ \t]+", b"\t", re.sub(rb"(?m)^[ \t]+|[ \t\r]+$", b"", block))
    names = list(layout.names)
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(block),
            read_options=arrow_csv.ReadOptions(
                column_names=names, block_size=max(len(block) + 1, 1024), use_threads=False
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, quote_char=quote, newlines_in_values=True,
                ignore_empty_lines=len(names) > 1,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True,
                null_values=[""],
            ),
        )  # fmt: skip
    except pa.ArrowInvalid as error:
        raise _ragged(block, layout, name=name, first_line=first_line, reason=str(error)) from error
    columns = []
    for column in table.columns:
        cells = compute.utf8_trim_whitespace(column)
        columns.append(compute.if_else(compute.equal(cells, ""), None, cells))
    return pa.table(columns, names=names)


def _ragged(block: bytes, layout: Layout, *, name: str, first_line: int, reason: str) -> TableError:
    """Say which line has more or fewer cells than the others."""
    n = len(layout.names)
    delimiter = "\t" if layout.delimiter == SPACES else layout.delimiter
    lines = io.StringIO(block.decode(errors="replace"), newline="")
    reader: Any = csv.reader(lines, delimiter=delimiter)
    where = f"{name}"
    previous = 0
    try:
        for row in reader:
            if row and len(row) != n:
                where = f"{name}: line {first_line + previous:,}"
                reason = f"{_count(len(row), 'cell')}, but the table has {_count(n, 'column')}"
                break
            previous = reader.line_num
    except csv.Error:
        pass
    words = {"\t": "a tab", " ": "a space", SPACES: "a space"}
    shown = words.get(layout.delimiter, repr(layout.delimiter))
    return TableError(
        f"{where} has {reason}; add or take out cells, or quote a cell that holds {shown}"
    )


def _count(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'s' * (n != 1)}"
