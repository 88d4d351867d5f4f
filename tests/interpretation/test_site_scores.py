"""Measurements part whole sites from those with a wrong base."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.data.motifs import Motif
from seqexpr.data.planting import PlantedMotif
from seqexpr.data.simulate import simulate_library
from seqexpr.interpretation.site_scores import part_sites

MOTIFS = (PlantedMotif("TGACTCAG", 1.0, share=0.3), PlantedMotif("GGGCGGAA", -0.8, share=0.3))
NAMED = [Motif.from_consensus(m.site, conservation=0.95) for m in MOTIFS]
LOW = [5.0, 5.0]
"""Bits that windows with one and two wrong bases reach."""


def simulated(effect=1.0):
    motifs = [PlantedMotif(m.site, effect * m.effect, share=m.share) for m in MOTIFS]
    made = simulate_library(1200, rng=np.random.default_rng(0), length=80, motifs=motifs)
    return made.table["sequence"].tolist(), made.table["expression"].to_numpy()


def test_only_whole_sites_are_left_where_only_they_do_something():
    # A whole site has the best score there is; one wrong base costs it log2(0.95 / (0.05 / 3)).
    best = [8 * np.log2(0.95 / 0.25)] * 2
    found = part_sites(*simulated(), NAMED, min_scores=LOW)
    for score, highest in zip(found, best, strict=True):
        assert highest - 5.8 < score < highest


def test_a_limit_is_never_lowered_and_few_rows_change_nothing():
    sequences, y = simulated()
    high = [11.0, 14.0]
    assert all(np.array(part_sites(sequences, y, NAMED, min_scores=high)) >= high)
    assert part_sites(sequences[:9], y[:9], NAMED, min_scores=LOW) == LOW
    assert part_sites(sequences, y, [], min_scores=[]) == []


@pytest.mark.parametrize("effect", [0.0, 1.0])
def test_ten_sites_are_left(effect):
    sequences, y = simulated(effect)
    found = part_sites(sequences, y, NAMED, min_scores=LOW)
    for motif, score in zip(MOTIFS, found, strict=True):
        assert score <= 15.5
        assert sum(motif.site in sequence for sequence in sequences) >= 10
