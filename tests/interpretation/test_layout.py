"""Sites by position in a library of variants of one sequence."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.interpretation.attributions import Attributions, base_matrix
from seqexpr.interpretation.layout import find_positional_motifs, is_aligned, mean_effects

WILD = "ATGCCTTGACATTTATGCTTCCGGTATAATGTGTGGAATTGTGAG"
SITES = {5: ("TTGACA", 1.0), 24: ("TATAAT", 0.8)}


def variants(n=500, seed=0):
    rng = np.random.default_rng(seed)
    changed = rng.random((n, len(WILD))) < 0.1
    letters = np.where(changed, rng.choice(list("ACGT"), size=changed.shape), np.array(list(WILD)))
    return ["".join(row) for row in letters]


def explained(sequences, *, sign=1.0):
    """Return mutagenesis of a rule: each base of a site that is there adds its effect."""
    codes = base_matrix(sequences)
    changes = np.random.default_rng(1).normal(0, 0.01, size=(len(codes), 4, codes.shape[1]))
    for start, (site, effect) in SITES.items():
        for i, base in enumerate(site):
            right = "ACGT".index(base)
            own = (codes[:, start + i] == right).astype(float)
            for other in range(4):
                changes[:, other, start + i] = sign * effect * (float(other == right) - own)
    values = changes - changes.mean(axis=1, keepdims=True)
    ids = tuple(map(str, range(len(sequences))))
    return Attributions(values, tuple(sequences), ids, "y", "mutagenesis", np.zeros(len(codes)))


def test_sites_are_found_where_they_are():
    found = find_positional_motifs(explained(variants()))
    assert [(int(item.starts[0]), item.motif.consensus) for item in found] == [
        (5, "TTGACA"), (24, "TATAAT"),
    ]  # fmt: skip
    assert found[0].contribution > found[1].contribution > 0
    intact = np.mean([text[5:11] == "TTGACA" for text in variants()])
    assert np.mean([variants()[row][5:11] == "TTGACA" for row in found[0].rows]) >= intact
    assert [item.motif.name for item in found] == ["1", "2"]


def test_what_keeps_expression_down_has_a_negative_contribution():
    found = find_positional_motifs(explained(variants(), sign=-1.0))
    assert [int(item.starts[0]) for item in found] == [5, 24]
    assert all(item.contribution < 0 for item in found)


def test_where_nothing_matters_nothing_is_found():
    sequences = variants(20)
    flat = Attributions(
        np.zeros((20, 4, len(WILD))), tuple(sequences), tuple(map(str, range(20))), "y",
        "mutagenesis", np.zeros(20),
    )  # fmt: skip
    assert find_positional_motifs(flat) == []


def test_mean_effects_are_changes_from_the_commonest_base():
    effects = mean_effects(explained(variants()))
    assert effects.shape == (4, len(WILD))
    assert effects[:, 5].tolist() == pytest.approx([-1.0, -1.0, -1.0, 0.0])


def test_what_counts_as_aligned():
    assert is_aligned(variants(50))
    assert not is_aligned([*variants(50), WILD + "A"])
    assert not is_aligned([WILD])
    rng = np.random.default_rng(0)
    assert not is_aligned(["".join(rng.choice(list("ACGT"), size=30)) for _ in range(50)])
