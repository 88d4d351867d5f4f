from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import percentileofscore

from seqexpr.errors import InputError
from seqexpr.models.targets import TargetTransform

KINDS = ("none", "log2", "zscore", "rank")
positive = st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=40)


@given(values=positive, kind=st.sampled_from(KINDS))
def test_json_keeps_the_scale(values, kind):
    scale = TargetTransform.fit(values, kind)
    again = TargetTransform.from_dict(json.loads(json.dumps(scale.to_dict())))
    assert_array_equal(again.apply(values), scale.apply(values))
    assert again.to_dict() == scale.to_dict()


@given(values=positive, kind=st.sampled_from(KINDS))
def test_order_is_kept(values, kind):
    out = TargetTransform.fit(values, kind).apply(np.sort(values))
    assert (np.diff(out) >= 0).all()


@given(train=positive, new=positive)
def test_rank_is_the_mean_percentile_of_the_train_rows(train, new):
    scale = TargetTransform.fit(train, "rank")
    wanted = [percentileofscore(train, value, kind="mean") / 100 for value in train]
    assert_allclose(scale.apply(train), wanted, atol=1e-12)
    out = scale.apply(new)
    assert ((out >= 0.5 / len(train) - 1e-12) & (out <= 1 - 0.5 / len(train) + 1e-12)).all()


@given(values=st.lists(st.integers(-1000, 1000), min_size=2, max_size=40))
def test_zscore_has_mean_zero_and_deviation_one(values):
    out = TargetTransform.fit(values, "zscore").apply(values)
    assert np.mean(out) == pytest.approx(0, abs=1e-9)
    assert np.std(out) == pytest.approx(1 if len(set(values)) > 1 else 0)


def test_a_constant_target_is_not_blown_up():
    assert TargetTransform.fit([0.1] * 7, "zscore").apply([0.1, 0.2]).tolist() == pytest.approx(
        [0, 0.1]
    )
    assert TargetTransform.fit([3.0] * 4, "rank").apply([2.0, 3.0, 9.0]).tolist() == [0.5] * 3


@pytest.mark.parametrize("kind", KINDS)
def test_shape_and_missing_values_are_kept_and_the_input_too(kind):
    targets = np.array([[1.0, np.nan], [2.0, 4.0], [np.nan, 8.0]])
    before = targets.copy()
    scale = TargetTransform.fit(targets, kind)
    out = scale.apply(targets)
    assert out.shape == (3, 2)
    assert_array_equal(np.isnan(out), np.isnan(targets))
    assert_array_equal(targets, before)
    assert out is not targets
    assert not np.shares_memory(out, targets)
    # each target on its own
    assert_array_equal(out[:, 1], TargetTransform.fit(targets[:, 1], kind).apply(targets[:, 1]))


def test_only_train_rows_are_learnt_from():
    scale = TargetTransform.fit([0.0, 2.0], "zscore")
    assert scale.apply([4.0]).tolist() == [3.0]


@pytest.mark.parametrize(
    ("kind", "name"), [("none", "y"), ("log2", "log2(y)"), ("rank", "rank(y)")]
)
def test_the_name_tells_the_scale(kind, name):
    assert TargetTransform.fit([1.0, 2.0], kind).name("y") == name


def test_it_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError, match="kind"):
        TargetTransform("none").kind = "log2"  # type: ignore[misc]


def test_log2_needs_positive_values_in_training_and_later():
    with pytest.raises(
        InputError, match=r"log2 needs positive values, but 2 of 3 are zero or less \(first: 0\)"
    ):
        TargetTransform.fit([0.0, 1.0, np.nan, -1.0], "log2")
    scale = TargetTransform.fit([[1.0, 1.0]], "log2")
    with pytest.raises(
        InputError, match=r"target 2: log2 needs .*use transform 'none' or 'rank', or add"
    ):
        scale.apply([[1.0, -2.0]])


@pytest.mark.parametrize(
    ("targets", "kind", "message"),
    [
        (
            [1.0],
            "log",
            r"unknown transform 'log'; did you mean 'log2'\? \(known: none, log2, zscore, rank\)",
        ),
        ([[1.0, np.nan]], "rank", "target 2 has no measured value among the train rows"),
        (np.zeros((1, 1, 1)), "none", r"expected targets of shape \(n,\) or \(n, t\)"),
    ],
)
def test_what_cannot_be_fitted_is_refused(targets, kind, message):
    with pytest.raises(InputError, match=message):
        TargetTransform.fit(targets, kind)


def test_another_number_of_targets_is_refused():
    with pytest.raises(InputError, match="expected 1 targets as in training, got 2"):
        TargetTransform.fit([1.0, 2.0], "zscore").apply([[1.0, 2.0]])


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "cube"}, {"means": []}, {"means": None}, {"scales": ["a"]}, {"levels": [[1.0]]},
        {"kind": "rank"}, {"levels": [[1.0]], "ranks": [[1.0, 2.0]], "kind": "rank", "means": [], "scales": []},
    ],
)  # fmt: skip
def test_a_damaged_description_is_refused(change):
    content = TargetTransform.fit([1.0, 2.0], "zscore").to_dict()
    with pytest.raises(InputError, match="not a target transform"):
        TargetTransform.from_dict(content | change)
    with pytest.raises(InputError, match="not a target transform"):
        TargetTransform.from_dict({"kind": "none"})
