from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from seqexpr.splits.strategies import STRATEGIES, make_split
from seqexpr.testing import splits as suite


@pytest.mark.parametrize("strategy", list(STRATEGIES))
@pytest.mark.parametrize("check", suite.SPLIT_CHECKS, ids=lambda check: check.__name__)
def test_every_strategy_passes_every_check(strategy, check):
    check(lambda data, **options: make_split(data, strategy=strategy, **options))


def good(data, **options):
    return make_split(data, strategy="random", **options)


def loses_a_row(data, **options):
    split = good(data, **options)
    return replace(split, train=split.train[1:], folds=split.folds[1:])


def leaves_a_fold_empty(data, **options):
    split = good(data, **options)
    return replace(split, folds=np.where(split.folds == 1, 3, split.folds))


def cuts_groups(data, **options):
    rows = np.random.default_rng(0).permutation(len(data))
    split = good(data, **options)
    train = np.sort(rows[48:])
    return replace(split, test=np.sort(rows[:48]), train=train, folds=np.arange(len(train)) % 4)


def cuts_groups_in_folds(data, **options):
    split = good(data, **options)
    return replace(split, folds=np.arange(len(split.train)) % 4)


def forgets_its_seed(data, **options):
    options["seed"] = int(np.random.default_rng().integers(2**31))
    return good(data, **options)


def forgets_its_data(data, **options):
    return replace(good(data, **options), dataset_sha256="")


@pytest.mark.parametrize(
    ("culprit", "check", "message"),
    [
        (loses_a_row, suite.check_is_partition, "missing or used twice"),
        (leaves_a_fold_empty, suite.check_folds, "empty or out of range"),
        (cuts_groups, suite.check_no_unit_straddles, "in train and test"),
        (cuts_groups_in_folds, suite.check_no_unit_straddles, "both sides of a fold"),
        (forgets_its_seed, suite.check_is_deterministic, "does not repeat"),
        (forgets_its_data, suite.check_names_its_data, "digest"),
    ],
)
def test_every_check_catches_its_culprit(culprit, check, message):
    with pytest.raises(AssertionError, match=message):
        check(culprit)
