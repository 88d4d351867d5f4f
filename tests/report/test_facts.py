from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.evaluation.evaluation import Score
from seqexpr.report.facts import TargetFacts, concordance, find_floor, overlap

VALUES = st.lists(st.integers(-3, 3), min_size=2, max_size=12)


def _interval(low: float | None, high: float | None) -> Score:
    return Score("ridge", "y", "test", "r2", 0.0, low, high, 10)


@given(st.data())
def test_concordance_is_the_share_of_pairs_in_order(data):
    observed = np.array(data.draw(VALUES), dtype=float)
    n = len(observed)
    predicted = np.array(data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)), float)
    pairs = [(i, j) for i in range(n) for j in range(n) if observed[i] > observed[j]]
    share = concordance(observed, predicted)
    if not pairs:
        assert share is None
    else:
        right = [(np.sign(predicted[i] - predicted[j]) + 1) / 2 for i, j in pairs]
        # 200,000 sampled pairs; at the worst 2 of 144 ordered pairs count.
        assert share == pytest.approx(np.mean(right), abs=0.06)


def test_concordance_of_a_perfect_and_a_constant_prediction():
    observed = np.arange(50.0)
    assert concordance(observed, observed * 3 - 7) == 1
    assert concordance(observed, np.zeros(50)) == 0.5
    assert concordance(observed, -observed) == 0
    assert concordance(np.zeros(1), np.zeros(1)) is None


@pytest.mark.parametrize(
    ("values", "share"),
    [
        ([-5.0] * 52 + list(np.linspace(-4, 6, 48)), 0.52),
        ([-5.0] * 5 + list(np.linspace(-4, 6, 95)), 0.05),
        ([0.0] * 4 + list(np.linspace(1, 9, 96)), None),  # under 5%
        ([-5.0] * 100, None),  # constant
        ([0.0, 1.0, 2.0, 3.0] * 25, None),  # a short scale, each value as common
        ([0.0] * 30 + [9.0] * 11 + list(np.linspace(1, 8, 40)), None),  # another one as common
        ([0.0] * 30 + [9.0] * 10 + list(np.linspace(1, 8, 40)), 0.375),
        ([], None),
    ],
)
def test_floor_is_a_common_lowest_value(values, share):
    floor = find_floor(np.array(values))
    assert (None if floor is None else floor.share) == share


@pytest.mark.parametrize(
    ("one", "other", "meeting"),
    [
        ((0.1, 0.3), (0.2, 0.5), True),
        ((0.1, 0.3), (0.3, 0.5), True),
        ((0.1, 0.3), (0.31, 0.5), False),
        ((0.1, 0.9), (0.3, 0.5), True),
        ((None, None), (0.3, 0.5), None),
    ],
)
def test_overlap_is_symmetric(one, other, meeting):
    assert overlap(_interval(*one), _interval(*other)) is meeting
    assert overlap(_interval(*other), _interval(*one)) is meeting
    assert overlap(None, _interval(*one)) is None


def test_models_are_ranked_by_the_score_inside_train(evaluate):
    facts = TargetFacts(evaluate(), "expression")
    values = [facts.value("r2", model=m.name, set="validation") for m in facts.ranking]
    assert values == sorted(values, reverse=True)
    assert facts.best_baseline.name == "gc"
    assert facts.sets == ("validation", "test")


def test_pairs_leave_out_what_was_not_measured(evaluate):
    evaluation = evaluate(100)
    frame = evaluation.predictions
    tests = frame.index[frame["set"] == "test"]
    frame.loc[tests[0], "observed"] = np.nan
    frame.loc[tests[1], "predicted"] = np.inf
    facts = TargetFacts(evaluation, "expression")
    observed, predicted = facts.pairs("test")
    assert observed.shape == predicted.shape == (18,)
    assert facts.measured.shape == (98,)
    assert facts.score("r2", model="unknown") is None
