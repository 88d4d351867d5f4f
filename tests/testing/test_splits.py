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


def shuffles_its_rows(data, **options):
    split = good(data, **options)
    order = np.random.default_rng(0).permutation(len(split.train))
    return replace(split, train=split.train[order], folds=split.folds[order])


def validates_everything_at_once(data, **options):
    split = good(data, **options)
    return replace(split, folds=np.zeros(len(split.train), np.int64))


def ignores_the_size(data, **options):
    return good(data, **options | {"test_size": 0.05})


def ignores_the_number_of_folds(data, **options):
    return good(data, **options | {"n_folds": 2})


def makes_unlike_folds(data, **options):
    split = good(data, **options)
    return replace(split, folds=np.where(np.arange(len(split.train)) < 12, split.folds, 0))


def ignores_the_seed(data, **options):
    split = good(data, **options | {"seed": 0})
    return replace(split, seed=options["seed"])


def gives_no_reason(data, **options):
    return replace(good(data, **options), reason="")


def forgets_the_number(data, **options):
    return replace(good(data, **options), seed=42)


def changes_the_data(data, **options):
    data.sequences.base[0] = "A"
    return good(data, **options)


@pytest.mark.parametrize(
    ("culprit", "check", "message"),
    [
        (loses_a_row, suite.check_is_partition, "missing or used twice"),
        (leaves_a_fold_empty, suite.check_folds, "empty or out of range"),
        (cuts_groups, suite.check_no_unit_straddles, "in train and test"),
        (cuts_groups_in_folds, suite.check_no_unit_straddles, "both sides of a fold"),
        (forgets_its_seed, suite.check_is_deterministic, "does not repeat"),
        (forgets_its_data, suite.check_names_its_data, "digest"),
        (shuffles_its_rows, suite.check_is_partition, "rows of train are not sorted"),
        (validates_everything_at_once, suite.check_folds, "no row to train on"),
        (ignores_the_size, suite.check_sizes, "test has 5% of the rows, 20% were asked"),
        (ignores_the_number_of_folds, suite.check_sizes, "2 folds, 4 were asked"),
        (makes_unlike_folds, suite.check_sizes, "unlike sizes"),
        (ignores_the_seed, suite.check_seed_matters, "the seed changes nothing"),
        (gives_no_reason, suite.check_names_its_data, "no reason"),
        (forgets_the_number, suite.check_names_its_data, "the seed is not kept"),
        (changes_the_data, suite.check_data_unchanged, "was changed"),
    ],
)
def test_every_check_catches_its_culprit(culprit, check, message):
    with pytest.raises(AssertionError, match=message):
        check(culprit)
    # Another check may see it first: what is wrong in one way is often wrong in two.
    with pytest.raises(AssertionError, match=rf"{message}|a unit is"):
        suite.check_split_strategy(culprit)


def test_the_suite_takes_names_and_functions():
    suite.check_split_strategy("column")
    suite.check_split_strategy(good)


def test_an_empty_train_or_test_set_is_caught():
    def everything_tests(data, **options):
        split = good(data, **options)
        rows = np.arange(len(data))
        return replace(split, test=rows, train=rows[:0], folds=rows[:0])

    with pytest.raises(AssertionError, match="train is empty"):
        suite.check_is_partition(everything_tests)
