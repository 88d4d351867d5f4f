"""Tables written by the standard library or by other packages, for the reader to read."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest

ROWS = (("p1", "ACGTACGT", "1.5"), ("p2", "TTGACAAA", "2.25"), ("p3", "GGGGCCCC", "-3"))
HEADER = ("id", "sequence", "expression")


def csv_bytes(
    rows: Sequence[Sequence[str]], delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL
) -> bytes:
    """Write rows with the standard library's writer."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


@pytest.fixture
def save(tmp_path) -> Callable[..., Path]:
    """Write text or bytes to a file and give its path."""

    def write(content: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def save_workbook(tmp_path) -> Callable[..., Path]:
    """Write sheets (title to rows) to an Excel workbook and give its path."""

    def write(name: str = "table.xlsx", **sheets: Sequence[Sequence[object]]) -> Path:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(list(row))
        book.save(tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def pipe(monkeypatch) -> Callable[[bytes], io.BytesIO]:
    """Put bytes on standard input."""

    def put(content: bytes) -> io.BytesIO:
        raw = io.BytesIO(content)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(raw))
        return raw

    return put
