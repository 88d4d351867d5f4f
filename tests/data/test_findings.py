from __future__ import annotations

import json

import numpy as np
import pytest

from seqexpr.data.findings import CheckReport, Finding, FindingCollector, shown


def test_rows_are_counted_from_the_first_row():
    found = FindingCollector(first_row=10_001)
    where = np.array([False, True, True])
    found.add("target-text", "error", where, meaning="two ({first})", cells=["1", "x", "y"])
    [finding] = found.findings
    assert finding.rows.tolist() == [10_002, 10_003]
    assert finding.rows.dtype == np.int64
    assert finding.n_rows == 2
    assert finding.examples == ("x", "y")
    assert finding.meaning == "two (first: row 10,002, 'x')"


def test_no_rows_are_no_finding_but_the_whole_table_is_one():
    found = FindingCollector()
    found.add("a", "info", np.zeros(3, dtype=bool), meaning="nothing")
    assert found.findings == []
    found.add("b", "info", None, meaning="everything", cells=["x"])
    [finding] = found.findings
    assert (finding.n_rows, finding.rows.tolist(), finding.examples) == (0, [], ())


def test_three_examples_as_found_long_ones_cut():
    found = FindingCollector()
    cells = ["", "A" * 500, "b", "c"]
    found.add("a", "info", np.ones(4, dtype=bool), meaning="m ({first})", cells=cells)
    assert found.findings[0].examples == ("", "A" * 80, "b")
    assert found.findings[0].meaning == "m (first: row 1, empty)"


def test_without_cells_the_first_row_is_enough():
    found = FindingCollector()
    found.add("a", "info", np.array([False, True]), meaning="m ({first})")
    assert found.findings[0].meaning == "m (first: row 2)"
    assert found.findings[0].examples == ()


def make_report(*severities):
    found = FindingCollector()
    for severity in severities:
        action = "repaired" if severity == "info" else "none"
        found.add(
            f"{severity}-code", severity, np.ones(7, dtype=bool), column="y",
            meaning=f"an {severity}", remedy="mend it", action=action,
        )  # fmt: skip
    return CheckReport("t.csv", 7, 5, 2, 0, tuple(found.findings), ("target: column 'y'",))


def test_a_report_knows_its_errors_and_warnings():
    report = make_report("error", "warning", "info", "error")
    assert [f.code for f in report.errors] == ["error-code"] * 2
    assert [f.code for f in report.warnings] == ["warning-code"]
    assert report.has_errors
    assert not make_report("warning", "info").has_errors


def test_a_report_is_json_with_every_row():
    report = make_report("error", "info")
    document = json.loads(json.dumps(report.to_dict()))
    assert document["format_version"] == 1
    assert document["n_kept"] + document["n_repaired"] + document["n_dropped"] == 7
    assert document["findings"][0]["rows"] == [1, 2, 3, 4, 5, 6, 7]
    assert set(document["findings"][0]) == set(Finding.__dataclass_fields__)
    assert document["notes"] == ["target: column 'y'"]


def test_the_text_is_short_and_whole():
    lines = make_report("error", "info").format_text().splitlines()
    assert lines == [
        "x error   error-code (7 rows: 1, 2, 3, 4, 5, ...)",
        "    an error",
        "    -> mend it",
        "i info    info-code, repaired (7 rows: 1, 2, 3, 4, 5, ...)",
        "    an info",
        "    -> mend it",
        "t.csv: 7 rows = 5 kept + 2 repaired + 0 dropped",
    ]


@pytest.mark.parametrize("remedy", ["", "nothing to do"])
def test_the_text_leaves_out_what_says_nothing(remedy):
    found = FindingCollector()
    found.add("a", "info", np.array([True]), meaning="m", remedy=remedy)
    text = CheckReport("t", 1, 1, 0, 0, tuple(found.findings)).format_text()
    assert text.splitlines() == [
        "i info    a (1 row: 1)", "    m", "t: 1 rows = 1 kept + 0 repaired + 0 dropped",
    ]  # fmt: skip


def test_values_are_shown_in_quotes_and_shortened():
    assert shown("A" * 24) == repr("A" * 24)
    assert shown("A" * 25) == repr("A" * 21 + "...")
    assert shown(1.5) == "'1.5'"
