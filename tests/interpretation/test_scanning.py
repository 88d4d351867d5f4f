"""Windows: scores by hand, sites that do not overlap, bases that never vary."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.data.motifs import Motif
from seqexpr.interpretation.attributions import base_matrix
from seqexpr.interpretation.scanning import constant_bases, scan_windows, window_scores
from seqexpr.sequences import reverse_complement


def test_scores_of_windows_are_log_odds():
    motif = Motif("m", [[0.7, 0.1], [0.1, 0.7], [0.1, 0.1], [0.1, 0.1]])
    scores = window_scores(base_matrix(["ACN"]), motif)
    share = (0.7 + 0.01 * 0.25) / 1.01 / 0.25
    assert scores[0, 0] == pytest.approx(2 * np.log2(share))
    assert scores[0, 1] == -np.inf


def test_of_overlapping_sites_the_better_one_stays():
    motif = Motif.from_consensus("AAAA", conservation=0.9)
    codes = base_matrix(["TTAAAACAAAT", "AAAAAAAA"])
    rows, starts, reverse, scores = scan_windows(codes, motif, both_strands=False, min_score=0.0)
    assert list(zip(rows.tolist(), starts.tolist(), strict=True)) == [
        (0, 2),
        (0, 6),
        (1, 0),
        (1, 4),
    ]
    assert not reverse.any()
    assert scores[0] > scores[1]
    assert len(scan_windows(base_matrix(["ACG"]), motif, both_strands=True)[0]) == 0


def test_both_strands_are_scanned():
    motif = Motif.from_consensus("TGACCTTG", conservation=0.95)
    codes = base_matrix(["GGTGACCTTGGG", "GG" + reverse_complement("TGACCTTG") + "GG"])
    rows, starts, reverse, _ = scan_windows(codes, motif, both_strands=True)
    assert (rows.tolist(), starts.tolist(), reverse.tolist()) == ([0, 1], [2, 2], [False, True])


def test_bases_that_never_vary_are_found_from_either_end():
    rng = np.random.default_rng(0)
    inner = ["".join(rng.choice(list("ACGT"), size=size)) for size in rng.integers(5, 9, size=40)]
    codes = base_matrix([f"TTG{text}CA" for text in inner])
    found = constant_bases(codes)
    for row, text in enumerate(inner):
        wanted = [True] * 3 + [False] * len(text) + [True] * 2
        assert found[row, : len(wanted)].tolist() == wanted
        assert not found[row, len(wanted) :].any()
    assert not constant_bases(codes[:5]).any()  # five sequences tell nothing
