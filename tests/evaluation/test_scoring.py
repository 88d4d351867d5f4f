from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from seqexpr.errors import InputError
from seqexpr.evaluation.evaluation import Evaluation, Score
from seqexpr.evaluation.scoring import choose_model, score_models


def score(observed, predictions, **more):
    options = {"set": "validation", "target_names": ["y"], "rng": np.random.default_rng(0)}
    return score_models(observed, predictions, **options | more).rows


def test_all_models_are_scored_on_the_rows_that_all_predicted():
    y = np.arange(10.0)[:, None]
    a, b = y + 1, y + 2
    a[0] = np.nan
    rows = score(y, {"a": a, "b": b})
    assert {r.n for r in rows} == {9}
    values = {(r.model, r.metric): r.value for r in rows}
    assert values["a", "mse"] == 1.0
    assert values["b", "mse"] == 4.0


def test_targets_keep_their_own_rows():
    y = np.column_stack([np.arange(10.0), np.where(np.arange(10) < 4, np.nan, 1.0 * np.arange(10))])
    rows = score(y, {"a": y.copy()}, target_names=["y", "z"])
    assert {(r.target, r.n) for r in rows} == {("y", 10), ("z", 6)}


def test_a_target_without_rows_has_no_scores():
    assert score(np.full((3, 1), np.nan), {"a": np.zeros((3, 1))}) == ()


def test_undefined_scores_are_none_and_fit_into_json(tmp_path):
    rows = score(np.arange(5.0)[:, None], {"mean": np.full((5, 1), 2.0)})
    pearson = next(r for r in rows if r.metric == "pearson")
    assert (pearson.value, pearson.low, pearson.high) == (None, None, None)
    evaluation = Evaluation({}, {}, "mean", rows, (), pd.DataFrame())
    evaluation.write(tmp_path / "evaluation.json")
    assert json.loads((tmp_path / "evaluation.json").read_text())["rows"][0]["model"] == "mean"


def rows_of(**values):
    return [Score(m, "y", "validation", "r2", v, None, None, 9) for m, v in values.items()]


def test_the_best_out_of_fold_model_is_chosen_and_the_simpler_of_equals():
    assert choose_model(rows_of(a=0.1, b=0.3, c=0.2), ["a", "b", "c"]) == "b"
    assert choose_model(rows_of(a=0.3, b=0.3), ["a", "b"]) == "a"
    assert choose_model(rows_of(a=0.1, b=0.3), ["a"]) == "a"


def test_test_scores_do_not_choose():
    tests = [Score("a", "y", "test", "r2", 0.99, None, None, 9)]
    assert choose_model([*rows_of(a=0.1, b=0.2), *tests], ["a", "b"]) == "b"


def test_nothing_to_choose_by():
    with pytest.raises(InputError, match="no model"):
        choose_model([], [])
    with pytest.raises(InputError, match="no out-of-fold score"):
        choose_model([], ["a", "b"])


def test_scores_are_averaged_over_targets():
    scores = [
        Score(model, target, "validation", "r2", value, None, None, 9)
        for model, target, value in [
            ("a", "y", 0.5), ("a", "z", 0.1), ("b", "y", 0.4), ("b", "z", 0.4),
            ("c", "y", None), ("c", "z", None),
        ]
    ]  # fmt: skip
    assert choose_model(scores, ["a", "b", "c"]) == "b"


def test_groups_widen_the_interval_and_keep_the_value():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 10)
    y = rng.normal(size=(400, 1))
    p = y + np.repeat(rng.normal(size=40), 10)[:, None]
    [alone], [together] = (
        [r for r in score(y, {"a": p}, groups=g) if r.metric == "mse"] for g in (None, groups)
    )
    assert alone.value == together.value
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_the_rows_of_a_model_do_not_depend_on_the_others():
    rng = np.random.default_rng(0)
    y, a, b = rng.normal(size=(3, 60, 1))
    alone = score(y, {"b": b})
    among = [r for r in score(y, {"a": a, "b": b}) if r.model == "b"]
    assert list(alone) == among


def test_the_score_of_repeats_is_the_mean_of_theirs():
    rng = np.random.default_rng(4)
    y = rng.normal(size=(80, 1))
    repeats = y + rng.normal(size=(3, 80, 1))
    options = {"set": "test", "target_names": ["y"]}
    found, *each = (
        score_models(y, {"a": p, "b": -p}, rng=np.random.default_rng(0), **options)
        for p in (repeats, *repeats)
    )
    for place, row in enumerate(found.rows):
        assert row.value == pytest.approx(np.mean([one.rows[place].value for one in each]))
        assert row.low < row.value < row.high
    for place, row in enumerate(found.comparisons):
        differences = [one.comparisons[place].difference for one in each]
        assert row.difference == pytest.approx(np.mean(differences))
