from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from seqexpr.data.check_covariates import covariate_findings
from seqexpr.data.checks import build_dataset
from seqexpr.data.columns import ColumnRoles
from seqexpr.data.findings import FindingCollector
from seqexpr.data.table import read_table
from seqexpr.errors import CheckFailedError


def findings(columns, **roles):
    frame, found = pd.DataFrame(columns), FindingCollector()
    roles = ColumnRoles("seq", covariates=tuple(columns), **roles)
    covariate_findings(found, frame, roles, used=np.ones(len(frame), dtype=bool))
    return {finding.code: finding for finding in found.findings}


def test_how_a_column_is_read_is_told():
    found = findings({"c": ["YPD", "SC", "YPD"]})
    assert set(found) == {"covariate-read"}
    assert "2 categories: 'SC', 'YPD'" in found["covariate-read"].meaning
    assert "numbers from 1 to 3" in findings({"c": ["1", "3"]})["covariate-read"].meaning


def test_text_among_numbers_is_an_error_unless_they_are_names():
    finding = findings({"dose": ["1", "2", "high", "4"]})["covariate-not-numbers"]
    assert (finding.severity, finding.rows.tolist()) == ("error", [3])
    assert "row 3, 'high'" in finding.meaning
    assert set(findings({"p": ["1", "2", "x", "4"]}, covariate_kinds=("categorical",))) == {
        "covariate-read"
    }


def test_names_of_rows_and_constants():
    assert (
        findings({"c": [f"s{i}" for i in range(201)]})["covariate-categories"].severity == "error"
    )
    assert "covariate-constant" in findings({"c": ["a"] * 5})
    assert "covariate-constant" in findings({"c": [1.5] * 5})


def test_a_dataset_has_typed_covariates_and_two_conditions_are_no_conflict():
    rows = ["ACGTACGTAC", "TTGACAATTG", "GGGCCCATAT"] * 2
    table = pd.DataFrame({"seq": rows, "y": range(6), "condition": ["a"] * 3 + ["b"] * 3})
    data, report = build_dataset(read_table(table, target="y", covariate="condition"))
    assert data.covariates["condition"].cat.categories.tolist() == ["a", "b"]
    codes = {finding.code for finding in report.findings}
    assert not {"duplicate-conflicting", "duplicate-equal"} & codes
    _, blind = build_dataset(read_table(table, target="y"))
    remedy = next(f for f in blind.findings if f.code == "duplicate-conflicting").remedy
    assert "--covariate" in remedy
    table["dose"] = ["1", "2", "3", "x", "5", "6"]
    with pytest.raises(CheckFailedError, match="covariate 'dose': 1 of 6 values are not numbers"):
        build_dataset(read_table(table, target="y", covariate=("condition", "dose")))
