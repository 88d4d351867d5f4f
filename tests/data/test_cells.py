from __future__ import annotations

import datetime as dt
import decimal
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.cells import (
    as_labels,
    as_texts,
    is_damaged,
    is_damaged_id,
    kind_of_cell,
    to_numbers,
)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_survive_being_written_down(values):
    texts = pd.Series([repr(value) for value in values], dtype="str")
    assert to_numbers(texts).tolist() == values
    assert to_numbers(texts.astype(object)).tolist() == values
    assert to_numbers(pd.Series(values, dtype="float64")).tolist() == values


@given(st.lists(st.text() | st.none() | st.floats() | st.booleans() | st.binary()))
def test_any_cell_is_a_text_and_a_finite_number_or_nan(cells):
    column = pd.Series(cells, dtype=object)
    texts, numbers = as_texts(column), to_numbers(column)
    assert len(texts) == len(numbers) == len(as_labels(column)) == len(cells)
    assert all(isinstance(text, str) and text == text.strip() for text in texts)
    assert not np.isinf(numbers).any()
    for text, number in zip(texts, numbers.tolist(), strict=True):
        if not math.isnan(number):
            assert float(text) == number
        else:
            assert kind_of_cell(text) != ""


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, 2], dtype="int8"),
        pd.Series([1, 2], dtype="float32"),
        pd.Series([1, 2], dtype="Int64"),
        pd.Series([1, 2], dtype="category"),
        pd.Series(["1", "2.0"], dtype="category"),
        pd.Series(["1", " 2 "], dtype="str"),
        pd.Series([decimal.Decimal(1), 2], dtype=object),
        pd.Series([1.0, 2.0], dtype="double[pyarrow]"),
        pd.Series(["1", "2"], dtype="string[pyarrow]"),
    ],
)
def test_numbers_of_any_dtype(column):
    assert to_numbers(column).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([pd.NA, 3], dtype="Int64"),
        pd.Series([np.nan, 3.0]),
        pd.Series([None, "3"], dtype="str"),
        pd.Series([None, "3"], dtype="category"),
        pd.Series([np.inf, 3.0]),
        pd.Series([1j, 3], dtype=object),
        pd.Series(["1_000", "3"]),
        pd.Series([[1, 2], 3], dtype=object),
    ],
)
def test_what_is_no_finite_number_is_nan(column):
    numbers = to_numbers(column)
    assert math.isnan(numbers[0])
    assert numbers[1] == 3.0


def test_complex_and_date_columns_hold_no_numbers():
    assert np.isnan(to_numbers(pd.Series([1j, 2.0 + 0j]))).all()
    dates = pd.Series([dt.datetime(2024, 9, 2), pd.NaT])
    assert np.isnan(to_numbers(dates)).all()
    assert is_damaged(as_texts(dates)[0])
    assert as_texts(dates)[1] == ""


def test_labels_of_numbers_have_no_decimals():
    assert as_labels(pd.Series([1.0, np.nan, 10.0])).tolist() == ["1", "", "10"]
    assert as_labels(pd.Series([1.5, 2.0])).tolist() == ["1.5", "2"]
    assert as_labels(pd.Series([1, 2])).tolist() == ["1", "2"]
    assert as_labels(pd.Series([np.inf, 1.0])).tolist() == ["inf", "1"]
    assert as_labels(pd.Series(["a", 2.0], dtype=object)).tolist() == ["a", "2"]
    assert as_labels(pd.Series(["none", "NA", "n/a", None])).tolist() == ["none", "", "", ""]


KINDS = {
    "missing": ["", "NA", "nan", "NaN", "<NA>", "null", "NULL", "None"],
    "infinite": ["inf", "-Inf", "+infinity", "∞", "1e999", "-1e400"],
    "damaged": [
        "2-Sep", "02-Sep-24", "Sep-02", "1-Mar", "March-1", "2.Dec", "2024-03-01", "3/1/2024",
        "2024-03-01 00:00:00", "2024-03-01T10:00", "#N/A", "#VALUE!", "#REF!", "#DIV/0!", "#NAME?",
        "#NUM!", "#NULL!", "######",
    ],
    "thousands": ["1,234.5", "1,234,567", "1,234,567.8", "12 345", "1'234.5"],
    "decimal-comma": ["1,5", "-0,25", "1,5e3", ",5", "1.234,5", "12 345,6", "1,234"],
    "minus-sign": ["−1.5", "–2", "— 3"],
    "beyond-limit": ["<0.5", "> 100", "≤ 3", ">=7", "<1,5", "LOD", "<LOD", "bdl", "LOQ"],
    "with-unit": ["52%", "5 nM", "3.2AU", "1,5 µM", "2 log2/h"],
    "text": ["n/a", "-", ".", "?", "high", "missing", "1_000", "1.2.3", "ACGT", "e5", "1 2"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "cell"), [(kind, cell) for kind, cells in KINDS.items() for cell in cells]
)
def test_kinds_of_cells(kind, cell):
    assert kind_of_cell(cell) == kind
    assert np.isnan(to_numbers(pd.Series([cell]))).all()


@pytest.mark.parametrize(
    "name",
    ["seq1", "SEPT2", "MARCH1", "2310009E13", "chr1-45795401-45795565", "1-2", "2024", "9E5"],
)
def test_good_ids_are_left_alone(name):
    assert not is_damaged_id(name)


@pytest.mark.parametrize("name", ["1E+05", "2.31E+19", "1e-05", "2-Sep", "#REF!", "2024-09-02"])
def test_damaged_ids_are_seen(name):
    assert is_damaged_id(name)
