"""What is ranked: bounds by hand, and what a prediction alone would say."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.design.objective import TIE, Objective, View, widen
from seqexpr.errors import InputError


@pytest.fixture
def some(library):
    return library["sequence"].tolist()[:40]


def test_bounds_are_those_of_predict_within_the_span(ridge, some, tools):
    judged = tools.judge_of(ridge).judge(some)
    table = ridge.predict_table(some)
    np.testing.assert_allclose(judged.predicted[:, 0], table["predicted"])
    np.testing.assert_allclose(judged.lower[:, 0], table["lower"])
    np.testing.assert_allclose(judged.upper[:, 0], table["upper"])
    np.testing.assert_allclose(judged.domain_scores, table["domain_score"])
    assert (judged.is_inside == table["in_domain"]).all()


@pytest.mark.parametrize("goal", ["max", "min", "value"])
def test_scores_are_bounds_and_a_tenth_of_the_prediction(ridge, some, goal, tools):
    judged = tools.judge_of(ridge, goal, value=1.0).judge(some)
    p, low, high = judged.predicted[:, 0], judged.lower[:, 0], judged.upper[:, 0]
    by_hand = {
        "max": low + TIE * p,
        "min": -(high + TIE * p),
        "value": -(np.maximum(abs(low - 1), abs(high - 1)) + TIE * abs(p - 1)),
    }
    np.testing.assert_allclose(judged.score, by_hand[goal])


def test_to_separate_is_lower_less_upper(twofold, some, tools):
    views = (View(0), View(1))
    judged = tools.judge_of(twofold, "separate", views=views).judge(some)
    difference = judged.predicted[:, 0] - judged.predicted[:, 1]
    np.testing.assert_allclose(
        judged.score, judged.lower[:, 0] - judged.upper[:, 1] + TIE * difference
    )
    np.testing.assert_allclose(judged.predicted, twofold.predict(some))


def test_nothing_beyond_the_span_is_believed(ridge, tools):
    judge = tools.judge_of(ridge)
    low, high = ridge.calibration.intervals.span(0)
    sequences = ["ACGT" * 15] * 3
    far = judge.judge(sequences, np.array([[high], [high + 1], [high + 100]]))
    assert far.lower[0, 0] == pytest.approx(far.lower[1, 0]) == pytest.approx(far.lower[2, 0])
    assert (np.diff(far.upper[:, 0]) > 0).all()
    below = judge.judge(sequences[:2], np.array([[low], [low - 5]]))
    assert below.upper[0, 0] == pytest.approx(below.upper[1, 0])


def test_a_best_case_is_never_beaten(ridge, some, tools):
    for goal in ("max", "min", "value"):
        judge = tools.judge_of(ridge, goal, value=0.5)
        judged = judge.judge(some)
        assert (judge.best_case(judged.predicted) >= judged.score - 1e-9).all()


def test_effects_are_those_of_predicting_each_change(twofold, some, tools):
    judge = tools.judge_of(twofold, "separate", views=(View(1), View(0)))
    effects = judge.effects(some[:1])
    changed = some[0][:7] + "T" + some[0][8:]
    expected = judge.predict([changed]) - judge.predict(some[:1])
    np.testing.assert_allclose(effects[0, 3, 7], expected[0], atol=1e-9)


def test_what_lies_outside_comes_last(ridge, some, tools):
    judged = tools.judge_of(ridge).judge([*some, "A" * 60])
    assert not judged.is_inside[-1]
    assert judged.rank.argmin() == len(some)
    everywhere = tools.judge_of(ridge, in_domain=False).judge(["A" * 60])
    assert everywhere.is_inside.all()


@pytest.mark.parametrize(
    ("choices", "message"),
    [({}, "no calibrated intervals.*--objective prediction"),
     ({"by": "prediction"}, "no training domain.*--outside-domain")],
)  # fmt: skip
def test_a_model_that_knows_no_limits_is_refused(bare, choices, message, tools):
    with pytest.raises(InputError, match=message):
        tools.judge_of(bare, **choices)


def test_a_model_that_knows_no_limits_can_be_asked_for_its_prediction(bare, some, tools):
    judged = tools.judge_of(bare, by="prediction", in_domain=False).judge(some)
    np.testing.assert_allclose(judged.score, bare.predict(some)[:, 0])
    assert judged.is_inside.all()


def test_widening_is_nothing_within_the_span():
    p = np.linspace(-1, 1, 5)
    lower, upper = widen(p, p - 1, p + 1, span=(-1, 1))
    assert lower.tolist() == (p - 1).tolist()
    assert upper.tolist() == (p + 1).tolist()
    assert Objective().measure(lower[:, None], upper[:, None]).tolist() == lower.tolist()
