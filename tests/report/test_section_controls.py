from __future__ import annotations

import pytest

from seqexpr.report.section_controls import controls_figure, controls_section


@pytest.fixture
def controls():
    titles = {"model": "The chosen model", "composition": "GC, length and CpG",
              "permuted": "The same model, targets permuted"}  # fmt: skip
    rows = [
        {"name": name, "title": title, "metric": metric, "value": value, "low": low,
         "high": high, "n": 3000}
        for (name, title), (value, low, high) in zip(
            titles.items(), [(0.5, 0.4, 0.6), (0.1, 0.05, 0.15), (-0.02, None, None)], strict=True
        )
        for metric in ("r2", "pearson")
    ]  # fmt: skip
    return {"rows": rows, "beyond_composition": None, "status": "ok", "sentence": "It is real."}


def test_the_sentence_and_the_rows_are_shown(controls):
    section = controls_section(controls)
    assert section["text"] == "It is real."
    assert not section["leaks"]
    assert "3,000 train rows" in section["picture"].caption
    axes = controls_figure(controls).axes[0]
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    assert names == ["Chosen model", "GC, length and CpG", "Targets permuted"]


def test_undefined_scores_are_not_drawn(controls):
    controls["rows"][2]["value"] = None
    assert len(controls_figure(controls).axes[0].get_yticklabels()) == 2


def test_a_leak_is_a_warning(controls):
    assert controls_section(controls | {"status": "leak"})["leaks"]


def test_without_controls_there_is_no_section():
    assert controls_section(None) is None
