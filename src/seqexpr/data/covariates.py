"""Covariates: columns beside the sequence, as numbers or as categories.

A column of text is categorical, one of numbers numeric; ``NAME:categorical`` or
``NAME:numeric`` says otherwise. An empty cell of a categorical column is a
category of its own, one of a numeric column a missing number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from seqexpr.data.cells import as_labels, to_numbers
from seqexpr.errors import InputError, did_you_mean

__all__ = [
    "MAX_CATEGORIES",
    "Covariate",
    "CovariateReading",
    "Kind",
    "describe_covariates",
    "kind_of_column",
    "read_covariates",
    "split_kinds",
    "type_covariates",
]

Kind = Literal["numeric", "categorical"]
KINDS: tuple[Kind, ...] = ("numeric", "categorical")
MAX_CATEGORIES = 200
"""Categories from which a column is taken for names of rows, and refused."""
FAR = 100.0


def split_kinds(
    asked: Sequence[str], columns: Sequence[str]
) -> tuple[tuple[str, ...], tuple[Kind | None, ...]]:
    """Part each "NAME:categorical" or "NAME:numeric" into name and kind.

    Parameters
    ----------
    asked : sequence of str
        What the user named.
    columns : sequence of str
        Columns of the table; one that is called just so is taken as it is.

    Returns
    -------
    names : tuple of str
        Without the kinds.
    kinds : tuple of {"numeric", "categorical", None}
        None = by the values; empty if no kind was given.

    Examples
    --------
    >>> split_kinds(["plate:categorical", "dose"], ["plate", "dose"])
    (('plate', 'dose'), ('categorical', None))
    """
    names: list[str] = []
    kinds: list[Kind | None] = []
    for text in asked:
        name, _, kind = text.rpartition(":")
        known = next((one for one in KINDS if one == kind and text not in columns), None)
        names.append(text if known is None else name)
        kinds.append(known)
    return tuple(names), tuple(kinds) if any(kinds) else ()


def kind_of_column(column: pd.Series[Any]) -> Kind:
    """Say whether a column holds numbers or categories.

    Numeric are columns of numbers, and of text that is a number in more than
    half of the cells that are not empty: the others are then mistakes, to be
    told.

    Examples
    --------
    >>> kind_of_column(pd.Series(["1", "2.5", ""])), kind_of_column(pd.Series(["YPD", "4"]))
    ('numeric', 'categorical')
    """
    if isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(column):
        return "categorical"
    filled = as_labels(column) != ""
    numbers = np.isfinite(to_numbers(column)) & filled
    return "numeric" if 2 * int(numbers.sum()) > int(filled.sum()) else "categorical"


def type_covariates(frame: pd.DataFrame, kinds: Mapping[str, Kind | None]) -> pd.DataFrame:
    """Return columns as models read them: float64, or categories of str in sorted order.

    Parameters
    ----------
    frame : DataFrame, n rows
        Cells as read.
    kinds : mapping of str to {"numeric", "categorical"} or None
        Columns to return; None = by the values.

    Examples
    --------
    >>> frame = pd.DataFrame({"condition": ["YPD", "SC", "YPD"], "dose": ["1", "", "3"]})
    >>> typed = type_covariates(frame, {"condition": None, "dose": None})
    >>> typed["condition"].cat.categories.tolist(), typed["dose"].tolist()
    (['SC', 'YPD'], [1.0, nan, 3.0])
    """
    typed = {}
    for name, asked in kinds.items():
        if (asked or kind_of_column(frame[name])) == "numeric":
            typed[name] = pd.Series(to_numbers(frame[name]))
        elif isinstance(frame[name].dtype, pd.CategoricalDtype):
            typed[name] = frame[name].reset_index(drop=True)  # with the categories it knows
        else:
            labels = as_labels(frame[name])
            typed[name] = pd.Series(pd.Categorical(labels, categories=sorted(set(labels))))
    return pd.DataFrame(typed, index=range(len(frame)))


@dataclass(frozen=True)
class Covariate:
    """A column beside the sequence, as training had it.

    Attributes
    ----------
    name : str
        Of the column.
    kind : {"numeric", "categorical"}
        How it is read.
    categories : tuple of str
        Those that occur, sorted; "" = an empty cell. Empty for numbers.
    low, high : float or None
        Smallest and largest number; None for categories.
    has_gaps : bool
        Whether numbers were missing.
    """

    name: str
    kind: Kind
    categories: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    has_gaps: bool = False

    def in_words(self) -> str:
        """Say how the column is read.

        Examples
        --------
        >>> Covariate("dose", "numeric", low=0.1, high=10.0).in_words()
        'numbers from 0.1 to 10'
        """
        if self.kind == "numeric":
            if self.low is None:
                return "numbers, of which there are none"
            return f"numbers from {self.low:g} to {self.high:g}"
        return f"{len(self.categories):,} categories: {_listed(self.categories)}"


def describe_covariates(frame: pd.DataFrame | None) -> tuple[Covariate, ...]:
    """Describe the columns that :func:`type_covariates` returned.

    Categories that do not occur in these rows are left out.

    Parameters
    ----------
    frame : DataFrame or None
        None has no covariates.

    Examples
    --------
    >>> describe_covariates(pd.DataFrame({"dose": [1.0, 3.0]}))
    (Covariate(name='dose', kind='numeric', categories=(), low=1.0, high=3.0, has_gaps=False),)
    """
    found: list[Covariate] = []
    if frame is None:
        return ()
    for name in frame.columns:
        column = frame[name]
        if kind_of_column(column) == "categorical":
            categories = tuple(sorted(set(as_labels(column))))
            found.append(Covariate(str(name), "categorical", categories))
            continue
        numbers = to_numbers(column)
        known = numbers[np.isfinite(numbers)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (None, None)
        found.append(
            Covariate(str(name), "numeric", low=low, high=high, has_gaps=len(known) < len(numbers))
        )
    return tuple(found)


@dataclass(frozen=True, eq=False)
class CovariateReading:
    """Covariates of n rows, read as a trained model needs them.

    Attributes
    ----------
    frame : DataFrame, n rows
        Typed columns, in the model's order.
    problems : list of str, length n
        Why a row cannot be predicted; empty where it can.
    reasons : list of str, length n
        The same without the value: what rows are counted by.
    unknown : ndarray of bool, shape (n,)
        Rows of a category that training did not have.
    strangeness : ndarray of float64, shape (n,)
        How far the numbers lie outside those of training, 1 = a tenth of their
        range; 100 for an unknown category.
    """

    frame: pd.DataFrame
    problems: list[str]
    reasons: list[str]
    unknown: npt.NDArray[np.bool_]
    strangeness: npt.NDArray[np.float64]

    def check(self, covariates: Sequence[Covariate]) -> None:
        """Raise if a row cannot be predicted.

        Raises
        ------
        InputError
            How many rows, the first one and what the model knows.
        """
        rows = [row for row, problem in enumerate(self.problems) if problem]
        if not rows:
            return
        known = "; ".join(f"{item.name!r}: {item.in_words()}" for item in covariates)
        raise InputError(
            f"covariates: {len(rows):,} of {len(self.problems):,} rows cannot be predicted (first: "
            f"row {rows[0] + 1}, {self.problems[rows[0]]}); the model was trained on {known}"
        )


def read_covariates(frame: pd.DataFrame, covariates: Sequence[Covariate]) -> CovariateReading:
    """Read columns as a trained model needs them, and say which rows it cannot take.

    Parameters
    ----------
    frame : DataFrame, n rows
        Cells as read.
    covariates : sequence of Covariate
        What the model was trained on.

    Raises
    ------
    InputError
        If a column is missing.

    Examples
    --------
    >>> known = (Covariate("condition", "categorical", ("SC", "YPD")),)
    >>> read_covariates(pd.DataFrame({"condition": ["YPD", "YDP"]}), known).problems
    ['', "condition 'YDP' is none that the model was trained on; did you mean 'YPD'?"]
    """
    n = len(frame)
    problems, reasons = [""] * n, [""] * n
    unknown, strangeness = np.zeros(n, dtype=bool), np.zeros(n)
    typed: dict[str, Any] = {}
    for item in covariates:
        name = item.name
        if name not in frame.columns:
            hint = did_you_mean(name, [str(column) for column in frame.columns]) or ";"
            raise InputError(f"no column {name!r}{hint} the model needs it beside the sequence")
        labels = as_labels(frame[name])
        if item.kind == "categorical":
            bad = ~np.isin(labels.astype(str), item.categories)
            unknown |= bad
            # A row of an unknown one is not predicted; it is marked as empty.
            known = sorted({*item.categories, ""} if bad.any() else item.categories)
            typed[name] = pd.Categorical(np.where(bad, "", labels), categories=known)
        else:
            numbers = to_numbers(frame[name])
            missing = np.isnan(numbers)
            bad = missing & ((labels != "") | (not item.has_gaps))
            typed[name] = numbers
            strangeness = np.maximum(strangeness, _beyond(numbers, item))
        for row in np.flatnonzero(bad).tolist():
            if not problems[row]:
                problems[row], reasons[row] = _problem(item, labels[row])
    strangeness[unknown] = FAR
    return CovariateReading(pd.DataFrame(typed), problems, reasons, unknown, strangeness)


def _problem(item: Covariate, label: str) -> tuple[str, str]:
    if not label:
        return (f"no {item.name}",) * 2
    if item.kind == "numeric":
        reason = f"{item.name} is not a number"
        return f"{reason}: {label!r}", reason
    what = "is none that the model was trained on"
    hint = did_you_mean(label, item.categories)
    return f"{item.name} {label!r} {what}{hint}", f"{item.name} {what}"


def _beyond(numbers: npt.NDArray[np.float64], item: Covariate) -> npt.NDArray[np.float64]:
    """Return how far numbers lie outside those of training, in tenths of their range."""
    if item.low is None or item.high is None:
        return np.zeros(len(numbers))
    known = np.where(np.isnan(numbers), item.low, numbers)
    outside = np.maximum(np.maximum(item.low - known, known - item.high), 0.0)
    width = item.high - item.low
    if width == 0:
        return np.where(outside > 0, FAR, 0.0)
    return np.asarray(np.minimum(outside / (0.1 * width), FAR), dtype=np.float64)


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(repr(name) if name else "(empty)" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"
