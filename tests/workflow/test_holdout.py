from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import seqexpr
from seqexpr.models.targets import TargetTransform
from seqexpr.workflow.train import train

CHOICES = {"target": "expression", "split": "random", "models": ("mean", "gc", "tutorial", "ridge")}
QUICK = CHOICES | {"nested": False}


@pytest.fixture(scope="module")
def plain(library):
    return train(library.table, **QUICK)


def without_cost(evaluation):
    document = evaluation.to_dict()
    document.pop("cost")
    for model in document["models"]:
        model.pop("fit_seconds")
    return document


def test_a_run_on_all_rows_ships_another_model_with_the_same_scores(plain, library, tmp_path):
    refitted = train(library.table, refit="all", output=tmp_path / "run", **QUICK)
    assert without_cost(refitted.evaluation) == without_cost(plain.evaluation)
    bundle = seqexpr.load(tmp_path / "run")
    assert bundle.manifest.data.fitted_on == "all"
    assert bundle.manifest.data.n_train == len(library.table)
    sequences = library.table["sequence"].tolist()
    shipped = bundle.predict(sequences[:20])
    np.testing.assert_array_equal(np.ravel(shipped), np.ravel(refitted.predict(sequences[:20])))
    assert not np.allclose(np.ravel(shipped), np.ravel(plain.predict(sequences[:20])))
    # The same model, fitted here on every row.
    from seqexpr.models.registry import make_model

    again = make_model(plain.evaluation.selected).fit(sequences, library.table["expression"])
    np.testing.assert_allclose(np.ravel(shipped), again.predict(sequences[:20]), rtol=1e-5)


def test_a_run_on_train_rows_says_so(library, tmp_path):
    run = train(library.table, output=tmp_path / "run", **QUICK)
    data = seqexpr.load(tmp_path / "run").manifest.data
    assert (data.fitted_on, data.n_train) == ("train", len(run.split.train))


@pytest.mark.parametrize("nested", [False, True])
def test_the_simplest_that_is_not_worse_can_be_preferred(nested, library):
    """On noise no model is better than another, so the simplest candidate is selected."""
    noise = np.random.default_rng(0).normal(size=len(library.table))
    table = library.table[["id", "sequence"]].assign(expression=noise)
    models = ("mean", "ridge_onehot", "ridge")
    choices = CHOICES | {"nested": nested, "repeats": 1, "folds": 3, "models": models}
    run = train(table, prefer="simple", **choices)
    assert run.evaluation.selected == run.evaluation.simplest == "ridge_onehot"


def test_the_better_model_is_selected_also_by_those_who_prefer_simple(library):
    """Where the simple model is significantly worse it is not taken."""
    run = train(library.table, prefer="simple", **QUICK | {"models": ("gc", "tutorial", "ridge")})
    assert run.evaluation.selected == run.evaluation.simplest
    scores = {
        r.model: r.value for r in run.evaluation.rows if (r.set, r.metric) == ("validation", "r2")
    }
    assert run.evaluation.selected != "gc"
    assert scores[run.evaluation.selected] > scores["gc"]


def test_weights_and_transform_reach_the_refit(library, tmp_path):
    table = library.table.assign(
        expression=np.exp(library.table["expression"] / 4),
        weight=np.where(np.arange(len(library.table)) % 2, 1.0, 0.0),
    )
    choices = QUICK | {"models": ("mean",), "weight": "weight", "transform": "log2"}
    run = train(table, refit="all", **choices)
    measured = table["expression"].to_numpy()[:, None]
    y = TargetTransform.fit(measured[run.split.train], "log2").apply(measured)[:, 0]
    wanted = np.average(y, weights=table["weight"])
    np.testing.assert_allclose(np.ravel(run.predict(["ACGT" * 15])), wanted, rtol=1e-6)
    assert isinstance(run.leaderboard, pd.DataFrame)
