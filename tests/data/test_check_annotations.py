from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from seqexpr.data.check_annotations import annotation_findings
from seqexpr.data.columns import ColumnRoles
from seqexpr.data.findings import FindingCollector


def findings(columns, *, used=None, target=None, **roles):
    frame = pd.DataFrame(columns)
    n = len(frame)
    used = np.ones(n, dtype=bool) if used is None else np.asarray(used)
    target = np.full(n, np.nan) if target is None else np.asarray(target, dtype=float)
    found = FindingCollector()
    annotation_findings(found, frame, ColumnRoles("seq", **roles), used=used, target=target)
    return {finding.code: finding for finding in found.findings}


def test_good_ids_say_nothing():
    assert findings({"id": ["a", "b", "SEPT2"]}, id="id") == {}


@pytest.mark.parametrize("name", ["2-Sep", "Sep-02", "1E+05", "#VALUE!", "2024-03-01"])
def test_ids_that_a_spreadsheet_changed(name):
    finding = findings({"id": ["a", name]}, id="id")["id-spreadsheet"]
    assert (finding.severity, finding.rows.tolist()) == ("warning", [2])
    assert finding.examples == (name,)


def test_ids_that_are_missing_or_occur_twice():
    found = findings({"id": ["a", None, "b", "a", None]}, id="id")
    assert found["id-missing"].rows.tolist() == [2, 5]
    assert found["id-duplicate"].rows.tolist() == [1, 4]
    assert {finding.severity for finding in found.values()} == {"info"}


@pytest.mark.parametrize(
    ("role", "consequence"),
    [
        ("split", "in neither train nor test"),
        ("group", "a group of its own"),
        ("chromosome", "one more chromosome"),
    ],
)
def test_rows_without_a_label(role, consequence):
    finding = findings({"c": ["a", None, "NA", "b"]}, **{role: "c"})[f"{role}-missing"]
    assert (finding.severity, finding.rows.tolist()) == ("warning", [2, 3])
    assert f"column 'c': 2 of 4 rows have no {role} label" in finding.meaning
    assert consequence in finding.meaning
    assert findings({"c": ["a", "b"]}, **{role: "c"}) == {}
    empty = findings({"c": [None, None]}, **{role: "c"})[f"{role}-missing"]
    assert "is empty" in empty.meaning
    assert "--" in empty.remedy


@pytest.mark.parametrize(
    ("cells", "code", "rows"),
    [
        (["1", "-0.5", "2"], "weight-negative", [2]),
        (["1", None, "high"], "weight-missing", [2, 3]),
        (["inf", "1", "1"], "weight-missing", [1]),
        (["0", "0", "0.0"], "weight-zero", []),
    ],
)
def test_weights_that_weigh_nothing(cells, code, rows):
    found = findings({"w": cells}, weight="w")
    assert set(found) == {code}
    assert found[code].severity == "error"
    assert found[code].rows.tolist() == rows


def test_good_weights_say_nothing_even_some_of_zero():
    assert findings({"w": [0, 1, 2.5]}, weight="w") == {}


def test_rows_that_are_dropped_are_not_looked_at():
    used = [True, False, True]
    assert findings({"w": ["1", "-1", "2"]}, weight="w", used=used) == {}
    assert findings({"id": ["a", "2-Sep", "b"]}, id="id", used=used) == {}
    assert findings({"g": ["a", None, "b"]}, group="g", used=used) == {}
    assert set(findings({"c": ["a", None, "b"]}, covariates=("c",), used=used)) == {
        "covariate-read"
    }
    assert findings({"r": ["1", "x", "2"]}, replicates=("r",), used=used) == {}


def test_covariates_with_gaps():
    finding = findings({"dose": [1.0, None]}, covariates=("dose",))["covariate-missing"]
    assert finding.rows.tolist() == [2]


def replicates(noise, n=500, seed=0):
    generator = np.random.default_rng(seed)
    truth = generator.standard_normal(n)
    columns = {f"rep{r}": truth + noise * generator.standard_normal(n) for r in (1, 2, 3)}
    return columns, np.mean(list(columns.values()), axis=0)


@pytest.mark.parametrize(
    ("noise", "code", "severity"),
    [(0.1, "replicates-agree", "info"), (3.0, "replicates-disagree", "warning")],
)
def test_the_agreement_is_the_median_correlation_of_the_pairs(noise, code, severity):
    columns, _ = replicates(noise)
    found = findings(columns, replicates=tuple(columns))
    pairs = np.corrcoef(list(columns.values()))[np.triu_indices(3, 1)]
    assert set(found) == {code}
    assert found[code].severity == severity
    assert f"rep1, rep2, rep3 correlate at {np.median(pairs):.2f}" in found[code].meaning


def test_replicates_that_cannot_be_correlated_say_nothing():
    assert findings({"a": [1.0, 1.0, 1.0], "b": [1.0, 2.0, 3.0]}, replicates=("a", "b")) == {}
    assert findings({"a": [1.0, None, 2.0], "b": [None, 1.0, 3.0]}, replicates=("a", "b")) == {}
    assert findings({"a": [1.0, 2.0, 3.0]}, replicates=("a",)) == {}


def test_text_among_the_replicates_is_told():
    found = findings({"a": ["1", "x", "", "NA"]}, replicates=("a",))
    assert found["replicate-not-numeric"].rows.tolist() == [2]
    assert "first: row 2, 'x'" in found["replicate-not-numeric"].meaning


def test_a_target_that_is_the_mean_of_its_replicates():
    columns, mean = replicates(0.3)
    columns["rep2"][:100] = np.nan
    mean = np.nanmean(list(columns.values()), axis=0)
    options = {"replicates": tuple(columns), "targets": ("y",)}
    assert set(findings(columns, target=mean, **options)) == {"replicates-agree"}
    # On another scale it is not, whatever the correlation.
    finding = findings(columns, target=2 * mean + 1, **options)["replicates-not-averaged"]
    assert finding.severity == "info"
    off = np.abs(mean + 1)
    assert f"median difference {np.median(off):.3g}" in finding.meaning
    # A tenth of a standard deviation is no rounding, a hundredth may be.
    shifted = [mean + part * mean.std() for part in (0.1, 0.01)]
    codes = [findings(columns, target=target, **options).keys() for target in shifted]
    assert ["replicates-not-averaged" in found for found in codes] == [True, False]
    few = mean.copy()
    few[:10] += 5
    assert "replicates-not-averaged" not in findings(columns, target=few, **options)


def test_of_several_targets_none_is_the_mean():
    columns, mean = replicates(0.3)
    found = findings(columns, target=mean + 9, replicates=tuple(columns), targets=("y", "z"))
    assert set(found) == {"replicates-agree"}


def test_replicates_without_a_measured_target():
    columns, _ = replicates(0.3)
    assert set(findings(columns, replicates=tuple(columns), targets=("y",))) == {"replicates-agree"}
