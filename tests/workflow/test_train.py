from __future__ import annotations

import json
import os

import numpy as np
import pandas as pd
import pytest

import seqexpr
from seqexpr.errors import CheckFailedError, InputError, OutputError, TestSetOpenedError
from seqexpr.evaluation.sealed import SealedTest
from seqexpr.workflow import holdout, ladder
from seqexpr.workflow.train import train

QUICK = {
    "models": ("mean", "gc", "tutorial", "ridge"), "split": "random", "target": "expression",
    "nested": False,
}  # fmt: skip


@pytest.fixture
def run(library_csv, tmp_path):
    return train(library_csv, output=tmp_path / "run", **QUICK)


def test_the_run_folder_holds_what_the_design_says(run):
    files = {str(p.relative_to(run.path)) for p in run.path.rglob("*") if p.is_file()}
    assert {
        "recipe.toml", "evaluation.json", "predictions.parquet", "leaderboard.csv", "report.html",
        "model/manifest.json", "model/estimator.skops", "model/README.md",
    } <= files  # fmt: skip
    assert not list(run.path.parent.glob(".*partial*"))


def test_evaluation_json_agrees_with_the_predictions(run):
    document = json.loads((run.path / "evaluation.json").read_text())
    predictions = pd.read_parquet(run.path / "predictions.parquet")
    assert list(predictions.columns) == [
        "id", "set", "fold", "unit", "target", "observed", "predicted", "lower", "upper", "in_domain",
    ]  # fmt: skip
    for name in ("validation", "test"):
        rows = predictions[predictions["set"] == name]
        mse = ((rows["observed"] - rows["predicted"]) ** 2).mean()
        [stored] = [
            r
            for r in document["rows"]
            if (r["model"], r["set"], r["metric"]) == (document["selected"], name, "mse")
        ]
        assert stored["value"] == pytest.approx(mse, rel=1e-9)
        assert stored["low"] <= stored["value"] <= stored["high"]
        assert stored["n"] == len(rows)
    test = predictions["set"] == "test"
    assert predictions.loc[test, "fold"].isna().all()
    assert set(predictions.loc[~test, "fold"]) == set(range(5))
    assert not set(predictions.loc[test, "id"]) & set(predictions.loc[~test, "id"])


def test_the_saved_model_predicts_what_was_evaluated(run):
    predictions = pd.read_parquet(run.path / "predictions.parquet").set_index("id")
    table = pd.read_csv(run.recipe.table).set_index("id")
    test = predictions[predictions["set"] == "test"]
    again = seqexpr.load(run.path).predict(table.loc[test.index, "sequence"].tolist())
    np.testing.assert_allclose(np.ravel(again), test["predicted"], rtol=1e-9, atol=1e-12)


def test_the_recipe_repeats_the_run(run, tmp_path):
    recipe = seqexpr.Recipe.read(run.path / "recipe.toml")
    again = train(recipe=recipe, output=tmp_path / "again")
    first, second = run.evaluation.to_dict(), again.evaluation.to_dict()
    for document in (first, second):
        for model in document["models"]:
            model.pop("fit_seconds")
    for document in (first, second):
        document.pop("cost")
    assert first == second


def test_the_model_is_chosen_without_the_test_targets(library, tmp_path):
    """Changing every test target changes no prediction and no choice."""
    table = library.table[["id", "sequence", "expression"]]
    first = train(table, **QUICK)
    changed = table.copy()
    rows = changed.index[first.split.test]
    changed.loc[rows, "expression"] = changed.loc[rows, "expression"].to_numpy()[::-1]
    # the same rows are in test whatever their values, because a column says so
    changed["set"] = "train"
    changed.loc[rows, "set"] = "test"
    table = table.assign(set=changed["set"])
    choices = QUICK | {"split": "column:set"}
    a, b = train(table, **choices), train(changed, **choices)
    assert a.evaluation.selected == b.evaluation.selected
    columns = ["id", "set", "fold", "predicted"]
    pd.testing.assert_frame_equal(
        a.evaluation.predictions[columns], b.evaluation.predictions[columns]
    )
    assert a.evaluation.score("mse").value != b.evaluation.score("mse").value


def test_a_second_look_at_the_test_set_is_refused(library, monkeypatch):
    opened = []

    class Watched(SealedTest):
        def __init__(self, targets):
            super().__init__(targets)
            opened.append(self)

    monkeypatch.setattr(holdout, "SealedTest", Watched)
    run = train(library.table, **QUICK)
    assert len(opened) == 1
    test = run.evaluation.predictions.query("set == 'test'")["predicted"].to_numpy()[:, None]
    with pytest.raises(TestSetOpenedError, match="once"):
        opened[0].open("ridge", {"ridge": test})


def test_several_targets_with_holes(library):
    table = library.table.assign(second=-library.table["expression"])
    table.loc[::7, "second"] = np.nan
    run = train(table, **QUICK | {"target": ("expression", "second")})
    assert run.predict(["ACGT" * 15]).shape == (1, 2)
    n = {r.target: r.n for r in run.evaluation.rows if r.set == "test" and r.model == "ridge"}
    assert n["second"] < n["expression"]
    signs = [run.evaluation.score("pearson", target=t).value for t in ("expression", "second")]
    assert min(signs) > 0.3


def test_planted_motifs_beat_the_baselines(run):
    score = run.evaluation.score
    assert score("r2", model="ridge").low > score("r2", model="gc").high
    assert run.evaluation.selected == "ridge"
    assert run.leaderboard["model"][0] == "ridge"


def test_transform_is_named_in_the_target(library):
    table = library.table.assign(expression=2.0 ** library.table["expression"])
    run = train(table, transform="log2", **QUICK)
    assert run.evaluation.dataset["targets"][0]["name"] == "log2(expression)"
    assert run.evaluation.score("r2").value > 0.3


def test_errors_of_the_doctor_stop_the_run_and_leave_nothing(library, tmp_path):
    table = library.table.astype({"expression": object})
    table.loc[4, "expression"] = "n/a"
    path = tmp_path / "bad.csv"
    table.to_csv(path, index=False)
    with pytest.raises(CheckFailedError, match=r"row 5.*--on-missing drop"):
        train(path, output=tmp_path / "run", **QUICK)
    assert os.listdir(tmp_path) == ["bad.csv"]
    run = train(path, on_missing="drop", **QUICK)
    assert run.check.n_dropped == 1


def test_a_run_is_not_overwritten_unasked(run, library_csv):
    with pytest.raises(OutputError, match="pass --overwrite"):
        train(library_csv, output=run.path, **QUICK)
    train(library_csv, output=run.path, overwrite=True, seed=1, **QUICK)
    assert seqexpr.Recipe.read(run.path / "recipe.toml").seed == 1


def test_a_folder_that_is_no_run_is_never_replaced(library_csv, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match="not a run"):
        train(library_csv, output=tmp_path / "home", overwrite=True, **QUICK)
    with pytest.raises(OutputError, match="is a file"):
        train(library_csv, output=library_csv, overwrite=True, **QUICK)
    assert (tmp_path / "home" / "thesis.tex").read_text() == "years of work"


def test_a_choice_that_does_not_exist_says_what_does(library_csv):
    with pytest.raises(InputError, match="did you mean 'preset'"):
        train(library_csv, presett="fast")
    with pytest.raises(InputError, match="did you mean 'ridge'"):
        train(library_csv, models="rigde", target="expression")
    with pytest.raises(InputError, match="no table"):
        train()


class Stopped(BaseException):
    """As abrupt as a signal."""


def test_an_interrupted_run_resumes_where_it_was(library_csv, tmp_path, monkeypatch):
    whole = train(library_csv, output=tmp_path / "whole", **QUICK)
    fits = []
    fit = ladder.fit_model

    def count(model, *args, **kwargs):
        fits.append(model)
        if len(fits) == 15:  # in the third of four models, six fits each
            raise Stopped
        return fit(model, *args, **kwargs)

    monkeypatch.setattr(ladder, "fit_model", count)
    with pytest.raises(Stopped):
        train(library_csv, output=tmp_path / "run", **QUICK)
    assert not (tmp_path / "run").exists()
    assert (tmp_path / ".run.partial").exists()
    before = len(fits)
    resumed = train(library_csv, output=tmp_path / "run", resume=True, **QUICK)
    # Two models of six fits; ten of the learning curve: a quarter and a half of five folds.
    assert len(fits) - before == 12 + 10
    assert not (tmp_path / ".run.partial").exists()
    assert list(resumed.evaluation.rows) == list(whole.evaluation.rows)


def test_a_run_interrupted_early_leaves_nothing(library_csv, tmp_path, monkeypatch):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(ladder, "fit_model", stop)
    with pytest.raises(KeyboardInterrupt):
        train(library_csv, output=tmp_path / "run", **QUICK)
    assert os.listdir(tmp_path) == ["library.csv"]


def test_finished_models_of_other_data_are_not_taken_up(library, tmp_path, monkeypatch):
    calls = []
    fit = ladder.fit_model

    def count(model, *args, **kwargs):
        calls.append(model)
        if len(calls) == 15:
            raise Stopped
        return fit(model, *args, **kwargs)

    monkeypatch.setattr(ladder, "fit_model", count)
    with pytest.raises(Stopped):
        train(library.table, output=tmp_path / "run", **QUICK)
    calls.clear()
    calls.extend([None] * 100)
    other = library.table.assign(expression=library.table["expression"] + 1)
    train(other, output=tmp_path / "run", resume=True, **QUICK)
    assert len(calls) - 100 == 24 + 10  # and the learning curve
