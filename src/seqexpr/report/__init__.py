"""The report of a run: one HTML page that opens offline, and its figures alone."""

from seqexpr.report.figures import (
    predicted_observed_figure,
    residual_figure,
    residual_quantile_figure,
    target_figure,
)
from seqexpr.report.leaderboard import leaderboard_figure
from seqexpr.report.page import render_report, write_report

__all__ = [
    "leaderboard_figure",
    "predicted_observed_figure",
    "render_report",
    "residual_figure",
    "residual_quantile_figure",
    "target_figure",
    "write_report",
]
