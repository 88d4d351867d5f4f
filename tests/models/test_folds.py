from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.errors import InputError
from seqexpr.models.folds import assign_folds


@given(n=st.integers(1, 200), n_folds=st.integers(1, 10), seed=st.integers(0, 2**32 - 1))
def test_folds_are_even_and_all_used(n, n_folds, seed):
    folds = assign_folds(n, n_folds=n_folds, random_state=seed)
    sizes = np.bincount(folds)
    assert folds.shape == (n,)
    assert len(sizes) == min(n, n_folds)
    assert sizes.max() - sizes.min() <= 1
    assert (folds == assign_folds(n, n_folds=n_folds, random_state=seed)).all()


@given(
    labels=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=60), n_folds=st.integers(2, 5)
)
def test_a_group_lies_in_one_fold(labels, n_folds):
    folds = assign_folds(len(labels), n_folds=n_folds, groups=labels)
    distinct = set(labels)
    if len(distinct) == 1:  # nothing to divide by
        assert len(set(folds)) == min(len(labels), n_folds)
        return
    for label in distinct:
        assert len({fold for fold, other in zip(folds, labels, strict=True) if other == label}) == 1
    assert set(folds) == set(range(min(len(distinct), n_folds)))


def test_another_seed_gives_other_folds():
    assert (
        assign_folds(50, n_folds=5, random_state=0) != assign_folds(50, n_folds=5, random_state=1)
    ).any()


def test_groups_of_another_length_are_refused():
    with pytest.raises(InputError, match=r"groups: expected one a row, shape \(3,\), got \(2,\)"):
        assign_folds(3, n_folds=2, groups=["a", "b"])


@pytest.mark.parametrize("empty", ["", None, float("nan")])
def test_rows_without_a_label_are_not_one_group(empty):
    labels = ["a", "a", *[empty] * 40]
    folds = assign_folds(len(labels), n_folds=2, groups=labels, random_state=0)
    assert folds[0] == folds[1]
    assert set(folds[2:]) == {0, 1}
