"""The ceiling in the report: said, drawn, and left out where it is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seqexpr.report.figures_ceiling import ceiling_figure
from seqexpr.report.section_ceiling import ceiling_section


def with_ceiling(evaluation, *, low=0.7, share=0.5):
    bound = {"value": 0.8, "low": low, "high": None if low is None else 0.9}
    ceiling = {
        "target": evaluation.rows[0].target, "source": "replicates", "method": "by hand", "n": 123,
        "r2": bound, "pearson": bound, "spearman": bound,
        "shares": [{"model": evaluation.selected, "metric": "r2", "value": share, "low": low,
                    "high": None if low is None else 0.9}],
    }  # fmt: skip
    return replace(evaluation, ceiling=ceiling)


def test_what_it_says(shown):
    section = ceiling_section(with_ceiling(shown("plain").evaluation))
    assert "would reach R² 0.800 (95% interval 0.700 to 0.900) here" in section["text"]
    assert "reaches 50% (95% interval 70% to 90%) of that R²." in section["text"]
    assert section["how"] == "Computed from replicates of 123 test rows (by hand)."
    assert "true ceiling may be lower" in section["caution"]


def test_what_is_not_known_is_not_said(shown):
    section = ceiling_section(with_ceiling(shown("plain").evaluation, low=None, share=None))
    assert "interval" not in section["text"]
    assert "chosen model" not in section["text"]
    assert ceiling_section(shown("plain").evaluation) is None


def test_the_figure_draws_scores_and_ceilings_where_they_are(shown):
    evaluation = with_ceiling(shown("plain").evaluation)
    axes = ceiling_figure(evaluation).axes[0]
    widths = [patch.get_width() for patch in axes.patches]
    assert evaluation.score("r2").value == pytest.approx(widths[0])
    assert widths[1] == pytest.approx(0.2)
    assert [line.get_xdata()[0] for line in axes.lines].count(0.8) == 3
    assert axes.get_xlabel()
