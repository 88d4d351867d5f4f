from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.errors import SplitError
from seqexpr.splits.folds import assign_folds, keep_out_of_train, make_folds, unite

codes = st.lists(st.integers(0, 30), min_size=20, max_size=200)


@given(codes, st.integers(2, 6), st.integers(0, 2**31))
def test_parts_never_divide_a_unit_and_are_balanced(units, n_parts, seed):
    units = np.unique(units, return_inverse=True)[1].astype(np.int64)
    y = np.random.default_rng(seed).normal(size=(len(units), 1))
    shares = np.full(n_parts, 1 / n_parts)
    parts = assign_folds(units, y, shares=shares, rng=np.random.default_rng(seed))
    for unit in np.unique(units):
        assert len(set(parts[units == unit].tolist())) == 1
    sizes = np.bincount(parts, minlength=n_parts)
    largest = np.bincount(units).max()
    assert sizes.max() - sizes.min() <= 2 * largest + n_parts


def test_many_single_rows_are_stratified_by_target():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(5_000, 1))
    parts = assign_folds(np.arange(5_000), y, shares=np.full(5, 0.2), rng=rng)
    means = [y[parts == p].mean() for p in range(5)]
    # A random deal would give a standard error of 0.03; a stratified one far less.
    assert np.ptp(means) < 0.02
    assert np.bincount(parts).tolist() == [1_000] * 5


def test_rows_at_a_floor_are_shared_out_too_and_not_in_file_order():
    y = np.repeat([-5.0, 0.0], 500)[:, None]
    one, other = (
        assign_folds(np.arange(1_000), y, shares=np.full(5, 0.2), rng=np.random.default_rng(seed))
        for seed in (0, 1)
    )
    assert np.bincount(one[:500]).tolist() == [100] * 5
    assert (one != other).mean() > 0.5


def test_rows_without_a_target_are_shared_out_and_none_is_lost():
    y = np.random.default_rng(0).normal(size=(1_000, 1))
    y[::4] = np.nan
    parts = assign_folds(np.arange(1_000), y, shares=np.full(5, 0.2), rng=np.random.default_rng(0))
    assert np.bincount(parts[::4]).tolist() == [50] * 5
    every = assign_folds(
        np.arange(50),
        np.full((50, 1), np.nan),
        shares=np.full(5, 0.2),
        rng=np.random.default_rng(0),
    )
    assert np.bincount(every).tolist() == [10] * 5


def test_large_units_of_one_size_are_drawn_at_random():
    units = np.repeat(np.arange(20), 50)
    y = np.zeros((1_000, 1))
    tests = {
        tuple(
            np.unique(
                units[assign_folds(units, y, shares=np.array([0.8, 0.2]), rng=np.random.default_rng(s)) == 1]
            )
        )
        for s in range(10)
    }  # fmt: skip
    assert {len(t) for t in tests} == {4}
    assert len(tests) == 10


@given(codes, st.integers(2, 5))
def test_folds_have_rows_each_or_are_refused(units, n_folds):
    units = np.array(units)
    y = np.arange(float(len(units)))[:, None]
    n_units = len(np.unique(units))
    if n_units < n_folds:
        with pytest.raises(SplitError, match=f"{n_units} independent groups .* smaller --folds"):
            make_folds(units, y, n_folds=n_folds, rng=np.random.default_rng(0))
        return
    folds = make_folds(units, y, n_folds=n_folds, rng=np.random.default_rng(0))
    assert sorted(set(folds.tolist())) == list(range(n_folds))
    assert all(len(set(folds[units == unit].tolist())) == 1 for unit in np.unique(units))


def test_a_giant_unit_leaves_a_fold_for_each_of_the_others():
    units = np.array([0] * 96 + [1, 2, 3, 4])
    folds = make_folds(units, np.zeros((100, 1)), n_folds=5, rng=np.random.default_rng(0))
    assert sorted(np.bincount(folds).tolist()) == [1, 1, 1, 1, 96]


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=20))
def test_what_is_kept_out_shares_a_unit_with_test_and_is_not_in_it(rows):
    units = np.array([r[0] for r in rows])
    in_test = np.array([r[1] for r in rows])
    expected = [not test and any(u == unit and t for u, t in rows) for unit, test in rows]
    assert keep_out_of_train(units, in_test).tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=20))
def test_united_units_lie_in_one_fold_and_the_moved_are_counted(rows):
    units, folds = (np.array(column) for column in zip(*rows, strict=True))
    united, n_moved = unite(units, folds)
    first = {}
    for unit, fold in rows:
        first.setdefault(unit, fold)
    expected = [first[unit] for unit, _ in rows]
    assert n_moved == sum(e != f for e, (_, f) in zip(expected, rows, strict=True))
    np.testing.assert_array_equal(united, np.unique(expected, return_inverse=True)[1])
