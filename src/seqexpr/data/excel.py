"""Excel workbooks (.xlsx), through openpyxl: cells as they are, nothing guessed."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile
from zlib import error as ZlibError  # noqa: N812 - the library's own name is not a class name

from seqexpr.data.layout import check_names, made_up_names
from seqexpr.errors import TableError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_excel"]


def read_excel(
    stream: BinaryIO, *, name: str, sheet: str | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read one sheet. Its header is the first row with more than one cell.

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
    notes : tuple of str
        The sheet, and lines above the header that were skipped.

    Raises
    ------
    TableError
        If it is no workbook, or which sheet is meant is in doubt.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    broken = (
        BadZipFile,
        InvalidFileException,
        ParseError,
        ZlibError,
        KeyError,
        ValueError,
        OSError,
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and drop-down lists, which are not read
            book = load_workbook(io.BytesIO(stream.read()), read_only=True, data_only=True)
            sheets = {each.title: _rows(each) for each in book.worksheets}
            book.close()
    except broken as error:
        raise TableError(
            f"{name} is a zip archive, but not a readable Excel workbook (.xlsx); unpack it, or "
            "save the table as CSV"
        ) from error
    title = _choose(sheets, sheet, name)
    frame, notes = _frame(sheets[title], f"{name}, sheet {title!r}")
    return frame, (f"sheet: {title!r}", *notes)


def _choose(sheets: dict[str, list[tuple[Any, ...]]], wanted: str | None, name: str) -> str:
    if wanted is not None:
        if wanted not in sheets:
            hint = did_you_mean(wanted, sheets) or ";"
            listed = ", ".join(repr(title) for title in sheets)
            raise TableError(f"{name}: no sheet {wanted!r}{hint} the sheets are {listed}")
        return wanted
    with_data = [title for title, rows in sheets.items() if rows]
    if not with_data:
        raise TableError(f"{name}: the workbook is empty")
    if len(with_data) > 1:
        listed = ", ".join(repr(title) for title in with_data)
        raise TableError(f"{name}: which sheet: {listed}? pass --sheet NAME")
    return with_data[0]


def _is_filled(cell: Any) -> bool:
    return cell is not None and bool(str(cell).strip())


def _rows(sheet: Any) -> list[tuple[Any, ...]]:
    """Return the rows from the first to the last that holds something."""
    sheet.reset_dimensions()  # some programs write a wrong size into the file
    rows = list(sheet.iter_rows(values_only=True))
    filled = [i for i, row in enumerate(rows) if any(map(_is_filled, row))]
    return rows[filled[0] : filled[-1] + 1] if filled else []


def _frame(rows: list[tuple[Any, ...]], name: str) -> tuple[pd.DataFrame, list[str]]:
    import pandas as pd

    if not rows:
        raise TableError(f"{name} is empty")
    notes = []
    filled = [sum(map(_is_filled, row)) for row in rows]
    if max(filled) > 1:  # a title stands alone in its row, a header does not
        titles = next(i for i, count in enumerate(filled) if count > 1)
        rows = rows[titles:]
        if titles:
            notes.append(f"skipped above the header: {titles} line{'s' * (titles > 1)}")
    width = max(i + 1 for row in rows for i, cell in enumerate(row) if _is_filled(cell))
    body = [(*row[:width], *[None] * (width - len(row))) for row in rows]
    texts = [[_text(cell) if _is_filled(cell) else "" for cell in row] for row in body[:400]]
    header = [cell or f"unnamed_{i}" for i, cell in enumerate(texts[0], start=1)]
    if found := made_up_names(texts):
        header = found[0]
        notes.append(found[1])
    else:
        check_names(header, name)
        body = body[1:]
    columns = zip(*body, strict=True) if body else [()] * width
    return pd.DataFrame(dict(zip(header, map(_column, columns), strict=True))), notes


def _column(cells: Sequence[Any]) -> Any:
    import pandas as pd

    known = [cell for cell in cells if _is_filled(cell)]
    if known and all(type(cell) in (int, float) for cell in known):
        whole = len(known) == len(cells) and all(
            type(cell) is int and abs(cell) < 2**53 for cell in known
        )
        numbers = [cell if _is_filled(cell) else float("nan") for cell in cells]
        return pd.array(numbers, dtype="int64" if whole else "float64")
    return pd.array([_text(cell) if _is_filled(cell) else None for cell in cells], dtype="str")


def _text(cell: Any) -> str:
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat()).removesuffix("T00:00:00")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
