from __future__ import annotations

import pytest

from seqexpr.report.figures_leakage import identity_figure, similarity_figure
from seqexpr.report.section_leakage import leakage_section


def interval(value, low, high):
    return {"value": value, "low": low, "high": high}


@pytest.fixture
def leakage():
    curve = [
        {"low": None, "high": None, "n": 60, "r2": interval(0.1, 0.0, 0.2),
         "pearson": interval(0.3, 0.1, 0.5)},
        {"low": 0.8, "high": 0.9, "n": 25, "r2": interval(0.6, 0.4, 0.8),
         "pearson": interval(0.8, 0.6, 0.9)},
        {"low": 0.9, "high": 0.95, "n": 5, "r2": interval(0.6, None, None),
         "pearson": interval(0.8, None, None)},
    ]  # fmt: skip
    scores = [
        {"metric": "r2", "n": 400, "at_random": 0.5, "by_family": 0.3, "difference": 0.2,
         "low": 0.1, "high": 0.3},
        {"metric": "pearson", "n": 400, "at_random": 0.7, "by_family": 0.55, "difference": 0.15,
         "low": 0.1, "high": 0.2},
    ]  # fmt: skip
    audit = {
        "n_test": 90, "n_looked_at": 90, "n_not_found": 60, "min_identity": 0.8,
        "min_coverage": 0.5, "edges": [0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0],
        "counts": [0, 0, 0, 0, 25, 5, 0], "n_near": 30, "share_near": 1 / 3, "method": "mmseqs",
    }  # fmt: skip
    return {"audit": audit, "similarity": curve, "inflation": scores, "reason": ""}


def test_near_relatives_are_counted_and_the_inflation_told(leakage):
    section = leakage_section(leakage)
    assert section["text"].startswith("30 of 90 test sequences (33%) have a train sequence")
    assert "R² 0.500 in place of 0.300" in section["inflation"]
    assert [row["metric"] for row in section["rows"]] == ["R²", "Pearson r"]
    assert section["rows"][0]["interval"] == "0.100 to 0.300"
    assert len(section["pictures"]) == 2


def test_an_inflation_that_may_be_chance_is_not_claimed(leakage):
    leakage["inflation"][0]["low"] = -0.01
    assert "no surely better score" in leakage_section(leakage)["inflation"]


def test_why_there_is_no_inflation_is_said(leakage):
    leakage |= {"inflation": None, "reason": "no two different train sequences are related"}
    section = leakage_section(leakage)
    assert "no two different train sequences are related" in section["inflation"]
    assert section["rows"] == []


def test_without_near_relatives(leakage):
    leakage["audit"] |= {"n_near": 0, "counts": [0] * 7, "n_not_found": 90, "share_near": 0.0}
    leakage["similarity"] = leakage["similarity"][:1]
    section = leakage_section(leakage)
    assert section["text"].startswith("None of 90 test sequences have a train sequence")
    assert len(section["pictures"]) == 1


def test_nothing_measured_leaves_the_section_out():
    assert leakage_section(None) is None


def test_the_bars_are_the_counts_and_near_ones_are_orange(leakage):
    axes = identity_figure(leakage["audit"]).axes[0]
    heights = [bar.get_height() for bar in axes.patches]
    assert heights == [60, 0, 0, 0, 0, 25, 5, 0]
    colors = [bar.get_facecolor() for bar in axes.patches]
    assert len(set(colors[:5])) == 1
    assert len(set(colors[5:])) == 1
    assert colors[0] != colors[5]


def test_ranges_with_few_rows_are_not_drawn(leakage):
    axes = similarity_figure(leakage["similarity"]).axes[0]
    names = [tick.get_text() for tick in axes.get_xticklabels()]
    assert names == ["none\nn = 60", "80–90%\nn = 25"]
