from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from Bio import motifs as biopython
from Bio.motifs.matrix import FrequencyPositionMatrix
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.features.motif_scores import STEP, log_odds, score_threshold


def random_scores(rng, width, background):
    frequencies = rng.dirichlet(np.full(4, 0.4), size=width).T
    return log_odds(frequencies, background=background, pseudocount=0.01)


def every_word(scores, background):
    """Score and probability of each of the 4**w words."""
    words = np.array(list(product(range(4), repeat=scores.shape[1])))
    columns = np.arange(scores.shape[1])
    return scores[words, columns].sum(axis=1), background[words].prod(axis=1)


def test_scores_are_those_of_biopython():
    counts = np.random.default_rng(3).multinomial(40, [0.4, 0.3, 0.2, 0.1], size=8).T
    background = np.array([0.3, 0.2, 0.2, 0.3])
    shares = dict(zip("ACGT", background, strict=True))
    matrix = FrequencyPositionMatrix("ACGT", dict(zip("ACGT", counts.tolist(), strict=True)))
    # 0.4 counts among 40, spread as the background is, are a share of 0.01.
    theirs = matrix.normalize({base: 0.4 * share for base, share in shares.items()})
    wanted = theirs.log_odds(shares)
    found = log_odds(counts / 40, background=background, pseudocount=0.01)
    np.testing.assert_allclose(found, [wanted[base] for base in "ACGT"], rtol=1e-12)


@given(
    st.integers(0, 10**6),
    st.integers(1, 6),
    st.sampled_from([0.4, 0.1, 0.02, 1e-3, 3e-4]),
    st.booleans(),
)
@settings(max_examples=30)
def test_thresholds_are_those_of_enumeration(seed, width, p_value, is_even):
    rng = np.random.default_rng(seed)
    background = np.full(4, 0.25) if is_even else rng.dirichlet(np.full(4, 5.0))
    scores = random_scores(rng, width, background)
    words, shares = every_word(scores, background)
    found = score_threshold(scores, background=background, p_value=p_value)
    best = words.max()
    if shares[words >= best - 1e-9].sum() > p_value:
        assert best - STEP <= found <= best
        return
    assert shares[words >= found].sum() <= p_value + 1e-12
    assert shares[words >= found - (width + 1) * STEP].sum() > p_value


@pytest.mark.parametrize("mismatches", [0, 1, 2, 3])
def test_a_whole_level_of_a_consensus_is_in_or_out(mismatches):
    # Each mismatch costs the same, so that only so many scores occur; they must not be cut by
    # rounding, even where the p-value is exactly theirs.
    costs = np.where(np.arange(4)[:, None] == 2, 1.7, -2.31234) * np.ones(8)
    background = np.full(4, 0.25)
    words, shares = every_word(costs, background)
    level = 8 * 1.7 - mismatches * (1.7 + 2.31234)
    p_value = shares[words >= level - 1e-6].sum()
    found = score_threshold(costs, background=background, p_value=p_value)
    np.testing.assert_array_equal(words >= found, words >= level - 1e-6)


def test_a_position_where_any_base_will_do_changes_nothing():
    rng, background = np.random.default_rng(4), np.full(4, 0.25)
    scores = random_scores(rng, 6, background)
    wider = np.insert(scores, 3, np.zeros((20, 4)), axis=1)
    found = [score_threshold(s, background=background, p_value=1e-3) for s in (scores, wider)]
    assert found[0] == pytest.approx(found[1], abs=1e-9)


def test_biopython_finds_nearly_the_same():
    counts = np.random.default_rng(6).multinomial(50, [0.7, 0.1, 0.1, 0.1], size=10).T
    motif = biopython.Motif(alphabet="ACGT", counts=dict(zip("ACGT", counts.tolist(), strict=True)))
    motif.pseudocounts = 0.125
    shares = dict.fromkeys("ACGT", 0.25)
    theirs = motif.pssm.distribution(background=shares, precision=300).threshold_fpr(1e-3)
    scores = np.array([motif.pssm[base] for base in "ACGT"])
    ours = score_threshold(scores, background=np.full(4, 0.25), p_value=1e-3)
    assert ours == pytest.approx(theirs, abs=0.1)
