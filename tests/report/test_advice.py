from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from seqexpr.evaluation.evaluation import Score
from seqexpr.report.advice import advise

HIGH, MIDDLE, LOW, NONE = (0.6, 0.55, 0.65), (0.5, 0.46, 0.54), (0.1, 0.07, 0.13), (0.0, -0.1, 0.1)


def _codes(shown, scores=None, *, n_train=8_000, strategy="group", n=2_000, **changes) -> set[str]:
    """Give the rules that fire when the run has these scores: {model: (value, low, high)}."""
    evaluation, check = shown.evaluation, shown.check
    split = dict(evaluation.split) | {"strategy": strategy, "n_train": n_train}
    rows = tuple(
        Score(model, "expression", set_name, "r2", *values, n)
        for model, values in (scores or {}).items()
        for set_name in ("validation", "test")
    )
    rows += changes.pop("rows", ())
    evaluation = replace(evaluation, split=split, rows=rows, **changes)
    return {
        a.code for a in advise(evaluation, check=replace(check, findings=()), recipe=shown.recipe)
    }


@pytest.fixture
def plain(shown):
    return shown("plain")


@pytest.mark.parametrize(
    ("scores", "code"),
    [
        ({"lightgbm": NONE}, "no-signal"),
        ({"lightgbm": MIDDLE, "gc": MIDDLE}, "composition-only"),
        ({"lightgbm": MIDDLE, "nearest_neighbor": MIDDLE}, "memory"),
        ({"lightgbm": HIGH, "ridge": LOW}, "nonlinear"),
        ({"lightgbm_onehot": HIGH, "lightgbm": LOW, "ridge": LOW}, "positional"),
        ({"lightgbm": HIGH, "ridge_onehot": HIGH, "ridge": LOW}, "positional"),
        ({"lightgbm": MIDDLE, "ridge": MIDDLE}, "beyond-counts"),
        ({"lightgbm": LOW, "ridge": HIGH}, "beyond-counts"),
    ],
)
def test_scores_lead_to_advice(plain, scores, code):
    assert code in _codes(plain, scores)


@pytest.mark.parametrize(
    ("scores", "code"),
    [
        ({"lightgbm": LOW}, "no-signal"),
        ({"lightgbm": HIGH, "gc": LOW}, "composition-only"),
        ({"lightgbm": HIGH, "nearest_neighbor": LOW}, "memory"),
        ({"lightgbm": HIGH, "nearest_neighbor": NONE}, "memory"),
        ({"lightgbm": MIDDLE, "ridge": MIDDLE}, "nonlinear"),
        ({"lightgbm_onehot": LOW, "lightgbm": HIGH}, "positional"),
        ({"lightgbm": HIGH, "ridge": LOW}, "beyond-counts"),
        ({"lightgbm": (0.6, None, None), "ridge": (0.1, None, None)}, "nonlinear"),
    ],
)
def test_scores_that_do_not_call_for_it(plain, scores, code):
    assert code not in _codes(plain, scores)


@pytest.mark.parametrize(
    ("strategy", "code"),
    [("random", "random-split"), ("tutorial", "tutorial"), ("group", None), ("column:set", None)],
)
def test_random_split_asks_for_groups(plain, strategy, code):
    found = _codes(plain, {"lightgbm": HIGH}, strategy=strategy) & {"random-split", "tutorial"}
    assert found == ({code} if code else set())


def test_few_rows(plain):
    assert "few-rows" in _codes(plain, {"lightgbm": HIGH}, n_train=300)
    assert "few-rows" in _codes(plain, {"lightgbm": HIGH}, n=50)
    assert "few-rows" in _codes(plain, {"lightgbm": (0.6, None, None)}, n=50)
    assert "few-rows" not in _codes(plain, {"lightgbm": HIGH})


def test_gap_between_folds_and_test(plain):
    def rows(inside, outside):
        return (
            Score("lightgbm", "expression", "validation", "r2", *inside, 900),
            Score("lightgbm", "expression", "test", "r2", *outside, 900),
        )

    assert "gap" in _codes(plain, rows=rows(HIGH, LOW))
    assert "gap" not in _codes(plain, rows=rows(LOW, HIGH))
    assert "gap" not in _codes(plain, rows=rows(HIGH, HIGH))


@pytest.mark.parametrize(("shift", "scale"), [(100.0, "log2"), (0.0, "rank")])
def test_order_better_than_values_asks_for_another_scale(shown, shift, scale):
    case = shown("plain")
    rows = tuple(
        Score("lightgbm", "expression", "test", metric, value, value, value, 900)
        for metric, value in (("pearson", 0.3), ("spearman", 0.6))
    )
    moved = case.evaluation.predictions.assign(
        observed=case.evaluation.predictions["observed"] + shift
    )
    evaluation = replace(case.evaluation, rows=rows, predictions=moved)
    (step,) = [
        step for step in advise(evaluation, check=case.check, recipe=case.recipe)
        if step.code == "transform"
    ]  # fmt: skip
    assert step.title.endswith(f"--transform {scale}")
    log2 = type(case.recipe).create(table="a.csv", transform="log2")
    codes = [step.code for step in advise(evaluation, check=case.check, recipe=log2)]
    assert "transform" not in codes


def test_floor_asks_two_questions(shown):
    case = shown("floor")
    (step,) = [
        step for step in advise(**case.as_arguments()) if step.code == "floor"
    ]  # fmt: skip
    observed = case.evaluation.predictions["observed"].to_numpy()
    share = 100 * np.mean(observed == observed.min())
    assert step.text.startswith(f"{share:.0f}% of the rows share")
    assert "floor" not in {s.code for s in advise(**shown("plain").as_arguments())}


def test_warnings_about_the_data_are_repeated(shown, finding):
    case = shown("plain")
    check = replace(case.check, findings=(finding(), finding("mixed", severity="info")))
    steps = {s.code: s for s in advise(case.evaluation, check=check, recipe=case.recipe)}
    assert "gave 1 warning;" in steps["findings"].text
    assert "The same sequence has different values. Average them" in steps["findings"].text


def test_a_step_that_two_targets_need_is_given_once(shown):
    steps = advise(**shown("two-targets").as_arguments())
    codes = [step.code for step in steps]
    assert len(codes) == len(set(codes))
    assert {step.targets for step in steps if step.code == "random-split"} == {("leaf", "root")}
    assert all(step.targets == () for step in advise(**shown("plain").as_arguments()))


def test_advice_quotes_the_scores_inside_train(plain):
    rows = tuple(
        Score(model, "expression", set_name, "r2", value, value - 0.02, value + 0.02, 900)
        for set_name, shift in (("validation", 0.0), ("test", 0.1))
        for model, value in (("lightgbm", 0.712 + shift), ("ridge", 0.617 + shift))
    )
    evaluation = replace(plain.evaluation, rows=rows)
    steps = {s.code: s for s in advise(evaluation, check=plain.check, recipe=plain.recipe)}
    assert steps["nonlinear"].text.startswith(
        "Out of fold, boosted trees explain 71% of the variance, the linear model 62%. "
    )
    on_test = replace(plain.evaluation, rows=rows[2:])
    steps = {s.code: s for s in advise(on_test, check=plain.check, recipe=plain.recipe)}
    assert steps["nonlinear"].text.startswith("On test, boosted trees explain 81% of the variance")
