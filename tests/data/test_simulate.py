from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.data.checks import build_dataset
from seqexpr.data.simulate import MotifPair, PlantedMotif, simulate_library
from seqexpr.data.table import read_table
from seqexpr.errors import InputError


def rng(seed=0):
    return np.random.default_rng(seed)


def test_the_same_seed_gives_the_same_library():
    first, second = (simulate_library(50, rng=rng(3)).table for _ in range(2))
    assert first.equals(second)
    assert not simulate_library(50, rng=rng(4)).table.equals(first)


motif_lists = st.lists(
    st.builds(
        PlantedMotif,
        st.text("ACGT", min_size=1, max_size=8),
        st.floats(-5, 5),
        share=st.floats(0, 1),
        start=st.none() | st.integers(0, 12),
    ),
    max_size=4,
)


@settings(max_examples=60)
@given(
    motifs=motif_lists,
    length=st.just(20) | st.tuples(st.just(20), st.integers(20, 40)),
    family_size=st.integers(1, 4),
    seed=st.integers(0, 9),
)
def test_every_planted_copy_is_there_and_adds_its_effect(motifs, length, family_size, seed):
    library = simulate_library(
        23, rng=rng(seed), length=length, motifs=motifs, family_size=family_size, noise=0.0
    )
    truth = library.truth
    sequences = library.table["sequence"]
    low, high = (length, length) if isinstance(length, int) else length
    assert sequences.str.len().between(low, high).all()
    for row, sequence in enumerate(sequences):
        expected = 0.0
        for m, motif in enumerate(motifs):
            start = truth.starts[row, m]
            if start >= 0:
                assert sequence[start : start + len(motif.site)] == motif.site
                expected += motif.effect
        assert truth.expression[row] == pytest.approx(expected, abs=1e-12)
    np.testing.assert_array_equal(truth.planted, truth.starts >= 0)
    np.testing.assert_allclose(library.table["expression"], truth.expression, atol=1e-12)
    np.testing.assert_array_equal(library.table["true_expression"], truth.expression)


def test_planting_one_motif_more_changes_the_value_by_its_effect():
    # The same seed draws the same background and the same first motif.
    first = PlantedMotif("TGACTCA", 1.5, share=1.0, start=2)
    for effect in (0.7, -2.0):
        second = PlantedMotif("CACGTG", effect, share=1.0, start=30)
        without = simulate_library(40, rng=rng(5), motifs=(first,), noise=0.0).truth
        both = simulate_library(40, rng=rng(5), motifs=(first, second), noise=0.0).truth
        np.testing.assert_allclose(both.expression - without.expression, effect)


def test_a_pair_acts_only_when_both_are_near():
    motifs = (PlantedMotif("TGACTCA", 1.0), PlantedMotif("CACGTG", 2.0))
    pair = MotifPair(0, 1, effect=3.0, max_gap=10)
    truth = simulate_library(2_000, rng=rng(), motifs=motifs, pairs=(pair,), noise=0.0).truth
    a, b = truth.starts.T
    both = (a >= 0) & (b >= 0)
    gap = np.where(a < b, b - (a + 7), a - (b + 6))
    near = both & (gap <= 10)
    assert 50 < near.sum() < both.sum()
    alone = truth.planted @ np.array([1.0, 2.0])
    np.testing.assert_allclose(truth.activity, alone + 3.0 * near)
    anywhere = simulate_library(
        2_000, rng=rng(), motifs=motifs, pairs=(MotifPair(0, 1, 3.0),), noise=0.0
    ).truth
    np.testing.assert_allclose(anywhere.activity, alone + 3.0 * both)


def test_replicates_have_the_stated_noise_and_average_to_the_expression():
    library = simulate_library(5_000, rng=rng(), noise=0.7, replicates=4)
    replicates = library.table[["rep1", "rep2", "rep3", "rep4"]].to_numpy()
    np.testing.assert_allclose(library.table["expression"], replicates.mean(axis=1))
    # 20,000 values: the standard error of a standard deviation is 0.5%; and with 3 of 4 degrees
    # of freedom left after the mean, the variance within a row is an estimate of its own.
    residual = replicates - library.truth.expression[:, None]
    assert residual.std() == pytest.approx(0.7, rel=0.02)
    assert replicates.var(axis=1, ddof=1).mean() == pytest.approx(0.49, rel=0.03)


@pytest.mark.parametrize(("noise", "replicates"), [(0.5, 1), (0.7, 4), (2.0, 2), (0.0, 3)])
def test_the_ceiling_is_the_share_of_variance_that_is_not_noise(noise, replicates):
    library = simulate_library(8_000, rng=rng(), noise=noise, replicates=replicates)
    signal, error = library.truth.expression.var(), noise**2 / replicates
    assert library.ceiling_r2 == pytest.approx(signal / (signal + error), abs=0.02)


def test_there_is_no_ceiling_where_nothing_varies():
    assert np.isnan(simulate_library(5, rng=rng(), motifs=(), noise=0.0).ceiling_r2)


def test_families_are_one_parent_with_its_mutants():
    library = simulate_library(2_001, rng=rng(), family_size=5, motifs=())
    assert library.table["group"].nunique() == 401  # the last family has one member
    sequences = library.table["sequence"].to_numpy()
    apart = [
        sum(a != b for a, b in zip(sequences[row - row % 5], sequences[row], strict=True))
        for row in range(2_001)
    ]
    members = np.arange(2_001) % 5
    assert np.mean(np.array(apart)[members > 0]) == pytest.approx(5, abs=0.3)  # 5% of 100
    assert set(np.array(apart)[members == 0]) == {0}
    assert library.to_dataset().groups.tolist() == library.table["group"].tolist()


def test_members_of_a_family_share_their_sites_unless_mutated():
    library = simulate_library(4_000, rng=rng(), family_size=4, noise=0.0)
    planted = library.truth.planted.reshape(1_000, 4, 3)
    parents, mutants = planted[:, :1], planted[:, 1:]
    assert not (mutants & ~parents).any()
    kept = (mutants & parents).sum(axis=(0, 1)) / parents.sum(axis=(0, 1)) / 3
    # A site of w bases survives mutation with probability .95^w.
    assert kept == pytest.approx([0.95**7, 0.95**6, 0.95**6], abs=0.05)


def test_a_floor_hides_what_lies_below():
    library = simulate_library(500, rng=rng(), floor=0.0)
    table, truth = library.table, library.truth
    assert table["rep1"].min() == 0.0
    assert (table["rep1"] == 0.0).mean() > 0.1
    np.testing.assert_array_equal(truth.expression, np.maximum(truth.activity, 0.0))
    assert truth.activity.min() == pytest.approx(-1.0)


def test_gc_content_of_the_background():
    letters = "".join(simulate_library(200, rng=rng(), gc=0.8, motifs=()).table["sequence"])
    assert (letters.count("G") + letters.count("C")) / len(letters) == pytest.approx(0.8, abs=0.02)
    assert set(letters) == set("ACGT")


def test_the_table_is_read_and_checked_as_it_is():
    library = simulate_library(150, rng=rng(), family_size=3)
    dataset, report = build_dataset(read_table(library.table))
    ours = library.to_dataset()
    assert report.n_kept == 150
    assert dataset.sequences.tolist() == ours.sequences.tolist()
    assert dataset.sha256 == ours.sha256


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "n = 0"),
        ({"length": 3}, "does not fit into 3 bases"),
        ({"length": 0, "motifs": ()}, "length = 0"),
        ({"length": (9, 5), "motifs": ()}, "the lowest comes first"),
        ({"length": (4, 50)}, "does not fit into 4 bases"),
        ({"motifs": [PlantedMotif("ACGT", 1.0, start=97)]}, "ACGT at 97 does not fit"),
        ({"noise": -1.0}, "noise = -1"),
        ({"replicates": 0}, "replicates = 0"),
        ({"family_size": 0}, "family_size = 0"),
        ({"gc": 1.5}, r"gc = 1\.5"),
        ({"pairs": [MotifPair(0, 3, 1.0)]}, "two of the motifs 0 to 2"),
        ({"pairs": [MotifPair(1, 1, 1.0)]}, "two of the motifs 0 to 2"),
    ],
)
def test_what_cannot_be_simulated(options, message):
    with pytest.raises(InputError, match=message):
        simulate_library(options.pop("n", 10), rng=rng(), **options)
