from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from seqexpr.splits.split import Split

SPLIT = Split(
    train=np.array([0, 1, 2, 5]), test=np.array([3]), folds=np.array([0, 1, 0, -1]),
    excluded=np.array([4]), strategy="column", parameters={"test_size": None}, seed=0, reason="why",
)  # fmt: skip


def test_rows_without_a_fold_always_train():
    assert [(f.tolist(), v.tolist()) for f, v in SPLIT.split()] == [
        ([1, 3], [0, 2]),
        ([0, 2, 3], [1]),
    ]


def test_no_folds():
    split = replace(SPLIT, folds=np.full(4, -1))
    assert split.get_n_splits() == 0
    assert list(split.split()) == []


def test_the_digest_follows_the_rows_and_nothing_else():
    assert replace(SPLIT, seed=9, reason="other").sha256 == SPLIT.sha256
    assert replace(SPLIT, train=SPLIT.train.astype(np.int32)).sha256 == SPLIT.sha256
    for changed in (
        {"train": np.array([0, 1, 2, 4]), "excluded": np.array([5])},
        {"folds": np.array([1, 0, 1, -1])},
        {"test": np.array([3, 4]), "excluded": np.zeros(0, np.int64)},
    ):
        assert replace(SPLIT, **changed).sha256 != SPLIT.sha256


def test_its_description_is_json_with_counts_that_add_up():
    described = json.loads(json.dumps(SPLIT.to_dict(), allow_nan=False))
    assert (described["n_train"], described["n_test"], described["n_excluded"]) == (4, 1, 1)
    assert described["n_folds"] == 2
    assert described["sha256"] == SPLIT.sha256


def test_it_cannot_be_changed():
    with pytest.raises(FrozenInstanceError, match="cannot assign"):
        SPLIT.seed = 1
