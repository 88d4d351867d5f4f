from __future__ import annotations

import numpy as np
import pytest

from seqexpr.data.checks import build_dataset
from seqexpr.data.table import read_table
from seqexpr.errors import SplitError
from seqexpr.splits.strategies import make_split
from seqexpr.splits.units import find_units


def by_chromosome(data, **options):
    return make_split(data, strategy="chromosome", **options)


def test_chromosomes_are_held_out_whole_and_near_the_size(make_data):
    chromosome = np.array([f"chr{i % 12}" for i in range(600)], dtype=object)
    split = by_chromosome(make_data(600, chromosomes=chromosome), test_size=0.25)
    held_out = set(chromosome[split.test].tolist())
    assert held_out == set(split.parameters["test_chromosomes"])
    assert not held_out & set(chromosome[split.train].tolist())
    assert len(split.test) == 150
    assert all(name in split.reason for name in held_out)


def test_the_nearest_sum_is_found_where_there_is_one(make_data):
    sizes = [97, 61, 43, 31, 29, 23, 11, 5]  # 300 in all; 60 = 31 + 29 = 43 + 11 + ... and others
    names = [f"chr{i}" for i, size in enumerate(sizes) for _ in range(size)]
    data = make_data(300, chromosomes=names)
    assert {len(by_chromosome(data, seed=seed).test) for seed in range(5)} == {60}


def test_folds_are_whole_chromosomes_too(make_data):
    chromosome = np.array([f"chr{i % 12}" for i in range(600)], dtype=object)
    split = by_chromosome(make_data(600, chromosomes=chromosome), n_folds=4)
    assert split.get_n_splits() == 4
    assert split.parameters["folds_by"] == "chromosome"
    for fit, validate in split.split():
        places = chromosome[split.train]
        assert not set(places[fit]) & set(places[validate])


def test_fewer_chromosomes_than_folds_are_cut_and_it_is_said(make_data):
    split = by_chromosome(make_data(chromosomes=[f"chr{i % 4}" for i in range(100)]), n_folds=5)
    assert split.get_n_splits() == 5
    assert split.parameters["folds_by"] == "unit"
    assert "3 chromosomes train, fewer than 5 folds" in split.warnings[0]


def test_a_copy_on_a_test_chromosome_leaves_train(make_data):
    places = [f"chr{i % 10}" for i in range(200)]
    # Row 10 k + 1 lies on chr1, row 10 k + 2 on chr2: one pair for each of two chromosomes.
    data = make_data(200, chromosomes=places, copies={1: 2, 13: 14, 25: 26})
    split = by_chromosome(data, test_size=0.5)
    units = find_units(data.sequences)
    in_test = set(units[split.test])
    assert not in_test & set(units[split.train])
    assert len(split.test) == 100
    assert len(split.excluded) > 0
    assert in_test >= set(units[split.excluded])
    assert f"{len(split.excluded)} rows were kept out of train" in split.warnings[0]


def test_a_copy_on_two_train_chromosomes_lies_in_one_fold(make_data):
    data = make_data(
        400,
        chromosomes=[f"chr{i % 8}" for i in range(400)],
        copies={i: i + 1 for i in range(0, 80, 9)},
    )
    split = by_chromosome(data, n_folds=3)
    units = find_units(data.sequences)[split.train]
    for fit, validate in split.split():
        assert not set(units[fit]) & set(units[validate])


def test_rows_without_a_chromosome_are_in_neither_set(make_data):
    split = by_chromosome(
        make_data(chromosomes=[f"chr{i % 9}" if i < 90 else "" for i in range(100)])
    )
    assert split.excluded.tolist() == list(range(90, 100))
    assert "10 rows name no chromosome" in split.warnings[0]
    assert len(split.test) == 20  # two of nine, of the 90 rows that have one


@pytest.mark.parametrize(
    ("chromosomes", "message"),
    [
        (None, "pass --chromosome COL"),
        (["chr1"] * 100, "all rows lie on 'chr1'; pass --split random"),
        ([""] * 100, "no row has a chromosome"),
    ],
)
def test_what_cannot_be_split_is_refused_with_a_remedy(make_data, chromosomes, message):
    with pytest.raises(SplitError, match=message):
        by_chromosome(make_data(chromosomes=chromosomes))


@pytest.mark.real_data
def test_wild_type_and_mutant_of_a_locus_never_straddle(real_data):
    data, _ = build_dataset(read_table(real_data("mouse_crx_friedman2021.tsv.gz")))
    split = make_split(data)
    assert split.strategy == "chromosome"
    assert abs(len(split.test) / len(data) - 0.2) < 0.005
    assert not set(data.chromosomes[split.test]) & set(data.chromosomes[split.train])
    assert not set(data.groups[split.train]) & set(data.groups[split.test])
    groups, places = data.groups[split.train], data.chromosomes[split.train]
    for fit, validate in split.split():
        assert not set(groups[fit]) & set(groups[validate])
        assert not set(places[fit]) & set(places[validate])
    sizes = np.bincount(split.folds)
    assert sizes.max() < 1.3 * sizes.min()
