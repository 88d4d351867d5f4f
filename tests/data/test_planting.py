from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.planting import (
    PlantedMotif,
    mutate,
    parse_motif,
    plant_copies,
    surviving_starts,
)
from seqexpr.errors import InputError


def blank(n, length, value=0):
    return np.full((n, length), value, dtype=np.uint8), np.full(n, length)


def rng(seed=0):
    return np.random.default_rng(seed)


@given(
    site=st.text("ACGTRYN", min_size=1, max_size=8),
    extra=st.integers(0, 10),
    share=st.sampled_from([0.0, 0.5, 1.0]),
    strands=st.sampled_from(["forward", "both"]),
    seed=st.integers(0, 99),
)
def test_copies_stand_where_they_are_said_to_stand(site, extra, share, strands, seed):
    codes, lengths = blank(30, len(site) + extra)
    motif = PlantedMotif(site, 1.0, share=share, strands=strands)
    starts, sites = plant_copies(codes, lengths, motif, rng=rng(seed))
    carries = starts >= 0
    if share in (0.0, 1.0):
        assert (carries == bool(share)).all()
    assert (starts <= extra).all()
    for row in np.flatnonzero(carries):
        np.testing.assert_array_equal(codes[row, starts[row] : starts[row] + len(site)], sites[row])
    assert (codes[~carries] == 0).all()
    np.testing.assert_array_equal(surviving_starts(codes, starts, sites), starts)


def test_a_consensus_allows_its_letters_and_no_others():
    codes, lengths = blank(4_000, 3)
    plant_copies(codes, lengths, PlantedMotif("ARN", 1.0, share=1.0), rng=rng())
    assert set(codes[:, 0]) == {0}
    assert set(codes[:, 1]) == {0, 2}  # R is A or G
    assert np.bincount(codes[:, 2], minlength=4) / 4_000 == pytest.approx([0.25] * 4, abs=0.03)


def test_copies_of_a_pwm_have_its_frequencies():
    pwm = [[0.7, 0.1, 0.1, 0.1], [0.0, 0.0, 0.5, 0.5]]
    motif = PlantedMotif.from_pwm(pwm, effect=2.0, share=1.0)
    codes, lengths = blank(20_000, 2)
    plant_copies(codes, lengths, motif, rng=rng())
    for position in range(2):
        found = np.bincount(codes[:, position], minlength=4) / 20_000
        assert found == pytest.approx(pwm[position], abs=0.015)  # over four standard errors
    assert motif.site == "AG"


def test_both_strands_carry_half_of_the_copies_each():
    codes, lengths = blank(4_000, 4)
    plant_copies(codes, lengths, PlantedMotif("AACG", 1.0, share=1.0, strands="both"), rng=rng())
    texts = ["".join("ACGT"[code] for code in row) for row in codes]
    assert set(texts) == {"AACG", "CGTT"}
    assert texts.count("CGTT") / 4_000 == pytest.approx(0.5, abs=0.04)


def test_positions_spread_around_the_start():
    codes, lengths = blank(4_000, 100)
    motif = PlantedMotif("TATAAT", 1.0, share=1.0, start=50, spread=3.0)
    starts, _ = plant_copies(codes, lengths, motif, rng=rng())
    assert starts.mean() == pytest.approx(50, abs=0.3)
    assert starts.std() == pytest.approx(3, rel=0.1)
    exact, _ = plant_copies(codes, lengths, PlantedMotif("TATAAT", 1.0, start=7), rng=rng())
    assert set(exact) == {-1, 7}


def test_a_spread_beyond_the_ends_stays_inside():
    codes, lengths = blank(500, 10)
    motif = PlantedMotif("ACGT", 1.0, share=1.0, start=0, spread=20.0)
    starts, _ = plant_copies(codes, lengths, motif, rng=rng())
    assert starts.min() == 0
    assert starts.max() == 6


def test_mutation_changes_the_stated_share_of_the_stated_rows():
    codes, _ = blank(1_000, 100, value=2)
    rows = np.arange(1_000) % 2 == 0
    mutate(codes, rows, rate=0.1, rng=rng())
    assert (codes[~rows] == 2).all()
    assert (codes[rows] != 2).mean() == pytest.approx(0.1, abs=0.01)
    assert set(codes[rows].ravel()) == {0, 1, 2, 3}


def test_a_copy_that_was_changed_is_gone():
    codes, _ = blank(2, 5)
    sites = np.array([[1, 2], [1, 2]], dtype=np.uint8)
    codes[0, 3:] = [1, 2]
    codes[1, 3:] = [1, 3]
    assert surviving_starts(codes, np.array([3, 3]), sites).tolist() == [3, -1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"site": ""}, "made of A, C, G, T"),
        ({"site": "ACX"}, "made of A, C, G, T"),
        ({"site": "acg"}, "made of A, C, G, T"),
        ({"effect": float("nan")}, "effect = nan"),
        ({"share": 1.5}, r"share = 1\.5: must be in \[0, 1\]"),
        ({"start": -1}, "start = -1"),
        ({"spread": -0.5}, r"spread = -0\.5"),
        ({"strands": "reverse"}, "'forward' or 'both'"),
        ({"pwm": ((1.0, 0.0, 0.0, 0.0),)}, "4 probabilities"),
        ({"pwm": ((1.0, 0.0, 0.0, 0.0), (2.0, -1.0, 0.0, 0.0))}, "4 probabilities"),
        ({"pwm": ((1.0, 0.0, 0.0, 0.0), (0.5, 0.0, 0.0, 0.0))}, "add up to 1"),
    ],
)
def test_what_is_no_motif(options, message):
    with pytest.raises(InputError, match=message):
        PlantedMotif(**({"site": "AC", "effect": 1.0} | options))


@pytest.mark.parametrize("pwm", [[], [0.25, 0.25, 0.25, 0.25], [[0.5, 0.5]]])
def test_what_is_no_pwm(pwm):
    with pytest.raises(InputError, match=r"shape \(length, 4\)"):
        PlantedMotif.from_pwm(pwm, effect=1.0)


def test_motifs_are_read_from_text():
    assert parse_motif("tgactca=-2") == PlantedMotif("TGACTCA", -2.0)
    assert parse_motif("TATAAT=0.5@12") == PlantedMotif("TATAAT", 0.5, start=12)
    for text in (
        "TGACTCA",
        "=2",
        "TGAXTCA=1",
        "TGACTCA=high",
        "TGACTCA=nan",
        "ACG=1@x",
        "ACG=1@-2",
    ):
        with pytest.raises(InputError, match="motif"):
            parse_motif(text)
