from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.checks import build_dataset
from seqexpr.data.table import read_table
from seqexpr.errors import SplitError
from seqexpr.splits.strategies import make_split
from seqexpr.splits.units import find_units


def by_column(data, **options):
    return make_split(data, strategy="column", **options)


def test_words_are_the_published_split(make_data):
    column = (
        ["Train"] * 50 + ["training "] * 10 + ["val"] * 10 + ["DEV"] * 5 + ["TEST"] * 20 + [""] * 5
    )
    split = by_column(make_data(split_labels=column))
    assert split.test.tolist() == list(range(75, 95))
    assert split.excluded.tolist() == list(range(95, 100))
    assert split.train.tolist() == list(range(75))
    assert split.folds.tolist() == [-1] * 60 + [0] * 15
    assert (
        "5 rows have no known label in the split column: they are in neither" in split.warnings[0]
    )
    assert split.parameters == {"test_size": None, "n_folds": 1}


@pytest.mark.parametrize("word", ["test", "Heldout", "held-out", "eval", "TESTING"])
def test_without_validation_rows_there_are_folds_inside_train(make_data, word):
    split = by_column(make_data(split_labels=["train"] * 80 + [word] * 20), n_folds=4)
    assert split.test.tolist() == list(range(80, 100))
    assert split.get_n_splits() == 4
    assert split.warnings == ()


@pytest.mark.parametrize("form", ["{}", "fold {}", "Fold_{}", "{}.0", "fold{}"])
def test_of_fold_numbers_the_highest_tests(make_data, form):
    split = by_column(make_data(split_labels=[form.format(i % 5 + 1) for i in range(100)]))
    assert split.test.tolist() == list(range(4, 100, 5))
    assert split.folds.tolist() == [i % 5 for i in range(100) if i % 5 != 4]
    assert "5, the highest, tests" in split.reason


def test_numbers_beside_the_word_test_are_folds(make_data):
    split = by_column(make_data(split_labels=[str(i % 4) for i in range(80)] + ["test"] * 20))
    assert split.test.tolist() == list(range(80, 100))
    assert split.folds.tolist() == [i % 4 for i in range(80)]


def test_a_flag_of_zero_and_one_gets_folds_inside_train(make_data):
    """One number left to train is no cross-validation: its fold would leave nothing to fit."""
    split = by_column(make_data(split_labels=["0"] * 80 + ["1"] * 20), n_folds=3)
    assert split.test.tolist() == list(range(80, 100))
    assert split.get_n_splits() == 3
    assert all(len(fit) for fit, _ in split.split())


def test_labels_that_are_not_known_are_named(make_data):
    split = by_column(make_data(split_labels=["train"] * 70 + ["test"] * 20 + ["spare"] * 10))
    assert split.excluded.tolist() == list(range(90, 100))
    assert "10 rows have no known label in the split column (found 'spare')" in split.warnings[0]


def test_a_copy_of_a_test_sequence_leaves_train(make_data):
    split = by_column(make_data(split_labels=["train"] * 80 + ["test"] * 20, copies={0: 90}))
    assert split.excluded.tolist() == [0]
    assert len(split.test) == 20
    assert "1 rows were kept out of train" in split.warnings[0]


def test_a_row_without_a_label_is_not_counted_as_a_leak(make_data):
    data = make_data(split_labels=[""] + ["train"] * 79 + ["test"] * 20, copies={0: 90})
    split = by_column(data)
    assert split.excluded.tolist() == [0]
    assert len(split.warnings) == 1
    assert "no known label" in split.warnings[0]


def test_a_copy_of_a_validation_sequence_leaves_the_fit_rows(make_data):
    column = ["train"] * 60 + ["val"] * 20 + ["test"] * 20
    split = by_column(make_data(split_labels=column, copies={0: 70}))
    assert split.excluded.tolist() == [0]
    assert split.folds.tolist() == [-1] * 59 + [0] * 20
    assert "in the validation set" in split.warnings[0]


def test_copies_in_two_folds_are_united_and_counted(make_data):
    split = by_column(make_data(split_labels=[str(i % 5) for i in range(100)], copies={6: 0}))
    assert split.folds[split.train.tolist().index(6)] == 0
    assert "1 rows moved into the fold of their copy" in split.warnings[0]


def test_groups_count_like_copies(make_data):
    groups = [f"g{i}" for i in range(100)]
    groups[0] = groups[1] = groups[99]
    split = by_column(make_data(split_labels=["train"] * 80 + ["test"] * 20, groups=groups))
    assert split.excluded.tolist() == [0, 1]


@given(labels=st.lists(st.sampled_from(["train", "val", "test", ""]), min_size=30, max_size=60))
def test_every_labelled_row_goes_where_its_label_says(make_data, labels):
    labels = ["train", "train", "test", *labels]
    split = by_column(make_data(len(labels), split_labels=labels), n_folds=2)
    assert [labels[i] for i in split.test] == ["test"] * labels.count("test")
    assert {labels[i] for i in split.train} <= {"train", "val"}
    assert [labels[i] for i in split.excluded] == [""] * labels.count("")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "column:NAME"),
        (["a", "b"] * 10, "found 'a', 'b'; expected train, validation and test, or fold numbers"),
        ([""] * 20, "it is empty; expected"),
        (["1"] * 20, "one fold number; pass --split random"),
        (["train", "val"] * 10, r"no row is called test \(found 'train', 'val'\); label some"),
        (["test", "val"] * 10, "no row is called train"),
        (["1", "2", "train", "test"] * 5, "both fold numbers and test, train"),
        (["train", "test"] * 2, "2 independent groups .* fewer than 5 folds"),
    ],
)
def test_what_is_no_split_is_refused_with_a_remedy(make_data, labels, message):
    data = make_data(20 if labels is None else len(labels), split_labels=labels)
    with pytest.raises(SplitError, match=message):
        by_column(data)


def test_a_train_set_of_nothing_but_leaks_is_refused(make_data):
    data = make_data(4, split_labels=["train", "train", "test", "test"], copies={0: 2, 1: 3})
    with pytest.raises(SplitError, match="no row is left for train"):
        by_column(data)


@pytest.mark.real_data
def test_the_published_split_of_urtecho(real_data):
    """Test rows as published; the 100 unassigned and the train copies of test rows are left out."""
    path = real_data("ecoli_urtecho2020_tss.tsv.gz")
    published = pd.read_csv(path, sep="\t")["split"].value_counts(dropna=False)
    data, _ = build_dataset(read_table(path))
    split = make_split(data)
    assert split.strategy == "column"
    assert len(split.test) == published["test"]
    leaks = len(split.excluded) - 100
    assert leaks >= 0
    assert len(split.train) == published["train"] - leaks
    assert any("100 rows have no known label" in text for text in split.warnings)
    units = find_units(data.sequences)
    assert not set(units[split.train]) & set(units[split.test])


@pytest.mark.real_data
def test_the_published_split_of_lac(real_data):
    path = real_data("ecoli_kinney2010_sortseq.tsv.gz")
    published = pd.read_csv(path, sep="\t")["split"].value_counts()
    data, _ = build_dataset(read_table(path))
    split = make_split(data)
    assert len(split.test) == published["test"]
    assert (split.folds == 0).sum() + (split.folds == -1).sum() == len(split.train)
    assert len(split.train) + len(split.excluded) == published["train"] + published["val"]
    units = find_units(data.sequences)
    [(fit, validate)] = split.split()
    assert not set(units[split.train][fit]) & set(units[split.train][validate])
