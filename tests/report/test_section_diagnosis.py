from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from seqexpr.evaluation.evaluation import Evaluation
from seqexpr.report.section_diagnosis import diagnosis_section, learning_curve_figure

EMPTY = Evaluation({}, {}, "ridge", (), (), pd.DataFrame())


@pytest.fixture
def curve():
    points = [
        {"fraction": part, "n_fit": round(800 * part), "r2": r2, "low": r2 - 0.1, "high": r2 + 0.1}
        for part, r2 in ((0.25, 0.2), (0.5, 0.35), (1.0, 0.45))
    ]
    return {"points": points, "n": 1000, "gain": 0.07, "low": 0.03, "high": 0.11, "exponent": 0.6}


@pytest.fixture
def finding():
    return {"code": "x", "title": "More would help", "text": "So it is.", "next_step": "Measure."}


def test_findings_and_curve_are_shown(curve, finding):
    ran = replace(EMPTY, learning_curve=curve, diagnosis={"shift": None, "findings": [finding]})
    section = diagnosis_section(ran)
    assert section["findings"] == [finding]
    assert "1,000 held-out" in section["picture"].caption
    assert "+0.07, 95% interval +0.03 to +0.11" in section["picture"].caption


def test_the_axis_has_the_numbers_of_sequences_and_of_twice_as_many(curve):
    axes = learning_curve_figure(curve, ceiling=0.9).axes[0]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["200", "400", "800", "1,600"]
    assert axes.get_xlabel().startswith("sequences")
    assert [text.get_text() for text in axes.texts] == ["ceiling"]


def test_a_curve_without_intervals_is_drawn(curve):
    for point in curve["points"]:
        point |= {"low": None, "high": None}
    bare = curve | {"low": None, "high": None}
    section = diagnosis_section(replace(EMPTY, learning_curve=bare))
    assert section["findings"] == []
    assert "(+0.07)" in section["picture"].caption


def test_findings_without_a_curve(finding):
    ran = replace(EMPTY, diagnosis={"shift": None, "findings": [finding]})
    assert diagnosis_section(ran)["picture"] is None


def test_nothing_measured_has_no_section():
    assert diagnosis_section(EMPTY) is None
