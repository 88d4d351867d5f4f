"""Known motifs are recognised, with few decoys and many."""

from __future__ import annotations

import numpy as np

from seqexpr.data.jaspar import jaspar_motifs
from seqexpr.data.motifs import Motif
from seqexpr.data.promoter_elements import ECOLI_MOTIFS
from seqexpr.interpretation.matching import match_motifs

RAP1, TATAAT = Motif.from_consensus("TGTATGGGT"), Motif.from_consensus("TATAAT")


def test_a_known_motif_is_its_best_match():
    fungi = jaspar_motifs("fungi")
    turned = Motif("turned", RAP1.frequencies[::-1, ::-1])
    for motif, reverse in ((RAP1, False), (turned, True)):
        best, *others = match_motifs([motif], fungi)[0]
        assert "RAP1" in best.name
        assert best.q_value < 0.01
        assert best.is_reverse is reverse
        assert best.p_value <= others[0].p_value


def test_with_few_known_motifs_shuffled_ones_tell_what_is_rare():
    boxes = [motif for motif in ECOLI_MOTIFS if "spacer" not in motif.name]
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("ACGT"), size=8)) for _ in range(30)]
    queries = [Motif.from_consensus(word, conservation=0.85) for word in words]
    found = match_motifs(queries, boxes, n_best=2)
    assert sum(best.q_value <= 0.05 for best, _ in found) <= 2
    box = match_motifs([TATAAT], boxes)[0][0]
    assert box.name == "sigma70 -10"
    assert box.q_value < 0.05
    assert found == match_motifs(queries, boxes, n_best=2)


def test_nothing_to_compare():
    assert match_motifs([], [RAP1]) == []
    assert match_motifs([RAP1], []) == [[]]
