"""Sites and pairs of sites, counted."""

from __future__ import annotations

import numpy as np

from seqexpr.data.motifs import Motif
from seqexpr.interpretation.motif_sites import GAP_BINS, find_sites, pair_counts

FIRST, SECOND = (Motif.from_consensus(s, conservation=0.95) for s in ("TTGACAGG", "TATAATCC"))


def between(gap: int, *, turned: bool = False) -> str:
    parts = ("TATAATCC", "TTGACAGG") if turned else ("TTGACAGG", "TATAATCC")
    return "CG" + parts[0] + ("GC" * gap)[:gap] + parts[1] + "CG"


def test_pairs_are_counted_by_their_gap_in_either_order():
    gaps = [0, 9, 10, 25, 45, 90]
    sequences = [between(gap, turned=bool(i % 2)) for i, gap in enumerate(gaps)]
    table = pair_counts(find_sites(sequences, [FIRST, SECOND]))[0, 1]
    assert table.sum(axis=1).tolist() == [1] * 6
    assert table.argmax(axis=1).tolist() == [0, 0, 1, 2, 3, 4]
    assert len(GAP_BINS) == table.shape[1]


def test_every_two_sites_of_a_sequence_are_a_pair():
    sites = find_sites(["TTGACAGGCGTATAATCCGCTTGACAGG"], [FIRST, SECOND])
    assert sites.counts.tolist() == [[2, 1]]
    assert pair_counts(sites)[0, 1].tolist() == [[2, 0, 0, 0, 0]]


def test_a_base_has_one_motif():
    part = Motif.from_consensus("GACAGG", conservation=0.95)
    counts = find_sites(["CCTTGACAGGCC", "CCCCGACAGGCC"], [FIRST, part]).counts
    assert counts.tolist() == [[1, 0], [0, 1]]


def test_thresholds_and_strands():
    turned = "GG" + "CCTGTCAA" + "GG"
    assert find_sites([turned], [FIRST]).counts.tolist() == [[0]]
    found = find_sites([turned], [FIRST], both_strands=True)
    assert found.is_reverse.tolist() == [True]
    assert find_sites([turned], [FIRST], min_scores=[99.0], both_strands=True).counts.sum() == 0


def test_no_motifs():
    sites = find_sites(["ACGT"], [])
    assert sites.counts.shape == (1, 0)
    assert pair_counts(sites) == {}
    assert np.array_equal(sites.rows, [])
