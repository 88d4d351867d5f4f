from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from seqexpr.data.check_targets import scan_targets, target_findings
from seqexpr.data.findings import FindingCollector


def findings(columns, *, drop_missing=False):
    frame = pd.DataFrame(columns, dtype=object)
    scan = scan_targets(frame, tuple(frame.columns))
    dropped = scan.unusable if drop_missing else scan.unmeasured
    found = FindingCollector()
    target_findings(found, scan, frame, dropped=dropped, drop_missing=drop_missing)
    return found.findings


@pytest.mark.parametrize("cell", ["", None, np.nan, "NA", "NaN", "null", "None", "<NA>", "  "])
@pytest.mark.parametrize("drop_missing", [False, True])
def test_an_empty_cell_was_not_measured(cell, drop_missing):
    [finding] = findings({"y": ["1", cell, "2"]}, drop_missing=drop_missing)
    assert (finding.code, finding.severity) == ("target-missing", "warning")
    assert (finding.action, finding.rows.tolist()) == ("dropped", [2])


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("n/a", "target-not-numeric"),
        ("-", "target-not-numeric"),
        ("high", "target-not-numeric"),
        ("inf", "target-infinite"),
        ("-1e999", "target-infinite"),
        ("1,5", "target-decimal-comma"),
        ("1,234.5", "target-thousands"),
        ("2-Sep", "target-spreadsheet"),
        ("#N/A", "target-spreadsheet"),
        ("<0.5", "target-beyond-limit"),
        ("5 nM", "target-with-unit"),
        ("−1.5", "target-minus-sign"),
    ],
)
def test_other_cells_are_errors_or_dropped(cell, code):
    [finding] = findings({"y": ["1", cell, "2", cell]})
    assert (finding.code, finding.severity, finding.action) == (code, "error", "none")
    assert finding.rows.tolist() == [2, 4]
    assert finding.examples == (cell, cell)
    assert finding.remedy.endswith("or pass --on-missing drop")
    [finding] = findings({"y": ["1", cell, "2", cell]}, drop_missing=True)
    assert (finding.code, finding.severity, finding.action) == (code, "warning", "dropped")
    assert finding.rows.tolist() == [2, 4]


def test_the_message_is_the_one_that_the_design_asks_for():
    cells = ["1.0"] * 8_000
    for row in (16, 99, 7_999):
        cells[row] = "n/a"
    [finding] = findings({"expression": cells})
    assert f"{finding.meaning}; {finding.remedy}" == (
        "column 'expression': 3 of 8,000 values are not numbers (first: row 17, 'n/a'); "
        "fix them, or pass --on-missing drop"
    )


def test_a_row_with_another_target_stays():
    columns = {"a": ["1", "", "", "4"], "b": ["1", "2", "", "n/a"]}
    by_code = {(f.code, f.column, f.action): f for f in findings(columns)}
    assert by_code["target-missing", "a", "dropped"].rows.tolist() == [3]
    assert by_code["target-missing", "b", "dropped"].rows.tolist() == [3]
    stays = by_code["target-missing", "a", "none"]
    assert (stays.rows.tolist(), stays.severity) == ([2], "info")
    assert by_code["target-not-numeric", "b", "none"].severity == "error"
    by_code = {(f.code, f.column, f.action): f for f in findings(columns, drop_missing=True)}
    # Row 4 has a number in the other target: it stays, and b was not measured there.
    assert by_code["target-not-numeric", "b", "none"].severity == "warning"


def test_a_row_without_any_number_is_dropped_only_when_asked():
    columns = {"a": ["1", "", "x"], "b": ["1", "n/a", "y"]}
    scan = scan_targets(pd.DataFrame(columns), ("a", "b"))
    assert scan.unusable.tolist() == [False, True, True]
    assert scan.unmeasured.tolist() == [False, False, False]
    dropping = findings(columns, drop_missing=True)
    rows = {row for f in dropping if f.action == "dropped" for row in f.rows.tolist()}
    assert rows == {2, 3}


def test_no_targets_make_no_row_unusable():
    scan = scan_targets(pd.DataFrame({"seq": ["A", "C"]}), ())
    assert scan.numbers.shape == (2, 0)
    assert not scan.unusable.any()
    assert not scan.unmeasured.any()
