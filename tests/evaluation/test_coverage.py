"""Coverage tables: Wilson by hand, families widen the interval, parts add up."""

import json

import numpy as np
import pytest

from seqexpr.evaluation.coverage import coverage_table, share_interval


def test_wilson_by_hand():
    # 9 of 10, z = 1.96: middle (0.9 + 0.19207) / 1.38415 = 0.78898; half 0.19315.
    value, low, high = share_interval(np.array([True] * 9 + [False]))
    assert value == 0.9
    assert (low, high) == pytest.approx((0.59585, 0.98212), abs=1e-4)
    assert share_interval(np.zeros(0, bool)) == (None, None, None)
    assert share_interval(np.ones(5, bool))[2] == 1.0


def test_rows_of_one_family_count_once():
    hits = np.repeat([True, True, True, False], 10)
    families = np.repeat(list("abcd"), 10).astype(object)
    alone = share_interval(hits)
    together = share_interval(hits, families)
    four = share_interval(np.array([True, True, True, False]))
    assert together[2] - together[1] > 1.5 * (alone[2] - alone[1])
    # deff = 4/3 (the unbiased variance of 4) times 10, so effectively 3 rows, not 4.
    assert together[1] < four[1]
    single = np.array([f"g{i}" for i in range(40)], dtype=object)
    assert share_interval(hits, single)[1] == pytest.approx(alone[1], abs=0.01)


def test_the_interval_of_the_coverage_holds_the_truth_over_many_seeds():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 8).astype(str).astype(object)
    held = []
    for _ in range(300):
        rate = np.where(rng.random(60) < 0.5, 0.99, 0.81)  # mean 0.9, shared by a family
        _, low, high = share_interval(rng.random(480) < np.repeat(rate, 8), groups)
        held.append(low <= 0.9 <= high)
    assert np.mean(held) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 300)


def _table(n=1000, **options):
    rng = np.random.default_rng(0)
    p = rng.normal(size=(n, 1))
    y = p + rng.normal(size=(n, 1))
    y[:10] = np.nan
    return coverage_table(
        y, p - 1.645, p + 1.645, predicted=p, target_names=("y",), level=0.9, **options
    )


def test_parts_add_up_and_the_document_is_json():
    scores = np.random.default_rng(1).random(1000) * 1.1
    table = json.loads(json.dumps(_table(domain_scores=scores), allow_nan=False))
    (target,) = table["targets"]
    assert target["coverage"]["n"] == 990
    assert target["coverage"]["low"] < 0.9 < target["coverage"]["high"]
    assert target["mean_width"] == pytest.approx(3.29)
    assert [len(target[key]) for key in ("by_level", "by_similarity", "by_group")] == [5, 3, 0]
    for key in ("by_level", "by_similarity"):
        assert sum(row["n"] for row in target[key]) == 990
        total = sum(row["n"] * row["value"] for row in target[key])
        assert total == pytest.approx(990 * target["coverage"]["value"])
        assert all(a["to"] <= b["from"] for a, b in zip(target[key], target[key][1:], strict=False))
    assert table["domain"]["n_outside"] == int((scores > 1).sum())


def test_few_groups_are_listed_and_many_are_pooled_by_size():
    few = np.array(["a", "b", "c", ""], dtype=object)[np.minimum(np.arange(1000) % 5, 3)]
    few[few == ""] = "d"
    rows = _table(groups=few)["targets"][0]["by_group"]
    assert sorted(row["label"] for row in rows) == ["a", "b", "c", "d"]
    many = np.repeat([f"g{i}" for i in range(100)], 10).astype(object)
    many[500:] = np.repeat([f"h{i}" for i in range(250)], 2)
    rows = _table(groups=many)["targets"][0]["by_group"]
    assert [(row["from"], row["to"]) for row in rows] == [(2.0, 2.0), (10.0, 10.0)]


def test_nothing_measured_is_none_and_not_an_error():
    empty = np.full((3, 1), np.nan)
    table = coverage_table(empty, empty, empty, predicted=empty, target_names=("y",), level=0.9)
    assert table["targets"][0]["coverage"] == {"value": None, "low": None, "high": None, "n": 0}
    assert table["targets"][0]["by_level"] == []
