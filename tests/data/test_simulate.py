from __future__ import annotations

import numpy as np
import pytest

from seqexpr.data.simulate import PlantedMotif, parse_motif, simulate_library
from seqexpr.errors import InputError


def rng(seed=0):
    return np.random.default_rng(seed)


def test_the_same_seed_gives_the_same_library():
    first, second = (simulate_library(50, rng=rng(3)).table for _ in range(2))
    assert first.equals(second)
    assert not simulate_library(50, rng=rng(4)).table.equals(first)


def test_what_is_said_to_be_planted_is_there_and_adds_its_effect():
    motifs = (PlantedMotif("TGACTCA", 1.5), PlantedMotif("CACGTG", -1.0, share=0.2, start=5))
    library = simulate_library(400, rng=rng(), length=60, motifs=motifs)
    sequences = library.table["sequence"]
    for m, motif in enumerate(motifs):
        rows = library.planted[:, m]
        assert sequences[rows].str.contains(motif.site).all()
    assert (sequences[library.planted[:, 1]].str.slice(5, 11) == "CACGTG").all()
    np.testing.assert_allclose(library.truth, library.planted @ np.array([1.5, -1.0]))
    assert abs(library.planted[:, 1].mean() - 0.2) < 0.08


def test_replicates_have_the_stated_noise_and_average_to_the_expression():
    library = simulate_library(5_000, rng=rng(), noise=0.7, replicates=4)
    replicates = library.table[["rep1", "rep2", "rep3", "rep4"]].to_numpy()
    np.testing.assert_allclose(library.table["expression"], replicates.mean(axis=1))
    residual = replicates - library.truth[:, None]
    assert residual.std() == pytest.approx(0.7, rel=0.02)
    # The ceiling is 1 - (noise²/replicates) / (variance of the truth + noise²/replicates).
    noise = 0.7**2 / 4
    assert library.ceiling_r2 == pytest.approx(1 - noise / (library.truth.var() + noise), abs=0.02)


def test_families_are_close_relatives_and_named():
    library = simulate_library(100, rng=rng(), family_size=5, motifs=())
    assert library.table["group"].nunique() == 20
    first, second = library.table["sequence"][:2]
    differing = sum(a != b for a, b in zip(first, second, strict=True))
    assert 0 < differing < 30
    assert library.to_dataset().groups.tolist() == library.table["group"].tolist()


def test_a_floor_hides_what_lies_below():
    table = simulate_library(500, rng=rng(), floor=0.0).table
    assert table["rep1"].min() == 0.0
    assert (table["rep1"] == 0.0).mean() > 0.1


def test_gc_content_of_the_background():
    letters = "".join(simulate_library(200, rng=rng(), gc=0.8, motifs=()).table["sequence"])
    assert (letters.count("G") + letters.count("C")) / len(letters) == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "n = 0"),
        ({"length": 3}, "does not fit into 3 bases"),
        ({"noise": -1.0}, "noise = -1"),
        ({"replicates": 0}, "replicates = 0"),
    ],
)
def test_what_cannot_be_simulated(options, message):
    with pytest.raises(InputError, match=message):
        simulate_library(options.pop("n", 10), rng=rng(), **options)


def test_motifs_are_read_from_text():
    assert parse_motif("tgactca=-2").site == "TGACTCA"
    for text in ("TGACTCA", "=2", "TGAXTCA=1", "TGACTCA=high", "TGACTCA=nan"):
        with pytest.raises(InputError, match="motif"):
            parse_motif(text)
