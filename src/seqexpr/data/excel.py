"""Excel workbooks (.xlsx), through openpyxl: cells as they are, nothing guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO
from zipfile import BadZipFile

from seqexpr.errors import TableError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_excel"]


def read_excel(stream: BinaryIO, *, name: str, sheet: str | None) -> tuple[pd.DataFrame, str]:
    """Read one sheet: its first row that is not empty is the header.

    Parameters
    ----------
    stream : binary file
        The workbook.
    name : str
        Name of the file, for messages.
    sheet : str or None
        Which sheet; None = the only one that holds data.

    Returns
    -------
    frame : DataFrame
        Numbers stay numbers where a column holds nothing else, dates become
        ISO text, everything else is text.
    sheet : str
        Name of the sheet that was read.

    Raises
    ------
    TableError
        If it is no workbook, or which sheet is meant is in doubt.
    """
    import io

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(io.BytesIO(stream.read()), read_only=True, data_only=True)
    except (BadZipFile, KeyError, InvalidFileException, ValueError) as error:
        raise TableError(f"{name} is a zip archive, but not an Excel workbook (.xlsx)") from error
    with_data = [s for s in book.worksheets if _rows(s, limit=1)]
    titles = [s.title for s in book.worksheets]
    if sheet is not None:
        if sheet not in titles:
            hint = did_you_mean(sheet, titles) or ";"
            raise TableError(f"{name}: no sheet {sheet!r}{hint} the sheets are {', '.join(titles)}")
        chosen = book[sheet]
    elif len(with_data) == 1:
        chosen = with_data[0]
    elif with_data:
        names = ", ".join(repr(s.title) for s in with_data)
        raise TableError(f"{name}: which sheet: {names}? pass --sheet NAME")
    else:
        raise TableError(f"{name}: the workbook is empty")
    return _frame(_rows(chosen), name), chosen.title


def _rows(sheet: Any, limit: int | None = None) -> list[tuple[Any, ...]]:
    rows = []
    for row in sheet.iter_rows(values_only=True):
        if any(cell is not None and str(cell).strip() for cell in row):
            rows.append(row)
            if limit is not None and len(rows) == limit:
                break
    return rows


def _frame(rows: list[tuple[Any, ...]], name: str) -> pd.DataFrame:
    import pandas as pd

    if not rows:
        raise TableError(f"{name}: the sheet is empty")
    width = max(i + 1 for row in rows for i, cell in enumerate(row) if cell is not None)
    header = [
        str(cell).strip() if cell is not None else f"unnamed_{i}"
        for i, cell in enumerate((*rows[0], *[None] * width)[:width], start=1)
    ]
    twice = sorted({title for title in header if header.count(title) > 1})
    if twice:
        raise TableError(f"{name}: column name {twice[0]!r} occurs twice; rename one of them")
    columns = {}
    for i, title in enumerate(header):
        cells = [row[i] if i < len(row) else None for row in rows[1:]]
        columns[title] = _column(cells)
    return pd.DataFrame(columns)


def _column(cells: list[Any]) -> Any:
    import pandas as pd

    known = [cell for cell in cells if cell is not None]
    if known and all(isinstance(c, (int, float)) and not isinstance(c, bool) for c in known):
        return pd.array([float("nan") if c is None else float(c) for c in cells], dtype="float64")
    return pd.array([None if cell is None else _text(cell) for cell in cells], dtype="str")


def _text(cell: Any) -> str:
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat()).removesuffix("T00:00:00")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
