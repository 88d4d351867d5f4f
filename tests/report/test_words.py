from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from seqexpr.evaluation.comparison import Comparison
from seqexpr.evaluation.evaluation import Score
from seqexpr.report.facts import TargetFacts
from seqexpr.report.words import (
    baseline_sentence,
    duration,
    headline,
    lessons,
    number,
    percent,
    score_text,
    undefined_reason,
)

FINITE = st.floats(-1e9, 1e9, allow_nan=False)


def _facts(evaluation, scores) -> TargetFacts:
    """Give the facts of an evaluation with these scores: (model, set, metric): (value, low, high)."""
    rows = tuple(
        Score(model, "expression", set_name, metric, *values, 500)
        for (model, set_name, metric), values in scores.items()
    )
    return TargetFacts(replace(evaluation, rows=rows), "expression")


@given(FINITE)
def test_a_number_reads_back_to_three_digits(value):
    text = number(value)
    back = float(text.replace("−", "-").replace(",", ""))
    assert back == pytest.approx(value, rel=0.01, abs=6e-4)
    assert "-0" not in text
    assert (text[0] == "−") == (back < 0)


@given(st.floats(-5, 1))
def test_a_share_reads_back_in_percent(value):
    text = percent(value, decimals=1)
    assert text.endswith("%")
    assert float(text[:-1].replace("−", "-").replace(",", "")) == pytest.approx(
        100 * value, abs=0.0501
    )


@given(FINITE, FINITE, FINITE, st.sampled_from(["r2", "mse", "mae", "spearman"]))
def test_score_and_interval_keep_their_order(value, low, high, metric):
    low, value, high = sorted([low, value, high])
    assume(abs(value) > 1e-3)
    text, interval = score_text(Score("m", "t", "test", metric, value, low, high, 9), metric)
    ends = [
        float(end) for end in re.findall(r"[-\d.e]+", interval.replace("−", "-").replace(",", ""))
    ]
    shown = float(text.replace("−", "-").replace(",", ""))
    assert ends[0] <= shown <= ends[1]
    assert shown == pytest.approx(value, abs=6e-4 + 0.01 * max(abs(low), abs(high)))


def test_scores_without_value_or_interval():
    assert score_text(None, "r2") == ("–", "")
    assert score_text(Score("m", "t", "test", "r2", None, None, None, 1), "r2")[0] == "not defined"
    assert score_text(Score("m", "t", "test", "mse", 2e-6, None, None, 9), "mse") == (
        "2.00e−06",
        "",
    )
    zero = Score("m", "t", "test", "mse", 0.0, 0.0, 0.0, 9)
    assert score_text(zero, "mse") == ("0.00", "[0.00, 0.00]")
    assert number(float("nan")) == "not defined"


@pytest.mark.parametrize(
    ("r2", "begins"),
    [
        (
            (0.34, 0.31, 0.37),
            "The model “Boosted trees, 1- to 5-mers” explains 34% [31, 37] of the",
        ),
        (
            (0.041, 0.012, 0.07),
            "The model “Boosted trees, 1- to 5-mers” explains 4.1% [1.2, 7.0] of",
        ),
        ((0.03, -0.02, 0.08), "There is no sure sign that the model learned anything: the model"),
        (
            (-0.05, -0.2, 0.1),
            "The model “Boosted trees, 1- to 5-mers” predicts expression no better",
        ),
        (
            (0.34, None, None),
            "The model “Boosted trees, 1- to 5-mers” explains 34% of the variance",
        ),
        ((None, None, None), "How much the model “Boosted trees, 1- to 5-mers” explains of"),
    ],
)
def test_headline_says_what_the_score_says(evaluate, r2, begins):
    text = headline(_facts(evaluate(40), {("lightgbm", "test", "r2"): r2}))
    assert text.startswith(begins)
    assert text.endswith(".")


@pytest.mark.parametrize(
    ("baseline", "ends"),
    [
        ((0.04, 0.03, 0.06), "explains 4.0% [3.0, 6.0]; the difference is sure."),
        ((0.30, 0.27, 0.33), "explains 30% [27, 33]; the difference may be chance."),
        ((0.50, 0.45, 0.55), "explains 50% [45, 55]; the model falls clearly short of it."),
        ((-0.1, -0.2, 0.0), "is no better than the average (R² −0.100 [−0.200, 0.000]); the"),
        ((0.04, None, None), "explains 4.0%; without intervals the difference cannot be judged."),
    ],
)
def test_baseline_sentence_compares_intervals(evaluate, baseline, ends):
    scores = {("lightgbm", "test", "r2"): (0.34, 0.31, 0.37), ("gc", "test", "r2"): baseline}
    text = baseline_sentence(_facts(evaluate(40), scores))
    assert text.startswith("The best baseline, “GC content and length”, ")
    assert ends in text


def test_headline_without_test_rows(evaluate):
    assert "expression was not measured in any test row" in headline(_facts(evaluate(40), {}))


def test_nothing_is_said_of_a_baseline_that_is_not_there(evaluate):
    facts = _facts(evaluate(40), {("lightgbm", "test", "r2"): (0.34, 0.31, 0.37)})
    assert baseline_sentence(facts) == ""


@pytest.mark.parametrize(
    ("inside", "phrase"),
    [
        ((0.35, 0.33, 0.37), "agree (R² 0.350 out of fold, 0.340 on test)"),
        ((0.60, 0.55, 0.65), "clearly below the one inside the training set"),
        ((0.10, 0.05, 0.15), "clearly above the one inside the training set"),
        ((0.35, None, None), "Without intervals, the two scores cannot be told apart"),
    ],
)
def test_lessons_judge_the_gap(evaluate, inside, phrase):
    scores = {
        ("lightgbm", "test", "r2"): (0.34, 0.31, 0.37),
        ("lightgbm", "validation", "r2"): inside,
    }
    assert any(phrase in text for text in lessons(_facts(evaluate(40), scores)))


@pytest.mark.parametrize(
    ("tutorial", "phrase"),
    [
        ((0.12, 0.1, 0.14), "R² 0.120 [0.100, 0.140]: the selected model is clearly better."),
        ((0.30, 0.27, 0.33), "the difference may be chance, so this test set does not settle"),
        ((0.50, 0.45, 0.55), "it is clearly better than the selected model."),
        ((0.50, None, None), "without intervals the difference cannot be judged."),
    ],
)
def test_lessons_compare_with_the_tutorial(evaluate, tutorial, phrase):
    scores = {
        ("lightgbm", "test", "r2"): (0.34, 0.31, 0.37),
        ("tutorial", "test", "r2"): tutorial,
    }
    (line,) = [x for x in lessons(_facts(evaluate(40), scores)) if "tutorial's model" in x]
    assert phrase in line


def test_lessons_do_not_call_a_wide_interval_agreement(evaluate):
    scores = {
        ("lightgbm", "test", "r2"): (-0.05, -3.0, 0.7),
        ("lightgbm", "validation", "r2"): (0.6, 0.5, 0.7),
    }
    together = " ".join(lessons(_facts(evaluate(40), scores)))
    assert "too small to tell whether its score agrees" in together
    assert "did not flatter" not in together


def test_lessons_of_a_good_model(evaluate):
    texts = lessons(TargetFacts(evaluate(1_000, noise=0.3), "expression"))
    facts = TargetFacts(evaluate(1_000, noise=0.3), "expression")
    observed, predicted = facts.pairs("test")
    best = observed[predicted.argsort()[-20:]].mean()
    together = " ".join(texts)
    assert f"their mean would have been {number(best)}" in together
    assert f"the mean of all is {number(observed.mean())}" in together
    assert f"{percent(facts.value('r2'))} follow from what the model knows" in together
    assert f"off by {number(facts.value('mae'))} log2" in together


def test_lessons_without_scores_are_none(evaluate):
    evaluation = evaluate(40)
    bare = replace(evaluation, rows=(), predictions=evaluation.predictions.iloc[:0])
    assert lessons(TargetFacts(bare, "expression")) == []


@pytest.mark.parametrize(
    ("metric", "n", "phrase"),
    [
        ("r2", 0, "there are 0"),
        ("spearman", 1, "there is 1"),
        ("r2", 9, "all measured values"),
        ("pearson", 9, "values that vary"),
        ("mse", 9, "not a finite number"),
    ],
)
def test_every_undefined_score_has_a_reason(metric, n, phrase):
    assert phrase in undefined_reason(metric, n)


@given(st.floats(0, 1e6))
def test_a_duration_has_a_unit(seconds):
    assert re.search(r"\d (s|min)$", duration(seconds))


def test_durations_round_up_into_the_next_unit():
    assert duration(59.96) == "1 min 0 s"
    assert duration(59.94) == "59.9 s"
    assert duration(3599.6) == "1 h 0 min"


@pytest.mark.parametrize(("p", "ends"), [(0.001, "the difference is sure."),
                                         (0.4, "the difference may be chance."),
                                         (None, "cannot be judged.")])  # fmt: skip
def test_the_paired_comparison_counts_for_more_than_overlap(evaluate, p, ends):
    """Two scores on the same rows can overlap and still differ for sure."""
    given = {
        ("lightgbm", "test", "r2"): (0.34, 0.31, 0.37),
        ("gc", "test", "r2"): (0.3, 0.27, 0.33),
    }
    facts = _facts(evaluate(40), given)
    pair = Comparison("test", facts.name, "r2", "gc", "lightgbm", -0.04, -0.06, -0.02, p, p, 40)
    ran = replace(facts.evaluation, comparisons=(pair,))
    assert baseline_sentence(TargetFacts(ran, facts.name)).endswith(ends)
