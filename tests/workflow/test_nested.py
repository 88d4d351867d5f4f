from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import seqexpr
from seqexpr.data.dataset import Dataset
from seqexpr.errors import InputError
from seqexpr.models.registry import make_model
from seqexpr.recipe import Recipe
from seqexpr.splits.strategies import make_split, tutorial_split
from seqexpr.workflow import crossfit, nested
from seqexpr.workflow.nested import draw_repeats
from seqexpr.workflow.train import train

QUICK = {"models": ("mean", "gc", "tutorial"), "split": "random", "target": "expression"}


@pytest.fixture(scope="module")
def table(library):
    return library.table.head(150)


@pytest.fixture(scope="module")
def run(table, tmp_path_factory):
    return train(table, output=tmp_path_factory.mktemp("nested") / "run", repeats=1, **QUICK)


def test_a_small_table_is_tested_whole(run):
    predictions = pd.read_parquet(run.path / "predictions.parquet")
    assert set(predictions["set"]) == {"test"}
    assert predictions["id"].is_unique
    assert len(predictions) == 150
    assert sorted(predictions["fold"].value_counts()) == [30] * 5
    document = json.loads((run.path / "evaluation.json").read_text())
    split = document["split"]
    assert (split["scheme"], split["repeats"], split["n_folds"]) == ("nested", 1, 5)
    assert sum(row["times"] for row in split["chosen"]) == 5
    assert {row["n"] for row in document["rows"]} == {150}


def test_the_test_score_is_that_of_the_predictions(run):
    predictions = pd.read_parquet(run.path / "predictions.parquet")
    mse = float(((predictions["observed"] - predictions["predicted"]) ** 2).mean())
    assert run.evaluation.score("mse").value == pytest.approx(mse, rel=1e-9)


def test_the_shipped_model_has_learned_from_all_rows(run, table):
    sequences = table["sequence"].tolist()
    name = run.evaluation.selected
    direct = make_model(name, random_state=42).fit(sequences, table["expression"].to_numpy())
    loaded = seqexpr.load(run.path)
    assert loaded.manifest.data.n_train == 150
    np.testing.assert_allclose(
        np.ravel(loaded.predict(sequences)), direct.predict(sequences), rtol=1e-6, atol=1e-9
    )


def test_a_rejected_model_has_the_same_score_in_both_sets(run):
    """There is no choice in it that could flatter."""
    scores = [
        run.evaluation.score("r2", model="gc", set=name).value for name in ("validation", "test")
    ]
    assert scores[0] == scores[1]


def make_data(n=90, **columns):
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice(list("ACGT"), 40)) for _ in range(n)]
    return Dataset(rows, rng.normal(size=n), target_names=("y",), **columns)


def drawn(data, *, split="random", **choices):
    recipe = Recipe.create(table="t.csv", split=split, **choices)
    return draw_repeats(recipe, data, make_split(data, strategy=split.partition(":")[0]))


def test_groups_are_whole_in_every_repeat():
    groups = np.array([f"g{i % 30}" for i in range(90)], dtype=object)
    repeats = drawn(make_data(groups=groups), split="group")
    assert repeats.folds.shape == (3, 90)
    assert len({row.tobytes() for row in repeats.folds}) == 3
    for folds in repeats.folds:
        assert all(len(set(folds[groups == g])) == 1 for g in set(groups))
        assert set(folds) == set(range(5))


def test_who_is_cross_validated(monkeypatch):
    data = make_data()
    assert drawn(data) is not None
    assert drawn(data, nested=False) is None
    assert drawn(data, folds=2) is None
    monkeypatch.setattr(nested, "SMALL", 90)
    assert drawn(data) is None
    assert drawn(data, nested=True) is not None


def test_a_given_test_set_stays_the_test_set():
    labels = np.array(["test", "train", "train"] * 30, dtype=object)
    data = make_data(split_labels=labels)
    assert drawn(data, split="column:x") is None
    with pytest.raises(InputError, match="test rows are given"):
        drawn(data, split="column:x", nested=True)
    recipe = Recipe.create(table="t.csv", preset="tutorial")
    assert draw_repeats(recipe, data, tutorial_split(data)) is None


def test_too_few_folds_or_chromosomes():
    chromosomes = np.array([f"chr{i % 3}" for i in range(90)], dtype=object)
    data = make_data(chromosomes=chromosomes)
    with pytest.raises(InputError, match="at least 3 are needed"):
        drawn(data, nested=True, folds=2)
    with pytest.raises(InputError, match="fewer chromosomes than 5 folds"):
        drawn(data, split="chromosome", nested=True)
    assert drawn(data, split="chromosome") is None
    repeats = drawn(data, split="chromosome", nested=True, folds=3)
    for folds in repeats.folds:
        assert all(len(set(folds[chromosomes == c])) == 1 for c in set(chromosomes))


class Stopped(Exception):  # noqa: N818
    pass


def test_an_interrupted_run_is_taken_up(table, run, tmp_path, monkeypatch):
    fit, fits = crossfit.fit_rung, []

    def count(*args, **options):
        fits.append(args)
        if len(fits) == 20:  # in the second of three models, fifteen fits each
            raise Stopped
        return fit(*args, **options)

    monkeypatch.setattr(crossfit, "fit_rung", count)
    with pytest.raises(Stopped):
        train(table, output=tmp_path / "run", repeats=1, **QUICK)
    resumed = train(table, output=tmp_path / "run", resume=True, repeats=1, **QUICK)
    assert len(fits) == 20 + 30
    assert list(resumed.evaluation.rows) == list(run.evaluation.rows)
