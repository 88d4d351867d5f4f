from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import cross_val_score, train_test_split

from seqexpr.data.dataset import Dataset
from seqexpr.errors import SplitError, UnknownNameError
from seqexpr.splits.split import Split
from seqexpr.splits.strategies import STRATEGIES, make_split, tutorial_split
from seqexpr.splits.units import find_units


def test_auto_takes_column_then_chromosome_then_group_then_homology_or_random(make_data):
    column = ["train"] * 80 + ["test"] * 20
    chromosome = [f"chr{i % 10}" for i in range(100)]
    group = [f"g{i % 30}" for i in range(100)]
    everything = make_data(split_labels=column, chromosomes=chromosome, groups=group)
    assert make_split(everything).strategy == "column"
    assert make_split(make_data(chromosomes=chromosome, groups=group)).strategy == "chromosome"
    assert make_split(make_data(groups=group)).strategy == "group"
    random = make_split(make_data())
    assert random.strategy == "random"
    assert "too short" in random.warnings[0]  # to look for families; see test_homology
    assert "close relatives" in random.warnings[1]
    assert "names no split" in random.reason


def test_auto_passes_over_labels_that_say_nothing(make_data):
    data = make_data(chromosomes=["chr1"] * 90 + [""] * 10, groups=[""] * 100)
    assert make_split(data).strategy == "random"


@given(
    rows=st.lists(
        st.tuples(st.text("ACGT", min_size=3, max_size=4), st.sampled_from(["", *"abcdefgh"])),
        min_size=40, max_size=80,
    ),
    strategy=st.sampled_from(["random", "group"]),
    seed=st.integers(0, 2**31),
)  # fmt: skip
def test_no_unit_straddles_however_the_library_is_joined(rows, strategy, seed):
    sequences, groups = (np.array(column, dtype=object) for column in zip(*rows, strict=True))
    data = Dataset(sequences, np.arange(float(len(rows))), target_names=("y",), groups=groups)
    units = find_units(sequences, groups)
    try:
        split = make_split(data, strategy=strategy, n_folds=2, seed=seed)
    except SplitError:
        # One unit that outweighs all others together leaves too few for test and folds.
        assert len(np.unique(units)) < 3 or np.bincount(units).max() > len(rows) / 2
        return
    assert sorted([*split.train, *split.test]) == list(range(len(rows)))
    assert not set(units[split.train]) & set(units[split.test])
    for fit, validate in split.split():
        assert not set(units[split.train][fit]) & set(units[split.train][validate])


def test_random_split_has_the_asked_size_and_target_distribution(make_data):
    data = make_data(4_000)
    gaps = []
    for seed in range(10):
        split = make_split(data, strategy="random", test_size=0.3, seed=seed)
        assert abs(len(split.test) - 1_200) <= 2
        gaps.append(data.targets[split.train].mean() - data.targets[split.test].mean())
    # A deal that does not look at the target has gaps of 0.034 on average (root mean square).
    assert np.sqrt(np.mean(np.square(gaps))) < 0.015


def test_two_groups_are_a_train_and_a_test_set(make_data):
    data = make_data(groups=["x"] * 60 + ["y"] * 40)
    with pytest.raises(SplitError, match=r"1 independent groups .* fewer than 2 folds"):
        make_split(data, strategy="group", n_folds=2)
    data = make_data(groups=["x"] * 40 + ["y"] * 40 + ["z"] * 20)
    split = make_split(data, strategy="group", n_folds=2)
    assert sorted(np.bincount(split.folds).tolist()) in ([40, 40], [20, 40])


def test_random_keeps_groups_whole_and_then_needs_no_warning(make_data):
    groups = np.array([f"g{i % 30}" for i in range(300)], dtype=object)
    split = make_split(make_data(300, groups=groups), strategy="random")
    assert not set(groups[split.train]) & set(groups[split.test])
    assert split.warnings == ()


def test_seed_zero_is_a_seed_and_seeds_differ(make_data):
    data = make_data()
    digests = [make_split(data, seed=seed).sha256 for seed in (0, 0, 1, 42)]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3
    assert make_split(data, seed=0).seed == 0


@pytest.mark.parametrize(
    ("n", "options", "message"),
    [
        (100, {"strategy": "group"}, "pass --group COL"),
        (6, {"strategy": "random", "n_folds": 10}, "fewer than 10 folds; pass a smaller --folds"),
        (1, {"strategy": "random"}, "1 rows form 1 independent group .* bring more rows"),
        (0, {"strategy": "random"}, "at least 2"),
        (100, {"test_size": 0.0}, r"test_size = 0.0: must be a share .* \(0, 1\)"),
        (100, {"test_size": 2}, "test_size = 2"),
        (100, {"test_size": float("nan")}, "test_size = nan"),
        (100, {"n_folds": 1}, "n_folds = 1: must be at least 2"),
        (100, {"seed": -1}, "seed = -1: must not be negative"),
    ],
)
def test_what_cannot_be_split_is_refused_with_a_remedy(make_data, n, options, message):
    with pytest.raises(SplitError, match=message):
        make_split(make_data(n), **options)


def test_one_group_is_refused(make_data):
    with pytest.raises(SplitError, match="at least 2: bring more rows, or another --group"):
        make_split(make_data(groups=["x"] * 100), strategy="group")


def test_an_unknown_strategy_gets_a_hint(make_data):
    with pytest.raises(UnknownNameError, match="did you mean 'random'"):
        make_split(make_data(), strategy="randm")


def test_a_plugin_is_used_like_our_own(make_data, monkeypatch):
    def every_fifth(dataset, *, test_size, n_folds, rng):
        rows = np.arange(len(dataset))
        train = rows[rows % 5 > 0]
        return Split(train=train, test=rows[::5], folds=train % n_folds, strategy="")

    monkeypatch.setitem(STRATEGIES._items, "every_fifth", every_fifth)
    data = make_data()
    split = make_split(data, strategy="every_fifth", n_folds=3, seed=5)
    assert split.strategy == "every_fifth"
    assert split.parameters == {"test_size": 0.2, "n_folds": 3}
    assert (split.seed, split.dataset_sha256) == (5, data.sha256)
    assert split.reason == "split by every_fifth: as asked"


def test_it_serves_as_cv_of_scikit_learn(make_data):
    from sklearn.dummy import DummyRegressor

    data = make_data(200)
    split = make_split(data, n_folds=4)
    train = data.take(split.train)
    scores = cross_val_score(
        DummyRegressor(), np.zeros((len(train), 1)), train.targets[:, 0], cv=split
    )
    assert len(scores) == 4


@given(n=st.integers(2, 60), seed=st.integers(0, 2**32 - 1))
def test_the_tutorial_split_is_that_of_scikit_learn(make_data, n, seed):
    split = tutorial_split(make_data(n), seed=seed)
    train, test = train_test_split(np.arange(n), test_size=0.2, random_state=seed)
    assert split.test.tolist() == sorted(test)
    assert split.train.tolist() == sorted(train)
    assert split.get_n_splits() == (5 if len(train) >= 5 else 0)


def test_the_tutorial_split_counts_its_leaks_and_survives_tiny_tables():
    data = Dataset(["ACGT"] * 50 + ["TTTT"], np.arange(51.0), target_names=("y",))
    split = tutorial_split(data)
    copies = int((split.test < 50).sum())
    assert f"{copies} of 11 test rows have the same sequence" in split.warnings[1]
    assert split.get_n_splits() == 0
    assert "no out-of-fold score" in split.warnings[2]
    with pytest.raises(SplitError, match="bring more rows"):
        tutorial_split(data.take([0]))
