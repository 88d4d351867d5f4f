from __future__ import annotations

from seqexpr.report.section_floor import floor_section


def test_scores_and_what_chance_gives():
    scores = [
        {"metric": "auroc", "value": 0.8, "low": 0.75, "high": 0.85},
        {"metric": "average_precision", "value": 0.7, "low": None, "high": None},
        {"metric": "spearman_active", "value": None, "low": None, "high": None},
    ]
    section = floor_section({"floor": -5.0, "n_floor": 60, "n_active": 40, "scores": scores})
    assert section["text"].startswith("60 of 100 test sequences lie at the lowest value")
    assert section["rows"][0]["interval"] == "0.750 to 0.850"
    assert "chance gives 40%" in section["rows"][1]["meaning"]
    assert [row["value"] for row in section["rows"]] == ["0.800", "0.700", "not defined"]


def test_without_a_floor_there_is_no_section():
    assert floor_section(None) is None
