"""How a text table is written: encoding, delimiter, header. Sniffed from its first lines."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from seqexpr.data.content import is_dna, is_number
from seqexpr.data.formats import decode_head
from seqexpr.errors import TableError

__all__ = ["SPACES", "Layout", "check_names", "made_up_names", "sniff_layout"]

SPACES = " +"
"""The delimiter of columns that are parted by runs of spaces or tabs."""

_DELIMITERS = ("\t", ",", ";", "|", " ", SPACES)
_MAX_LINES = 400
_MAX_COLUMNS = 20_000
_MAX_TITLES = 5
# Sniffing needs the beginning of a long sequence only.
_LONG_RUN = re.compile(r"([A-Za-z]{1000})[A-Za-z]+")
_EXCEL_HINT = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_ROW_NAMES = "row_names"


@dataclass(frozen=True)
class Layout:
    r"""How a text table is written.

    Attributes
    ----------
    encoding : {"utf-8-sig", "utf-16", "latin-1"}
        As :func:`codecs.lookup` takes it.
    newline : {"\n", "\r"}
        What ends a line; "\n" also where a "\r" stands before it.
    delimiter : str
        One character, or :data:`SPACES`.
    names : tuple of str
        Column names, from the header or made up.
    skip : int
        Lines before the first row.
    notes : tuple of str
        What was assumed, in words.
    """

    encoding: str
    newline: str
    delimiter: str
    names: tuple[str, ...]
    skip: int
    notes: tuple[str, ...]


class _Reading(NamedTuple):
    """The sample, read with one delimiter."""

    delimiter: str
    rows: list[list[str]]
    header_lines: int  # of the first row, which may hold a quoted line end
    share: float  # of the rows that are as wide as the first
    dna: int | None  # first column of DNA below the first row
    has_row_names: bool  # R's way: the header lacks the name of the first column


def sniff_layout(head: bytes, name: str) -> Layout:
    r"""Find encoding, delimiter and header of a text table from its first bytes.

    Parameters
    ----------
    head : bytes
        The first bytes of the table, decompressed.
    name : str
        Name of the table, for messages.

    Returns
    -------
    Layout
        How to read it.

    Raises
    ------
    TableError
        If there is no line beside comments, or a column name occurs twice.

    Examples
    --------
    >>> layout = sniff_layout(b"Sequence;Value\nACGT;1,5\n", "a.csv")
    >>> layout.delimiter, layout.names, layout.skip
    (';', ('Sequence', 'Value'), 1)
    >>> sniff_layout(b"ACGTACGT\t1.5\nTTGACAAA\t2\n", "a.txt").names
    ('sequence', 'value')
    """
    text, encoding = decode_head(head)
    newline = "\r" if "\r" in text and "\n" not in text else "\n"
    lines = [line.removesuffix("\r") for line in text.split(newline, _MAX_LINES)]
    if len(lines) > 2 or not lines[-1]:
        lines.pop()  # nothing, a line cut in the middle, or all that follows the sample
    lines = [_LONG_RUN.sub(r"\1", line) for line in lines]
    skip, delimiter = _skip_comments(lines)
    if skip == len(lines):
        raise TableError(f"{name} holds only comments; expected a table")
    reading, titles = _best_reading(lines[skip:], delimiter)
    notes = ["encoding: Latin-1, since it is not UTF-8"] if encoding == "latin-1" else []
    if titles:
        notes.append(f"skipped above the header: {titles} line{'s' * (titles > 1)}")
    if len(reading.rows[0]) > _MAX_COLUMNS:
        raise TableError(
            f"{name}: line {skip + titles + 1} has {len(reading.rows[0]):,} columns; expected a "
            "sequence in each row and a few columns"
        )
    layout = Layout(encoding, newline, reading.delimiter, (), skip + titles, tuple(notes))
    return _with_names(layout, reading, lines[: skip + titles], name)


def _skip_comments(lines: Sequence[str]) -> tuple[int, str | None]:
    delimiter = None
    for skip, line in enumerate(lines):
        if hint := _EXCEL_HINT.fullmatch(line):  # Excel's own way to say it: sep=;
            delimiter = hint[1]
        elif line.strip() and not line.startswith("#"):
            return skip, delimiter
    return len(lines), delimiter


def _best_reading(lines: Sequence[str], delimiter: str | None) -> tuple[_Reading, int]:
    """Return the most sensible reading, and the number of title lines above the header."""
    first = _choose(lines, delimiter)
    if first.dna is not None and first.share > 0.5:
        return first, 0
    for titles in range(1, min(_MAX_TITLES + 1, len(lines) - 1)):
        reading = _choose(lines[titles:], delimiter)
        is_table = reading.dna is not None and reading.share > 0.9 and len(reading.rows[0]) > 1
        above = [_cells(line, reading.delimiter) for line in lines[:titles]]
        if is_table and _has_header(reading) and all(sum(map(bool, row)) <= 1 for row in above):
            return reading, titles
    return first, 0


def _choose(lines: Sequence[str], delimiter: str | None) -> _Reading:
    single = _read_single(lines)
    readings = [_read(lines, each) for each in ([delimiter] if delimiter else _DELIMITERS)]
    usable = [each for each in readings if each is not None and len(each.rows[0]) > 1]
    # max() keeps the first of equals, so the order of the delimiters decides between them.
    return max([*usable, single], key=_quality)


def _quality(reading: _Reading) -> tuple[bool, bool, bool]:
    return reading.dna is not None, reading.share >= 0.9, reading.share > 0.5


def _cells(line: str, delimiter: str) -> list[str]:
    if delimiter == SPACES:
        return line.split()
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return [line]


def _read(lines: Sequence[str], delimiter: str) -> _Reading | None:
    if delimiter == SPACES:
        return _judge(delimiter, [line.split() for line in lines], _first_filled(lines))
    reader = csv.reader([line + "\n" for line in lines], delimiter=delimiter)
    rows: list[list[str]] = []
    header_lines = 1
    try:
        for row in reader:
            if any(row):
                rows.append([cell.strip() for cell in row])
                header_lines = reader.line_num if len(rows) == 1 else header_lines
    except csv.Error:  # a cell of more than 131,072 characters that is no sequence
        pass
    if not rows or (delimiter == " " and not all(map(all, rows))):
        return None  # several spaces in a row are one delimiter
    return _judge(delimiter, rows, header_lines)


def _first_filled(lines: Sequence[str]) -> int:
    return next((i for i, line in enumerate(lines, start=1) if line.strip()), 1)


def _read_single(lines: Sequence[str]) -> _Reading:
    """Read one column. Its delimiter is one that would show a second column as a mistake."""
    joined = "".join(lines)
    delimiter = max((",", "\t", ";", "|"), key=joined.count)
    rows = [[line.strip().strip('"')] for line in lines]
    return _judge(delimiter, rows, _first_filled(lines))


def _judge(delimiter: str, rows: list[list[str]], header_lines: int) -> _Reading:
    rows = [row for row in rows if any(row)] or [[""]]
    width, body = len(rows[0]), rows[1:]
    named = len(body) > 1 and all(len(row) == width + 1 for row in body)
    dna = _dna_column(body or rows, width + named)
    if named and dna != 0:  # the sequence in the very first column would be R's row name
        return _Reading(delimiter, rows, header_lines, 1.0, dna, has_row_names=True)
    share = sum(len(row) == width for row in rows) / len(rows)
    dna = _dna_column(body or rows, width)
    return _Reading(delimiter, rows, header_lines, share, dna, has_row_names=False)


def _dna_column(rows: list[list[str]], width: int) -> int | None:
    rows = [row for row in rows if len(row) == width]
    for column in range(min(width, 1000)):
        cells = [row[column] for row in rows if row[column]]
        if cells and sum(map(is_dna, cells)) >= 0.8 * len(cells):
            return column
    return None


def _has_header(reading: _Reading) -> bool:
    first = reading.rows[0]
    if reading.has_row_names:
        return True
    if reading.dna is not None:
        return not is_dna(first[reading.dna])
    return not all(is_number(cell) for cell in first if cell)


def _with_names(layout: Layout, reading: _Reading, above: Sequence[str], name: str) -> Layout:
    first = reading.rows[0]
    if _has_header(reading):
        names = [_ROW_NAMES, *first] if reading.has_row_names else first
        filled = [cell or f"unnamed_{i}" for i, cell in enumerate(names, start=1)]
        check_names(filled, name)
        return replace(layout, names=tuple(filled), skip=layout.skip + reading.header_lines)
    if above and above[-1].startswith("#"):  # "#id  sequence  value"
        names = _cells(above[-1].lstrip("#").strip(), layout.delimiter)
        if len(names) == len(first) > 1 and all(names):
            check_names(names, name)
            return replace(layout, names=tuple(names))
    names = _made_up(reading.rows)
    return replace(layout, names=tuple(names), notes=(*layout.notes, _headerless(names)))


def _headerless(names: Sequence[str]) -> str:
    return f"no header: the columns are called {', '.join(names[:12])}"


def made_up_names(rows: list[list[str]]) -> tuple[list[str], str] | None:
    """Return names for the columns of a table without header, and a note that says so.

    Parameters
    ----------
    rows : list of list of str
        The first rows, all of one width.

    Returns
    -------
    tuple or None
        None if the first row is a header.

    Examples
    --------
    >>> made_up_names([["ACGT", "1.5"], ["TTTT", "2"]])
    (['sequence', 'value'], 'no header: the columns are called sequence, value')
    >>> made_up_names([["oligo", "value"], ["TTTT", "2"]])
    """
    if _has_header(_judge(",", rows, 1)):
        return None
    names = _made_up(rows)
    return names, _headerless(names)


def check_names(names: Sequence[str], table: str) -> None:
    """Raise a TableError if a column name occurs twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise TableError(f"{table}: column name {name[:40]!r} occurs twice; rename one of them")
        seen.add(name)


def _made_up(rows: list[list[str]]) -> list[str]:
    """Name the columns of a table without header: id, sequence, value, column_4."""
    width = len(rows[0])
    rows = [row for row in rows if len(row) == width]
    columns = [[cell for cell in column if cell] for column in zip(*rows, strict=True)]
    dna = [i for i, cells in enumerate(columns) if _mostly(cells, is_dna)]
    numbers = [i for i, cells in enumerate(columns) if _mostly(cells, is_number)]
    # "1  ACGT  5.2": a counting number before the sequence is the row's name.
    has_counter = len(numbers) == 2 and bool(dna) and numbers[0] < dna[0] < numbers[1]
    if has_counter and all(cell.isdigit() for cell in columns[numbers[0]]):
        numbers = numbers[1:]
    names = [f"column_{i}" for i in range(1, width + 1)]
    for stem, places in (("sequence", dna), ("value", numbers)):
        for count, place in enumerate(places, start=1):
            names[place] = stem if len(places) == 1 else f"{stem}_{count}"
    others = [i for i, called in enumerate(names) if called.startswith("column_")]
    if others and (not dna or others[0] < dna[0] or len(others) == 1):
        names[others[0]] = "id"
    return names


def _mostly(cells: list[str], has: Callable[[str], bool]) -> bool:
    return bool(cells) and sum(map(has, cells)) >= 0.8 * len(cells)
