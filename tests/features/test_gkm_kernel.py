from __future__ import annotations

from itertools import combinations, product
from math import comb, exp, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.errors import InputError, SequenceError
from seqexpr.features import gkm_kernel
from seqexpr.features.gapped import GappedKmers
from seqexpr.features.gkm_kernel import GkmKernel
from seqexpr.sequences import reverse_complement

MESSY = st.text(alphabet="ACGTacgtUuNRY-", max_size=12)
DNA = st.text(alphabet="ACGT", max_size=14)
PARAMETERS = st.integers(1, 5).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, min(n, 3))))


def dna(n, length, *, seed=0):
    rng = np.random.default_rng(seed)
    return ["".join(row) for row in rng.choice(list("ACGT"), size=(n, length))]


def gapped_counts(sequence, length, k):
    """Count every gapped word, by looking for each of the C(l, k) 4**k in each window."""
    text = sequence.upper().replace("U", "T")
    windows = [text[i : i + length] for i in range(len(text) - length + 1)]
    return np.array(
        [
            sum(
                all(window[place] == base for place, base in zip(places, word, strict=True))
                for window in windows
                if set(window) <= set("ACGT")
            )
            for places in combinations(range(length), k)
            for word in product("ACGT", repeat=k)
        ]
    )


def by_hand(one, other, parameters, *, both=False):
    a, b = gapped_counts(one, *parameters), gapped_counts(other, *parameters)
    if both:
        turned = [gapped_counts(reverse_complement(s), *parameters) for s in (one, other)]
        top, left, right = a @ (b + turned[1]), a @ (a + turned[0]), b @ (b + turned[1])
    else:
        top, left, right = a @ b, a @ a, b @ b
    return top / sqrt(left * right) if left and right else 0.0


@settings(max_examples=40)
@given(MESSY, MESSY, PARAMETERS, st.booleans(), st.sampled_from(["words", "pairs", "auto"]))
def test_it_is_the_dot_product_of_all_gapped_words(one, other, parameters, both, method):
    strands = "both" if both else "single"
    kernel = GkmKernel(*parameters, strands=strands, method=method)
    wanted = by_hand(one, other, parameters, both=both)
    assert kernel([one], [other])[0, 0] == pytest.approx(wanted, abs=1e-12)


@settings(max_examples=25)
@given(st.lists(DNA, min_size=1, max_size=5), PARAMETERS, st.sampled_from(["single", "both"]))
def test_both_ways_give_the_same_to_the_last_bit(sequences, parameters, strands):
    words, pairs = (
        GkmKernel(*parameters, strands=strands, method=m)(sequences) for m in ("words", "pairs")
    )
    np.testing.assert_array_equal(words, pairs)
    np.testing.assert_array_equal(words, words.T)


@settings(max_examples=25)
@given(DNA, DNA, st.integers(0, 3))
def test_d_is_the_most_mismatches_that_count(one, other, d):
    def similarity(a, b):
        pairs = product(
            [a[i : i + 5] for i in range(len(a) - 4)], [b[i : i + 5] for i in range(len(b) - 4)]
        )
        wrong = [sum(x != y for x, y in zip(*pair, strict=True)) for pair in pairs]
        return sum(comb(5 - m, 2) for m in wrong if m <= d)

    own = similarity(one, one) * similarity(other, other)
    wanted = similarity(one, other) / sqrt(own) if own else 0.0
    assert GkmKernel(5, 2, d=d)([one], [other])[0, 0] == pytest.approx(wanted, abs=1e-12)


@settings(max_examples=25)
@given(DNA, DNA)
def test_both_strands_are_one(one, other):
    kernel = GkmKernel(4, 3, strands="both")
    turned = reverse_complement(one)
    found = kernel([one, turned], [other, one])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)
    assert found[1, 1] == pytest.approx(1.0 if len(one) >= 4 else 0.0)


@pytest.mark.parametrize("parameters", [(8, 6), (6, 4), (11, 7)])
def test_it_is_positive_and_agrees_with_the_counts(parameters):
    sequences = dna(12, 40)
    counts = GappedKmers(*parameters).transform(sequences).astype(float)
    product_ = (counts @ counts.T).toarray()
    norm = np.sqrt(np.diag(product_))
    found = GkmKernel(*parameters)(sequences)
    np.testing.assert_allclose(found, product_ / np.outer(norm, norm), rtol=1e-12)
    assert np.linalg.eigvalsh(found).min() > -1e-10
    np.testing.assert_allclose(np.diag(found), 1.0)


def test_rbf_is_the_exponential_of_it():
    sequences = [*dna(3, 20), "AC"]
    plain, rbf = GkmKernel(5, 3)(sequences), GkmKernel(5, 3, gamma=2.0)(sequences)
    np.testing.assert_allclose(rbf, np.exp(2 * (plain - 1)))
    assert rbf[0, 3] == pytest.approx(exp(-2))  # no window, so nothing in common


@pytest.mark.parametrize("method", ["words", "pairs"])
def test_blocks_and_threads_change_nothing(monkeypatch, method):
    rows, columns = dna(30, 25), dna(23, 25, seed=1)
    whole = GkmKernel(6, 4, strands="both", method=method)(rows, columns)
    monkeypatch.setattr(gkm_kernel, "BATCH", 7)
    monkeypatch.setattr(gkm_kernel, "MOST_ENTRIES", 5_000)
    kernel = GkmKernel(6, 4, strands="both", method=method, n_jobs=3)
    np.testing.assert_array_equal(kernel(rows, columns), whole)
    assert kernel([], columns).shape == (0, 23)
    assert kernel(rows, []).shape == (30, 0)


def test_long_windows_hold():
    """Windows of 31 bases fill the code to its last bit but two."""
    one, other = "A" * 31, "A" * 30 + "T"
    assert GkmKernel(31, 29, method="pairs")([one], [other])[0, 0] == pytest.approx(30 / 465)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"l": 0}, "l must be"),
        ({"l": 4, "k": 5}, "k one in"),
        ({"l": 4, "k": 2, "d": 3}, r"d must be None or an int in \[0, l - k\] = \[0, 2\]"),
        ({"strands": "bot"}, "strands must be one of 'single', 'both'.*did you mean 'both'"),
        ({"method": "word"}, "did you mean 'words'"),
        ({"gamma": 0.0}, "gamma must be None or positive"),
        ({"l": 4, "k": 2, "d": 1, "method": "words"}, "for d=1 take method 'pairs'"),
    ],
)
def test_parameters_out_of_range(parameters, message):
    with pytest.raises(InputError, match=message):
        GkmKernel(**parameters)(["ACGT"])


def test_what_is_not_text_is_refused():
    with pytest.raises(SequenceError, match="expected a str, found int"):
        GkmKernel()(["ACGT", 3])
