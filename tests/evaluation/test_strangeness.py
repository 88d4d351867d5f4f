"""The aspects: words by brute force, numbers by hand, strangers score higher."""

import numpy as np

from seqexpr.evaluation.strangeness import Strangeness, _kmer_frequencies, _words
from seqexpr.sequences import encode


def test_words_by_brute_force():
    sequences = ["ACGTNACGGT", "", "AC", "TTTACG"]
    encoded = encode(sequences)
    for k in (2, 3, 4):
        expected = []
        for s in sequences:
            for end in range(len(s)):
                word = s[max(0, end - k + 1) : end + 1]
                good = len(word) == k and "N" not in word
                expected.append(
                    sum("ACGT".index(c) * 4**i for i, c in enumerate(reversed(word)))
                    if good
                    else -1
                )
        assert _words(encoded, k).tolist() == expected


def test_frequencies_by_hand():
    frequency, known = _kmer_frequencies(encode(["AAAC", "N"]))
    assert known.tolist() == [2.0, 0.0]
    assert frequency[0, 0] == 0.5  # AAA
    assert frequency[0, 1] == 0.5  # AAC
    assert frequency[1].sum() == 0


def test_each_aspect_sees_what_it_is_for():
    rng = np.random.default_rng(0)
    library = ["ACGT" + "".join(rng.choice(list("ACGT"), 40)) for _ in range(500)]
    fitted = Strangeness.fit(encode(library))
    typical = np.median(fitted.score(encode(library)), axis=0)
    rich = fitted.score(encode(["GC" * 22]))[0]
    assert rich[0] > 0.4  # composition
    assert rich[1] > 2 * typical[1]  # 3-mers
    moved = fitted.score(encode([library[0][4:] + "ACGT"]))[0]
    assert moved[3] > fitted.score(encode([library[0]]))[0, 3] + 0.3  # position


def test_lengths_by_hand():
    fitted = Strangeness.fit(encode(["ACGTA" * 20] * 50))
    outside = fitted.outside_length(np.array([100, 110, 80, 200]))
    np.testing.assert_allclose(outside, [0, 1, 2, 10])


def test_a_sequence_scores_the_same_to_the_last_bit_whatever_stands_before():
    rng = np.random.default_rng(1)
    rows = ["".join(rng.choice(list("ACGT"), length)) for length in rng.integers(1, 90, 300)]
    fitted = Strangeness.fit(encode(rows))
    whole = fitted.score(encode(rows))[:, [0, 2, 3]]  # 3-mers go through BLAS
    for first in (1, 17, 250):
        np.testing.assert_array_equal(
            fitted.score(encode(rows[first:]))[:, [0, 2, 3]], whole[first:]
        )
