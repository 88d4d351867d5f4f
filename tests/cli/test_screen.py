"""What the screen says of predictions: one row is a row, repairs and strangers are told."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from seqexpr.bundle.prediction import PredictionSummary, RowProblem
from seqexpr.cli.screen import show_predictions

QUIET = PredictionSummary(
    n_rows=1,
    n_predicted=1,
    n_repaired=0,
    n_outside_length=0,
    n_outside_domain=None,
    train_lengths=(60, 60),
    problems=(),
    notes=(),
)


def _said(summary):
    file = io.StringIO()
    show_predictions(summary, Console(file=file, width=200), output="o.csv")
    return file.getvalue()


def test_one_row_is_a_row_and_nothing_to_tell_is_not_told():
    assert _said(QUIET) == "1 of 1 row predicted → o.csv\n"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"n_rows": 2000}, "1 of 2,000 rows predicted"),
        ({"n_repaired": 1}, "1 row repaired before predicting"),
        ({"n_repaired": 2}, "2 rows repaired before predicting"),
        (
            {"n_outside_length": 3},
            "3 rows shorter or longer than every training sequence (60 bases)",
        ),
        ({"n_outside_length": 1, "train_lengths": (50, 1200)}, "(50 to 1,200 bases)"),
        ({"n_outside_domain": 4}, "4 rows unlike the training sequences"),
        (
            {"problems": (RowProblem("no sequence", 1, (7,)),)},
            "1 row not predicted: no sequence (row 7)",
        ),
        ({"problems": (RowProblem("x", 6, (1, 2, 3, 4, 5, 6)),)}, "(rows 1, 2, 3, 4, 5, …)"),
    ],
)
def test_what_is_told(change, text):
    assert text in _said(replace(QUIET, **change))
