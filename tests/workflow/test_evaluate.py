from __future__ import annotations

import numpy as np
import pytest

import seqexpr
from seqexpr.data.simulate import simulate_library
from seqexpr.errors import InputError
from seqexpr.workflow.evaluate import evaluate
from seqexpr.workflow.train import train


@pytest.fixture(scope="module")
def bundle(library, tmp_path_factory):
    path = tmp_path_factory.mktemp("evaluate") / "run"
    choices = {"target": "expression", "models": ("mean", "ridge"), "split": "random"}
    train(library.table, nested=False, output=path, **choices)
    return seqexpr.load(path)


def test_new_rows_are_scored_with_intervals(bundle):
    other = simulate_library(300, rng=np.random.default_rng(9), length=60, noise=0.3).table
    result = evaluate(bundle, other, target="expression")
    score = result.score("pearson")
    assert 0.3 < score.low < score.value < score.high
    assert score.n == 300
    assert result.warnings == ()


def test_rows_that_were_trained_on_are_counted(bundle, library):
    result = evaluate(bundle, library.table.head(100), target="expression")
    assert "of 100 sequences are in the model's training data" in result.warnings[0]


def test_the_number_of_targets_must_agree(bundle, library):
    with pytest.raises(InputError, match="predicts 1 targets"):
        evaluate(bundle, library.table, target=("expression", "rep1"))
