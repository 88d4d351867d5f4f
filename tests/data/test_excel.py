from __future__ import annotations

import datetime as dt
import io
import zipfile

import numpy as np
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqexpr.data.table import iter_tables, read_table
from seqexpr.errors import TableError

HEADER = ["id", "sequence", "expression"]
ROWS = [["a", "ACGT", 1.5], ["b", "TTTT", 2], ["c", "GGGG", None]]


@given(
    rows=st.lists(
        st.tuples(
            st.text("abc,;\"' \t", max_size=5),
            st.text("ACGT", min_size=4, max_size=9),
            st.one_of(
                st.none(), st.integers(-(2**40), 2**40), st.floats(-1e9, 1e9, allow_subnormal=False)
            ),
        ),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cells_come_out_as_they_went_in(rows, save_workbook):
    path = save_workbook(data=[HEADER, *rows])
    frame = read_table(path, target=("expression",)).frame
    assert frame["id"].fillna("").tolist() == [row[0].strip() for row in rows]
    assert frame["sequence"].tolist() == [row[1] for row in rows]
    for cell, row in zip(frame["expression"], rows, strict=True):
        # openpyxl writes 16 digits.
        assert (cell != cell) if row[2] is None else (cell == pytest.approx(row[2], rel=1e-14))


def test_numbers_stay_numbers_only_where_there_is_nothing_else(save_workbook):
    day = dt.datetime(2024, 9, 2)
    rows = [
        [*ROWS[i], *extra] for i, extra in enumerate([(1, 1, day), (2, "n/a", 2.0), (3, 3, True)])
    ]
    table = read_table(save_workbook(data=[[*HEADER, "n", "mixed", "odd"], *rows]))
    assert table.frame["n"].dtype == np.int64
    assert table.frame["expression"].dtype == np.float64
    assert table.frame["mixed"].tolist() == ["1", "n/a", "3"]
    assert table.frame["odd"].tolist() == ["2024-09-02", "2", "True"]
    assert table.format == "xlsx"
    assert table.notes[0] == "sheet: 'data'"


def test_huge_whole_numbers(save_workbook):
    table = read_table(save_workbook(data=[["seq", "y"], ["ACGT", 10**30], ["TTTT", 1]]))
    assert table.frame["y"].tolist() == [1e30, 1.0]


def test_the_only_sheet_with_data_is_read(save_workbook):
    path = save_workbook(empty=[], data=[HEADER, *ROWS], spaces=[[" "]])
    assert len(read_table(path).frame) == 3


def test_several_sheets_are_a_doubt_and_one_can_be_named(save_workbook):
    path = save_workbook(pilot=[HEADER, *ROWS], main=[HEADER, *ROWS[:2]])
    with pytest.raises(TableError, match=r"which sheet: 'pilot', 'main'.* pass --sheet NAME"):
        read_table(path)
    table = read_table(path, sheet="main")
    assert len(table.frame) == 2
    assert table.notes[0] == "sheet: 'main'"
    with pytest.raises(TableError, match=r"no sheet 'mian'; did you mean 'main'.* 'pilot', 'main'"):
        read_table(path, sheet="mian")
    with pytest.raises(TableError, match="no sheet 'x'; the sheets are 'pilot', 'main'"):
        read_table(path, sheet="x")


def test_a_sheet_of_another_file(save):
    with pytest.raises(
        TableError, match=r"table\.csv is no Excel workbook, so it has no sheet 'a'"
    ):
        read_table(save("seq,y\nACGT,1\n"), sheet="a")


def test_titles_above_and_empty_rows_around(save_workbook):
    rows = [[], ["Table S1. My library"], [], HEADER, ROWS[0], [], ROWS[1], [], [" "]]
    table = read_table(save_workbook(data=rows))
    assert table.notes[1] == "skipped above the header: 2 lines"
    # An empty row between others keeps its place, so that row numbers are those of the sheet.
    assert table.frame["id"].isna().tolist() == [False, True, False]


def test_a_sheet_without_header(save_workbook):
    table = read_table(save_workbook(data=[["ACGT", 1.5], ["TTTT", 2.5]]))
    assert table.frame.to_dict("list") == {"sequence": ["ACGT", "TTTT"], "value": [1.5, 2.5]}
    assert "no header: the columns are called sequence, value" in table.notes


def test_cells_without_a_name_and_names_that_occur_twice(save_workbook):
    table = read_table(save_workbook(data=[["seq", None, "y"], ["ACGT", "x", 1]]))
    assert list(table.frame.columns) == ["seq", "unnamed_2", "y"]
    with pytest.raises(TableError, match="sheet 'data': column name 'y' occurs twice"):
        read_table(save_workbook(data=[["seq", "y", "y"], ["ACGT", 1, 2]]))


def test_nothing_in_it(save_workbook):
    with pytest.raises(TableError, match="the workbook is empty"):
        read_table(save_workbook(a=[], b=[]))
    with pytest.raises(TableError, match="sheet 'a' is empty"):
        read_table(save_workbook(a=[], b=[HEADER, *ROWS]), sheet="a")
    with pytest.raises(TableError, match="has a header but no rows"):
        read_table(save_workbook(a=[HEADER]))


def test_a_wrong_size_in_the_file_is_not_believed(save_workbook, tmp_path):
    path = save_workbook(data=[HEADER, *ROWS])
    wrong = tmp_path / "wrong.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(wrong, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            assert name != "xl/worksheets/sheet1.xml" or b'<dimension ref="A1:C4"' in content
            new.writestr(name, content.replace(b'<dimension ref="A1:C4"', b'<dimension ref="A1"'))
    assert len(read_table(wrong).frame) == 3


def test_a_zip_that_is_no_workbook(tmp_path, save):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "seq,y\nACGT,1\n")
    for path in (tmp_path / "a.zip", save(b"PK\3\4" + b"x" * 100)):
        with pytest.raises(TableError, match="a zip archive, but not a readable Excel workbook"):
            read_table(path)


def test_a_workbook_that_is_damaged(save_workbook, save):
    whole = save_workbook(data=[HEADER, *ROWS]).read_bytes()
    with pytest.raises(TableError, match="not a readable Excel workbook"):
        read_table(save(whole[: len(whole) // 2]))


def test_from_a_pipe_in_batches(save_workbook, pipe):
    pipe(save_workbook(data=[HEADER, *ROWS]).read_bytes())
    batches = list(iter_tables("-", batch_size=2))
    assert [(b.first_row, len(b.frame), b.frame.index[0]) for b in batches] == [
        (1, 2, 0),
        (3, 1, 0),
    ]


def test_a_formula_gives_its_last_value_and_a_drop_down_no_warning(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [HEADER, *ROWS, ["d", "CCCC", "=1+1"]]:
        sheet.append(row)
    validation = openpyxl.worksheet.datavalidation.DataValidation(type="list", formula1='"a,b"')
    sheet.add_data_validation(validation)
    raw = io.BytesIO()
    book.save(raw)
    (tmp_path / "a.xlsx").write_bytes(raw.getvalue())
    # Nobody has opened the workbook in a spreadsheet, so there is no value yet.
    assert read_table(tmp_path / "a.xlsx").frame["expression"].isna().tolist() == [
        False,
        False,
        True,
        True,
    ]
