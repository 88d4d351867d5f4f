"""What a column holds, judged by a sample of its cells: DNA, numbers, folds, groups."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

__all__ = [
    "is_dna",
    "is_number",
    "looks_like_chromosomes",
    "looks_like_dna",
    "looks_like_groups",
    "looks_like_split",
    "looks_numeric",
]

_SAMPLE = 200
_MIN_GROUPS = 10
_MAX_FOLDS = 100
_IUPAC = re.compile(r"[ACGTURYSWKMBDHVN.\-\s]{4,}", re.IGNORECASE)
_NO_BASES = re.compile(r"[^ACGTUN]", re.IGNORECASE)
_GAPS = re.compile(r"[.\-\s]")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)
# What stands in a numeric column where there is no number.
_MISSING = frozenset({"", "na", "n/a", "nan", "<na>", "null", "none", ".", "-", "inf", "-inf"})
_SPLIT_WORD = re.compile(
    r"(tr|train|training|va|val|valid|validation|dev|te|test|testing|hold_?-?out|held_?-?out|eval"
    r"|evaluation|none|na|n/a|nan|unassigned|unused|(fold[ _-]?)?\d{1,3}(\.0)?|)", re.IGNORECASE,
)  # fmt: skip


def is_dna(cell: str) -> bool:
    """Whether a cell is made of at least 4 bases or gaps.

    Of 12 letters or more, one of four may be another IUPAC letter; below, that
    could be a word.

    Examples
    --------
    >>> [is_dna(cell) for cell in ("ACGT", "ttgacaRYttgaca", "AC--GU", "mutant", "5.2", "ACG")]
    [True, True, True, False, False, False]
    """
    if _IUPAC.fullmatch(cell) is None:
        return False
    letters = _GAPS.sub("", cell)
    bases = len(_NO_BASES.sub("", letters))
    return bases > 0 and bases >= (1 if len(letters) < 12 else 0.75) * len(letters)


def is_number(cell: str) -> bool:
    """Whether a cell is a number; a decimal comma counts.

    Examples
    --------
    >>> [is_number(cell) for cell in ("5.2", "-1e-3", "2,5", "", "x5")]
    [True, True, True, False, False]
    """
    return _NUMBER.fullmatch(cell) is not None


def _sample(column: pd.Series[Any]) -> list[str]:
    values = column.dropna()
    step = max(1, len(values) // _SAMPLE)
    return [str(value).strip() for value in values.iloc[::step].head(_SAMPLE)]


def looks_like_dna(column: pd.Series[Any]) -> bool:
    """Whether at least 95% of a sample of the cells are DNA.

    Examples
    --------
    >>> looks_like_dna(pd.Series(["ACGT", "ttgacN"])), looks_like_dna(pd.Series(["1.5", "2"]))
    (True, False)
    """
    if pd.api.types.is_numeric_dtype(column):
        return False
    cells = [cell for cell in _sample(column) if cell]
    return bool(cells) and sum(map(is_dna, cells)) >= 0.95 * len(cells)


def looks_numeric(column: pd.Series[Any]) -> bool:
    """Whether at least half of a sample of the cells are numbers, missing ones aside.

    Examples
    --------
    >>> looks_numeric(pd.Series(["1", "2,5", "n/a"])), looks_numeric(pd.Series(["a", "b"]))
    (True, False)
    """
    if pd.api.types.is_bool_dtype(column):
        return False
    if pd.api.types.is_numeric_dtype(column):
        return True
    cells = [cell for cell in _sample(column) if cell.lower() not in _MISSING]
    return bool(cells) and sum(map(is_number, cells)) >= 0.5 * len(cells)


def _labels(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.dropna().astype(str).str.strip()


def looks_like_split(column: pd.Series[Any]) -> bool:
    """Whether the cells are 2 to 100 different fold numbers, or train, validation and test.

    Examples
    --------
    >>> looks_like_split(pd.Series(["train", "test", None])), looks_like_split(pd.Series([1.5, 2]))
    (True, False)
    """
    labels = _labels(column).unique()
    return 2 <= len(labels) <= _MAX_FOLDS and all(map(_SPLIT_WORD.fullmatch, labels))


def looks_like_chromosomes(column: pd.Series[Any]) -> bool:
    """Whether the cells are at least 2 different labels, some of them shared.

    Examples
    --------
    >>> looks_like_chromosomes(pd.Series(["chr1", "chr1", "chr2"]))
    True
    >>> looks_like_chromosomes(pd.Series(["chr1", "chr1"]))
    False
    """
    labels = _labels(column)
    return 2 <= labels.nunique() < len(labels)


def looks_like_groups(column: pd.Series[Any]) -> bool:
    """Whether the cells are at least 10 different labels, some of them shared.

    Fewer groups would make a test set and folds of one or two groups each,
    which nobody should get without asking.

    Examples
    --------
    >>> looks_like_groups(pd.Series([f"gene{i // 2}" for i in range(40)]))
    True
    >>> looks_like_groups(pd.Series(["control", "treated"] * 20))
    False
    """
    labels = _labels(column)
    return _MIN_GROUPS <= labels.nunique() < len(labels)
