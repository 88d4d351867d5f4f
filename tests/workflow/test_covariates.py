"""Covariates from the table to the run, the bundle and its predictions."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from seqexpr.bundle.prediction import predict_file
from seqexpr.bundle.store import load_bundle
from seqexpr.errors import ColumnError, InputError
from seqexpr.splits.strategies import make_split
from seqexpr.splits.units import find_units
from seqexpr.workflow.evaluate import evaluate
from seqexpr.workflow.ladder import cache_key
from seqexpr.workflow.train import complete_recipe, train

CHOICES = {
    "target": "expression", "covariate": ("condition", "dose"), "models": ("covariates", "ridge_onehot"),
    "split": "random", "jobs": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def table():
    """200 sequences, each in two conditions; a motif acts in one of them."""
    rng = np.random.default_rng(0)
    bases = rng.choice(list("ACGT"), size=(200, 30))
    bases[::2, 10:16] = list("TGACTC")
    sequences = np.array(["".join(row) for row in bases] * 2)
    condition = np.repeat(["SC-Ura", "YPD"], 200)
    has = np.tile(np.arange(200) % 2 == 0, 2)
    y = 2.0 * (has & (condition == "YPD")) + 0.2 * rng.standard_normal(400)
    dose = rng.choice([0.5, 1.0, 2.0], 400)
    return pd.DataFrame(
        {"sequence": sequences, "condition": condition, "dose": dose, "expression": y + dose}
    ).sample(frac=1, random_state=0, ignore_index=True)


@pytest.fixture(scope="module")
def run(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("covariates") / "run"
    return train(table, output=path, nested=False, **CHOICES)


def test_conditions_are_learnt_and_the_sequence_alone_is_not_enough(run, table):
    r2 = run.leaderboard.set_index("model")["test_r2"]
    assert r2["ridge_onehot"] > 0.8 > r2["covariates"] > 0.5
    blind = train(table, nested=False, **CHOICES | {"covariate": (), "models": ("ridge_onehot",)})
    assert blind.leaderboard["test_r2"][0] < 0.5
    # Shuffled sequences keep their covariates, which are worth as much as alone.
    shuffled = next(
        row for row in run.evaluation.controls["rows"]
        if (row["name"], row["metric"]) == ("shuffled", "r2")
    )  # fmt: skip
    assert shuffled["value"] > 0.2
    assert "composition and covariates" in run.evaluation.controls["sentence"]
    assert run.evaluation.controls["status"] == "ok"


def test_a_sequence_in_two_conditions_stays_on_one_side(run, table):
    sequences = table["sequence"].to_numpy(dtype=object)
    units = find_units(sequences)
    assert len(set(units)) == 200
    assert not set(sequences[run.split.train]) & set(sequences[run.split.test])
    from seqexpr.data.dataset import Dataset

    data = Dataset(sequences, table["expression"].to_numpy(), target_names=("y",),
                   covariates=table[["condition", "dose"]])  # fmt: skip
    split = make_split(data, strategy="random", seed=1)
    for fit, held in split.split():
        own = sequences[split.train]
        assert not set(own[fit]) & set(own[held])


def test_the_covariates_join_the_ladder_unasked(table):
    given = CHOICES | {"models": (), "preset": "tutorial"}
    assert set(train(table, **given).leaderboard["model"]) == {"covariates", "mean", "tutorial"}


def test_nested_cross_validation(table):
    done = train(table[:120], nested=True, repeats=1, folds=3, **CHOICES)
    assert done.evaluation.selected == "ridge_onehot"
    assert done.leaderboard.set_index("model")["test_r2"]["ridge_onehot"] > 0.5
    frame = table[["sequence", "condition", "dose"]][:5]
    assert np.isfinite(done.predict(frame)).all()


def test_a_resumed_run_has_the_same_covariates(table):
    keys = {
        cache_key(complete_recipe(None, table, dict(CHOICES, covariate=names)).to_toml())
        for names in ((), ("condition",), ("condition", "dose"), ("condition", "dose:categorical"))
    }
    assert len(keys) == 4


def test_a_bundle_predicts_what_the_run_did(run, table):
    bundle = load_bundle(run.path)
    frame = table[["dose", "sequence", "condition"]]  # in any order
    np.testing.assert_allclose(bundle.predict(frame)[:, 0], run.predict(table), rtol=1e-9)
    known = {item.name: item for item in bundle.covariates}
    assert known["condition"].categories == ("SC-Ura", "YPD")
    assert (known["dose"].low, known["dose"].high) == (0.5, 2.0)
    golden = bundle.manifest.golden
    assert {row["condition"] for row in golden.covariates} == {"SC-Ura", "YPD"}
    assert "Beside the sequence it reads" in (run.path / "model" / "README.md").read_text()


def test_what_a_bundle_cannot_predict_it_refuses(run, table):
    bundle = load_bundle(run.path)
    with pytest.raises(InputError, match="the model reads 'condition', 'dose' beside the sequence"):
        bundle.predict(["ACGTACGTAC"])
    with pytest.raises(InputError, match="no column 'condition'"):
        bundle.predict(table[["sequence", "dose"]])
    wrong = table.assign(condition=["YPd", *table["condition"][1:]])
    with pytest.raises(InputError, match=r"1 of 400 rows .* row 1, condition 'YPd' .*mean 'YPD'\?"):
        bundle.predict(wrong)


def test_a_dose_far_outside_is_out_of_the_domain(run, table):
    bundle = load_bundle(run.path)
    found = bundle.predict_table(table[:2].assign(dose=[1.0, 20.0]))
    assert not found["in_domain"][1]
    assert found["domain_score"][1] > 1


def test_a_file_is_predicted_and_odd_rows_say_why(run, table, tmp_path):
    bundle = load_bundle(run.path)
    rows = table[["sequence", "condition", "dose"]][:5].astype(object)
    rows.loc[1, "condition"], rows.loc[2, "dose"], rows.loc[3, "condition"] = "YPDD", "high", "Gal"
    rows.to_csv(tmp_path / "in.csv", index=False)
    summary = predict_file(bundle, tmp_path / "in.csv", tmp_path / "out.csv")
    out = pd.read_csv(tmp_path / "out.csv")
    assert out["predicted"].isna().tolist() == [False, True, True, True, False]
    good = table[:5].iloc[[0, 4]]
    np.testing.assert_allclose(out["predicted"][[0, 4]], bundle.predict(good)[:, 0], rtol=1e-6)
    assert out["problem"][1].endswith("did you mean 'YPD'?")
    assert out["problem"][2] == "dose is not a number: 'high'"
    assert str(out["in_domain"][1]) == "False"
    problems = {problem.reason: problem.rows for problem in summary.problems}
    assert problems == {
        "condition is none that the model was trained on": (2, 4), "dose is not a number": (3,)
    }  # fmt: skip
    rows.drop(columns="dose").to_csv(tmp_path / "lacks.csv", index=False)
    with pytest.raises(ColumnError, match="no column 'dose'"):
        predict_file(bundle, tmp_path / "lacks.csv", tmp_path / "out.csv")


def test_another_table_is_evaluated_with_its_covariates(run, table):
    bundle = load_bundle(run.path)
    found = evaluate(bundle, table, target="expression")
    r2 = next(row for row in found.rows if row.metric == "r2")
    assert r2.value > 0.8
    with pytest.raises(InputError, match="trained on"):
        evaluate(bundle, table.assign(condition="Gal"), target="expression")


def test_a_test_row_of_an_unseen_category_is_out_of_the_domain(table):
    once = table.drop_duplicates("sequence")
    split = np.where(once["condition"] == "YPD", "test", "train")
    done = train(once.assign(split=split), **CHOICES | {"split": "column:split"})
    rows = done.evaluation.predictions
    assert not rows[rows["set"] == "test"]["in_domain"].any()
    assert json.loads(json.dumps(done.evaluation.to_dict()))["selected"]


def test_the_search_reads_covariates(table, tmp_path):
    """What acts in one condition only is found with the condition, whichever way it is searched."""
    more = {"models": (), "preset": "best", "budget": "10m", "trials": 5, "motifs": ("ecoli",)}
    done = train(table, nested=False, output=tmp_path / "run", **CHOICES | more)
    tried = {trial["name"]: trial for trial in done.evaluation.search["trials"]}
    assert tried["covariates"]["state"] == "complete"
    best = max(trial["r2"] for trial in tried.values())
    assert best > tried["covariates"]["r2"] + 0.2
    again = load_bundle(tmp_path / "run" / "model").predict(table)
    np.testing.assert_allclose(again[:, 0], done.predict(table), rtol=1e-9)
