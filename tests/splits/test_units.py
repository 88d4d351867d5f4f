from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.sequences import reverse_complement
from seqexpr.splits.units import assign_folds, find_units, target_strata

short = st.text(alphabet="ACGT", min_size=1, max_size=3)


def brute_force_units(sequences, labels):
    """Join rows pair by pair until nothing changes."""
    unit = list(range(len(sequences)))
    changed = True
    while changed:
        changed = False
        for i, a in enumerate(sequences):
            for j, b in enumerate(sequences):
                same = (
                    a == b or a == reverse_complement(b) or (labels[i] and labels[i] == labels[j])
                )
                if same and unit[i] != unit[j]:
                    unit[j] = unit[i] = min(unit[i], unit[j])
                    changed = True
    return unit


@given(st.lists(st.tuples(short, st.sampled_from(["", "a", "b", "c"])), min_size=1, max_size=12))
def test_units_are_the_connected_components(rows):
    sequences = np.array([r[0] for r in rows], dtype=object)
    labels = np.array([r[1] for r in rows], dtype=object)
    found = find_units(sequences, labels)
    expected = brute_force_units(sequences.tolist(), labels.tolist())
    same_found = found[:, None] == found[None, :]
    same_expected = np.equal.outer(expected, expected)
    np.testing.assert_array_equal(same_found, same_expected)


@given(
    st.lists(st.integers(0, 30), min_size=20, max_size=200),
    st.integers(2, 6),
    st.integers(0, 2**31),
)
def test_folds_never_divide_a_unit_and_are_balanced(units, n_folds, seed):
    codes = np.unique(units, return_inverse=True)[1].astype(np.int64)
    y = np.random.default_rng(seed).normal(size=(len(codes), 1))
    shares = np.full(n_folds, 1 / n_folds)
    parts = assign_folds(codes, y, shares=shares, rng=np.random.default_rng(seed))
    for unit in np.unique(codes):
        assert len(set(parts[codes == unit].tolist())) == 1
    sizes = np.bincount(parts, minlength=n_folds)
    largest = np.bincount(codes).max()
    assert sizes.max() - sizes.min() <= 2 * largest + n_folds


def test_many_single_rows_are_stratified_by_target():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(5_000, 1))
    parts = assign_folds(np.arange(5_000), y, shares=np.full(5, 0.2), rng=rng)
    means = [y[parts == p].mean() for p in range(5)]
    # A random deal would give a standard error of 0.03; a stratified one far less.
    assert np.ptp(means) < 0.02
    assert np.bincount(parts).tolist() == [1_000] * 5


def test_strata_are_quantiles_and_missing_values_stand_apart():
    strata = target_strata(np.array([[3.0], [1.0], [np.nan], [2.0], [4.0]]), 2)
    assert strata.tolist() == [1, 0, 2, 0, 1]
