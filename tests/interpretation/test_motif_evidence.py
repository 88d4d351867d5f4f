"""Measurements say which motifs are real, and which two act together."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.data.motifs import Motif
from seqexpr.data.planting import MotifPair, PlantedMotif
from seqexpr.data.simulate import simulate_library
from seqexpr.interpretation.discovery import FoundMotif
from seqexpr.interpretation.motif_evidence import weigh_motifs, weigh_positional_motifs

MOTIFS = (
    PlantedMotif("TGACTCAG", 1.0, share=0.4),
    PlantedMotif("GGGCGGAA", -0.5, share=0.4),
)
NAMED = [Motif.from_consensus(m.site, conservation=0.97) for m in MOTIFS]
INTACT = [12.0, 12.0, 12.0]
"""Bits that a site with one mismatch does not reach."""
ABSENT = Motif.from_consensus("CATTCCAA", conservation=0.97)


def simulated(seed, n=1500, pairs=()):
    made = simulate_library(n, rng=np.random.default_rng(seed), length=90, motifs=MOTIFS,
                            pairs=pairs)  # fmt: skip
    return made.table["sequence"].tolist(), made.table["expression"].to_numpy(copy=True)


def test_planted_effects_are_covered_and_what_is_absent_is_not_called():
    covered, called = [], []
    for seed in range(20):
        sequences, y = simulated(seed, n=600)
        found = weigh_motifs(sequences, y, [*NAMED, ABSENT], min_scores=INTACT)
        covered += [
            e.low <= m.effect <= e.high for e, m in zip(found.effects, MOTIFS, strict=False)
        ]
        called.append(found.q_values[2] <= 0.05)
    assert np.mean(covered) >= 0.85
    assert np.mean(called) <= 0.15


def test_a_pair_that_acts_together_is_called_at_its_gaps():
    sequences, y = simulated(3, n=4000, pairs=(MotifPair(0, 1, 1.0, max_gap=19),))
    found = weigh_motifs(sequences, y, NAMED, min_scores=INTACT)
    (pair,) = found.pairs
    assert (pair.first, pair.second, pair.min_gap, pair.max_gap) == (0, 1, 0, 19)
    assert pair.effect.low <= 1.0 <= pair.effect.high
    # Alone, a motif does what it does without the pair; on average, more.
    assert found.alone[0].low <= 1.0 <= found.alone[0].high
    assert found.effects[0].value > found.alone[0].value
    assert weigh_motifs(*simulated(4, n=2000), NAMED, min_scores=INTACT).pairs == []


def test_rows_that_were_not_measured_do_not_count():
    sequences, y = simulated(5)
    y[::2] = np.nan
    found = weigh_motifs(sequences, y, NAMED, weights=np.ones(len(y)))
    again = weigh_motifs(sequences[1::2], y[1::2], NAMED)
    assert found.n == 750
    assert found.effects[0].value == pytest.approx(again.effects[0].value)


@pytest.mark.parametrize("n", [0, 5])
def test_too_few_rows_say_nothing(n):
    sequences, y = simulated(6, n=20)
    found = weigh_motifs(sequences[:n], y[:n], NAMED)
    assert np.isnan([effect.value for effect in found.effects]).all()
    assert found.q_values.tolist() == [1.0, 1.0]


def test_positional_sites_by_their_scores():
    rng = np.random.default_rng(0)
    wild, n = "GGTGACTCACCATTGCAATTCG", 3000
    codes = rng.random((n, len(wild))) < 0.12
    letters = np.where(codes, rng.choice(list("ACGT"), size=codes.shape), np.array(list(wild)))
    sequences = ["".join(row) for row in letters]
    motif = Motif.from_consensus("TGACTCA", conservation=0.9)
    intact = (letters[:, 2:9] == np.array(list("TGACTCA"))).sum(axis=1)
    y = 0.4 * intact + rng.normal(0, 0.3, size=n)
    zero = np.zeros(1, dtype=np.int64)
    site = FoundMotif(motif, zero, zero + 2, zero.astype(bool), 0.0, 1.0, 1.0)
    found = weigh_positional_motifs(sequences, y, [site])
    wanted = 0.4 * (7 - intact.mean())  # every mismatch of this motif costs the same score
    assert found.effects[0].low <= wanted <= found.effects[0].high
    assert found.q_values[0] < 1e-6
    assert weigh_positional_motifs(sequences[:3], y[:3], [site]).q_values.tolist() == [1.0]
