from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import cross_val_score, train_test_split

from seqexpr.data.checks import build_dataset
from seqexpr.data.dataset import Dataset
from seqexpr.data.table import read_table
from seqexpr.errors import SplitError, UnknownNameError
from seqexpr.splits.strategies import make_split, tutorial_split
from seqexpr.splits.units import find_units


def make(n=100, seed=0, **more):
    rng = np.random.default_rng(seed)
    sequences = ["".join(rng.choice(list("ACGT"), size=20)) for _ in range(n)]
    return Dataset(
        np.array(sequences, dtype=object), rng.normal(size=n), target_names=("y",), **more
    )


def labels(values):
    return np.array(values, dtype=object)


def test_auto_takes_column_then_chromosome_then_group_then_random():
    column = labels(["train"] * 80 + ["test"] * 20)
    chromosome = labels([f"chr{i % 10}" for i in range(100)])
    group = labels([f"g{i % 30}" for i in range(100)])
    everything = make(split_labels=column, chromosomes=chromosome, groups=group)
    assert make_split(everything).strategy == "column"
    assert make_split(make(chromosomes=chromosome, groups=group)).strategy == "chromosome"
    assert make_split(make(groups=group)).strategy == "group"
    random = make_split(make())
    assert random.strategy == "random"
    assert "close relatives" in random.warnings[0]


def test_words_in_the_column_are_the_published_split():
    column = labels(["Train"] * 60 + ["val"] * 15 + ["TEST"] * 20 + [""] * 5)
    split = make_split(make(split_labels=column), strategy="column")
    assert split.test.tolist() == list(range(75, 95))
    assert split.excluded.tolist() == list(range(95, 100))
    assert split.train.tolist() == list(range(75))
    assert split.folds.tolist() == [-1] * 60 + [0] * 15
    assert "5 rows have no known label" in split.warnings[0]


def test_fold_numbers_in_the_column_highest_tests():
    split = make_split(
        make(split_labels=labels([str(i % 5) for i in range(100)])), strategy="column"
    )
    assert split.test.tolist() == list(range(4, 100, 5))
    assert split.folds.tolist() == [i % 5 for i in range(100) if i % 5 != 4]


def test_a_copy_of_a_test_sequence_leaves_train_in_a_published_split():
    data = make(split_labels=labels(["train"] * 80 + ["test"] * 20))
    sequences = data.sequences.copy()
    sequences[0] = sequences[90]
    data = Dataset(sequences, data.targets, target_names=("y",), split_labels=data.split_labels)
    split = make_split(data)
    assert split.excluded.tolist() == [0]
    assert len(split.test) == 20
    assert "1 rows were kept out of train" in split.warnings[0]


def test_a_copy_of_a_validation_sequence_leaves_the_fit_rows():
    data = make(split_labels=labels(["train"] * 60 + ["val"] * 20 + ["test"] * 20))
    sequences = data.sequences.copy()
    sequences[0] = sequences[70]
    data = Dataset(sequences, data.targets, target_names=("y",), split_labels=data.split_labels)
    split = make_split(data)
    assert split.excluded.tolist() == [0]
    assert split.folds.tolist() == [-1] * 59 + [0] * 20


def test_chromosomes_are_held_out_whole_and_near_the_size():
    chromosome = labels([f"chr{i % 12}" for i in range(600)])
    data = make(600, chromosomes=chromosome)
    split = make_split(data, strategy="chromosome", test_size=0.25)
    held_out = set(chromosome[split.test].tolist())
    assert held_out == set(split.parameters["test_chromosomes"])
    assert not held_out & set(chromosome[split.train].tolist())
    assert abs(len(split.test) / 600 - 0.25) < 0.05


def test_random_split_has_the_asked_size_and_target_distribution():
    data = make(4_000)
    gaps = []
    for seed in range(10):
        split = make_split(data, strategy="random", test_size=0.3, seed=seed)
        assert abs(len(split.test) - 1_200) <= 2
        gaps.append(data.targets[split.train].mean() - data.targets[split.test].mean())
    # A deal that does not look at the target has gaps of 0.034 on average (root mean square).
    assert np.sqrt(np.mean(np.square(gaps))) < 0.015


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (make(), {"strategy": "group"}, "pass --group COL"),
        (make(), {"strategy": "chromosome"}, "pass --chromosome COL"),
        (make(), {"strategy": "column"}, "column:NAME"),
        (make(chromosomes=labels(["chr1"] * 100)), {"strategy": "chromosome"}, "all rows lie on 'chr1'"),
        (make(split_labels=labels(["a", "b"] * 50)), {"strategy": "column"}, "found 'a', 'b'; expected"),
        (make(split_labels=labels(["1"] * 100)), {"strategy": "column"}, "one fold number"),
        (make(6), {"strategy": "random", "n_folds": 10}, "fewer than 10 folds; pass a smaller --folds"),
        (make(groups=labels(["x"] * 100)), {"strategy": "group"}, "at least 2"),
    ],
)  # fmt: skip
def test_what_cannot_be_split_is_refused_with_a_remedy(data, options, message):
    with pytest.raises(SplitError, match=message):
        make_split(data, **options)


def test_an_unknown_strategy_gets_a_hint():
    with pytest.raises(UnknownNameError, match="did you mean 'random'"):
        make_split(make(), strategy="randm")


def test_it_serves_as_cv_of_scikit_learn():
    from sklearn.dummy import DummyRegressor

    data = make(200)
    split = make_split(data, n_folds=4)
    train = data.take(split.train)
    scores = cross_val_score(
        DummyRegressor(), np.zeros((len(train), 1)), train.targets[:, 0], cv=split
    )
    assert len(scores) == 4


def test_the_digest_of_a_split_follows_its_rows():
    data = make()
    assert make_split(data, seed=1).sha256 == make_split(data, seed=1).sha256
    assert make_split(data, seed=1).sha256 != make_split(data, seed=2).sha256
    assert make_split(data, seed=1).to_dict()["n_test"] == 20


def test_the_tutorial_split_is_that_of_scikit_learn():
    data = make(103)
    split = tutorial_split(data)
    _, expected = train_test_split(np.arange(103), test_size=0.2, random_state=42)
    assert set(split.test.tolist()) == set(expected.tolist())
    assert split.get_n_splits() == 5


def test_the_tutorial_split_counts_its_leaks_and_survives_tiny_tables():
    data = Dataset(["ACGT"] * 50 + ["TTTT"], np.arange(51.0), target_names=("y",))
    split = tutorial_split(data)
    assert "the tutorial's random split leaks" in split.warnings[1]
    assert split.get_n_splits() == 0
    assert "no out-of-fold score" in split.warnings[2]
    with pytest.raises(SplitError, match="bring more rows"):
        tutorial_split(data.take([0]))


@pytest.mark.real_data
def test_wild_type_and_mutant_of_a_locus_never_straddle(real_data):
    data, _ = build_dataset(read_table(real_data("mouse_crx_friedman2021.tsv.gz")))
    split = make_split(data)
    assert split.strategy == "chromosome"
    assert not set(data.groups[split.train]) & set(data.groups[split.test])
    for fit, validate in split.split():
        groups = data.groups[split.train]
        assert not set(groups[fit]) & set(groups[validate])


@pytest.mark.real_data
def test_published_splits_are_taken_as_they_are(real_data):
    table = pd.read_csv(real_data("ecoli_urtecho2020_tss.tsv.gz"), sep="\t")
    data, _ = build_dataset(read_table(real_data("ecoli_urtecho2020_tss.tsv.gz")))
    split = make_split(data)
    assert len(split.test) == (table["split"] == "test").sum()
    assert len(split.excluded) >= 100
    assert not set(find_units(data.sequences)[split.train]) & set(
        find_units(data.sequences)[split.test]
    )
