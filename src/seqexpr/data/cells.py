"""Cells of a table as text, numbers and labels, and the ways in which programs damage them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["as_labels", "as_texts", "is_damaged", "is_damaged_id", "kind_of_cell", "to_numbers"]

# What programs write for "not measured". Other spellings ("n/a", "-", "missing") were typed by
# somebody, and may stand for something else.
_MISSING = frozenset({"", "na", "nan", "<na>", "null", "none"})

_NO_LABEL = frozenset({"", "na", "n/a", "nan", "<na>", "#n/a"})

_NUMBER = r"(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?"
_MONTH = (
    "jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?"
    "|oct(ober)?|nov(ember)?|dec(ember)?"
)
_DATE = (
    rf"\d{{1,2}}[-. ]({_MONTH})([-. ]\d{{2,4}})?|({_MONTH})[-. ]\d{{1,4}}"
    r"|\d{4}-\d\d-\d\d([T ].*)?|\d{1,2}/\d{1,2}/\d{2,4}"
)
_DAMAGED = re.compile(
    rf"{_DATE}|#(n/a|value|ref|div/0|name|num|null|spill|calc)[!?]?|#+", re.IGNORECASE
)
_DAMAGED_ID = re.compile(rf"{_DAMAGED.pattern}|\d(\.\d+)?E[+-]\d{{2,}}", re.IGNORECASE)
# Tried in this order; the first that matches the whole cell names its kind.
_KINDS = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("infinite", r"[+-]?(inf|infinity|∞|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)"),
        ("damaged", _DAMAGED.pattern),
        ("thousands", r"[+-]?\d{1,3}((,\d{3}){2,}(\.\d*)?|,\d{3}\.\d*|([ '’]\d{3})+(\.\d*)?)"),
        ("decimal-comma", r"[+-]?(\d{1,3}([. ]\d{3})+|\d*),\d+(e[+-]?\d+)?"),
        ("minus-sign", rf"[−–—]\s?{_NUMBER}"),
        ("beyond-limit", rf"[<>≤≥~]=?\s*[+-]?{_NUMBER}|[<>]?\s*[bu]?l[od][dq]|bdl|[bu]dl"),
        ("with-unit", rf"[+-]?{_NUMBER}\s?([%‰°]|[a-zµμ][a-zµμ0-9/^.-]*)"),
    )
)


def as_texts(column: pd.Series[Any]) -> list[str]:
    """Return the cells of a column as str, white space at the ends taken off.

    Missing cells are empty. Any type of column is taken.

    Examples
    --------
    >>> as_texts(pd.Series(["a ", None, 1.5]))
    ['a', '', '1.5']
    """
    if isinstance(column.dtype, pd.StringDtype):
        return list(map(str.strip, column.fillna("").tolist()))
    missing = column.isna().to_numpy().tolist()
    return [
        "" if no else (cell if isinstance(cell, str) else str(cell)).strip()
        for cell, no in zip(column.tolist(), missing, strict=True)
    ]


def as_labels(column: pd.Series[Any]) -> npt.NDArray[np.object_]:
    """Return the cells of a column as labels: str, empty where one is missing or NA.

    Whole numbers lose the ".0" that a column with gaps gives them.

    Examples
    --------
    >>> as_labels(pd.Series([1.0, None, 3.0])).tolist(), as_labels(pd.Series(["a", "NA"])).tolist()
    (['1', '', '3'], ['a', ''])
    """
    texts = as_texts(column)
    if not isinstance(column.dtype, pd.StringDtype):
        for at, cell in enumerate(column.tolist()):
            if isinstance(cell, float) and cell.is_integer():
                texts[at] = f"{cell:.0f}"
    labels = np.empty(len(column), dtype=object)
    labels[:] = ["" if text.lower() in _NO_LABEL else text for text in texts]
    return labels


def to_numbers(column: pd.Series[Any]) -> npt.NDArray[np.float64]:
    """Return the cells of a column as float64; NaN where a cell is no finite number.

    Examples
    --------
    >>> to_numbers(pd.Series(["1.5", " 2e3 ", "n/a", "inf", "1_0"])).tolist()
    [1.5, 2000.0, nan, nan, nan]
    """
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column):
        numbers = np.array(column.to_numpy(dtype=np.float64, na_value=np.nan))
    else:
        numbers = np.array([_number(text) for text in as_texts(column)], dtype=np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def _number(text: str) -> float:
    # float() takes the nearest double, and "1_000" as well, which nobody means.
    try:
        return np.nan if "_" in text else float(text)
    except ValueError:
        return np.nan


def is_damaged(text: str) -> bool:
    """Whether a spreadsheet made this of another text: a date, or an error value.

    Examples
    --------
    >>> [is_damaged(text) for text in ("2-Sep", "2024-03-01", "#VALUE!", "####", "SEPT2")]
    [True, True, True, True, False]
    """
    return _DAMAGED.fullmatch(text) is not None


def is_damaged_id(text: str) -> bool:
    """Whether a spreadsheet made this of an id: a date, an error value, or 1E+05.

    Examples
    --------
    >>> [is_damaged_id(text) for text in ("1E+05", "2-Sep", "2310009E13", "TSS-5")]
    [True, True, False, False]
    """
    return _DAMAGED_ID.fullmatch(text) is not None


def kind_of_cell(text: str) -> str:
    """Say what a cell is that should be a number and is none.

    Returns
    -------
    str
        "missing" (empty, or what programs write for it), "infinite",
        "damaged" (by a spreadsheet), "decimal-comma", "thousands" (with
        separators), "minus-sign" (not the ASCII one), "beyond-limit" (like
        "<0.5"), "with-unit" or "text".

    Examples
    --------
    >>> [kind_of_cell(text) for text in ("NA", "1,5", "1,234.5", "<0.5", "52%", "n/a", "-inf")]
    ['missing', 'decimal-comma', 'thousands', 'beyond-limit', 'with-unit', 'text', 'infinite']
    """
    if text.lower() in _MISSING:
        return "missing"
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(text)), "text")
