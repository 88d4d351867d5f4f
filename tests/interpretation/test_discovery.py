"""Motifs from contributions: planted ones are found, and nothing where nothing contributes."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.errors import InputError
from seqexpr.interpretation.attributions import Attributions, base_matrix
from seqexpr.interpretation.discovery import find_motifs, lowest_score
from seqexpr.interpretation.twin import is_motif_of
from seqexpr.interpretation.weights import lay_back_model
from seqexpr.sequences import reverse_complement


def planted(sites, *, n=400, length=60, seed=0, noise=0.02, strands=(False,)):
    """Return attributions in which the bases of planted sites contribute, and others do not."""
    rng = np.random.default_rng(seed)
    sequences, amounts = [], rng.normal(0, noise, size=(n, length))
    for row in range(n):
        text = "".join(rng.choice(list("ACGT"), size=length))
        for site, effect in sites.items():
            if rng.random() < 0.3:
                start = int(rng.integers(length - len(site)))
                turned = bool(rng.choice(strands))
                word = reverse_complement(site) if turned else site
                text = text[:start] + word + text[start + len(site) :]
                amounts[row, start : start + len(site)] += effect / len(site)
        sequences.append(text)
    present = base_matrix(sequences)[:, None] == np.arange(4)[:, None]
    ids = tuple(map(str, range(n)))
    return Attributions(amounts[:, None] * present, tuple(sequences), ids, "y", "weights",
                        np.zeros(n))  # fmt: skip


def test_planted_motifs_are_found_with_their_sites_and_contributions():
    sites = {"TGACTCA": 1.0, "CACGTGAC": -0.8, "GGGCGGAA": 0.6}
    attributions = planted(sites)
    found = find_motifs(attributions)
    assert len(found) >= 3
    for site, effect in sites.items():
        (best,) = [item for item in found[:3] if is_motif_of(item.motif, site)]
        assert best.contribution == pytest.approx(effect, rel=0.2)
        spelled = [
            attributions.sequences[row][start : start + len(best.motif)]
            for row, start in zip(best.rows, best.starts, strict=True)
        ]
        assert np.mean([site[1:-1] in word for word in spelled]) > 0.9


def test_on_both_strands_a_motif_is_one():
    attributions = planted({"TGACCTTG": 1.0}, strands=(False, True))
    found = find_motifs(attributions, both_strands=True)[0]
    assert is_motif_of(found.motif, "TGACCTTG")
    assert 0.3 < found.is_reverse.mean() < 0.7
    assert len(found.rows) > 100


def test_where_nothing_stands_out_nothing_is_found():
    assert find_motifs(planted({}), min_effect=4.0) == []
    flat = planted({}, noise=0.0)
    assert find_motifs(flat) == []
    short = Attributions(np.zeros((2, 4, 3)), ("ACG", "ACT"), ("a", "b"), "y", "weights",
                         np.zeros(2))  # fmt: skip
    assert find_motifs(short) == []


def test_a_line_over_words_shows_what_was_planted(library, ridge):
    found = find_motifs(lay_back_model(ridge, library.sequences[:600]))
    for site, sign in (("TGACTCA", 1), ("CACGTGAC", -1), ("GGGCGGAA", 1)):
        assert any(
            is_motif_of(item.motif, site) and item.contribution * sign > 0 for item in found[:5]
        )


@pytest.mark.parametrize("k", [3, 9])
def test_seeds_of_other_lengths_are_refused(k):
    with pytest.raises(InputError, match=r"k must be in \[4, 8\]"):
        find_motifs(planted({}), k=k)


def test_the_score_that_parts_sites_from_others():
    scores = np.array([9.0, 8.0, 7.0, 3.0, 2.0, 1.0])
    assert 3 < lowest_score(scores, np.array([1.0, 1.1, 0.9, 0.1, 0.0, 0.1])) < 7.0
    assert lowest_score(scores, np.ones(6)) < 1.0  # all alike: all are sites
    assert lowest_score(np.zeros(0), np.zeros(0)) == 0.0
