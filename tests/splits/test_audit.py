from __future__ import annotations

import numpy as np
import pytest

from seqexpr.errors import InputError
from seqexpr.sequences import reverse_complement
from seqexpr.splits.audit import audit_leakage, nearest_train

BASES = np.array(list("ACGT"))


def strings(codes):
    return np.array(["".join(row) for row in BASES[codes]], dtype=object)


def mutate(codes, rate, rng):
    hit = rng.random(codes.shape) < rate
    return np.where(hit, (codes + rng.integers(1, 4, size=codes.shape)) % 4, codes)


def test_short_sequences_are_compared_exactly_as_by_brute_force():
    rng = np.random.default_rng(0)
    train, test = strings(rng.integers(4, size=(200, 9))), strings(rng.integers(4, size=(60, 9)))
    near = nearest_train(train, test, rng=rng)
    assert near.method == "hamming"

    def equal(a, b):
        return sum(x == y for x, y in zip(a, b, strict=True)) / 9

    for i, sequence in enumerate(test):
        forward = max(equal(sequence, other) for other in train)
        reverse = max(equal(reverse_complement(sequence), other) for other in train)
        assert near.identity[i] == max(forward, reverse)
        turned = sequence if near.strand[i] == 1 else reverse_complement(sequence)
        assert equal(turned, train[near.nearest[i]]) == near.identity[i]


def test_unknown_bases_equal_none_and_lengths_count():
    train = np.array(["ACGTNN", "ACG"], dtype=object)
    near = nearest_train(
        train, np.array(["ACGTNN", "ACGA"], dtype=object), rng=np.random.default_rng(0)
    )
    assert near.identity.tolist() == [4 / 6, 3 / 4]
    assert near.coverage.tolist() == [1, 3 / 4]


def test_a_dense_library_of_long_sequences_is_compared_base_by_base():
    rng = np.random.default_rng(1)
    codes = mutate(np.tile(rng.integers(4, size=75), (400, 1)), 0.08, rng)
    near = nearest_train(strings(codes[:300]), strings(codes[300:]), rng=rng)
    assert near.method == "hamming"
    oracle = (codes[300:, None, :] == codes[None, :300, :]).mean(axis=2).max(axis=1)
    assert np.allclose(near.identity, oracle, atol=0)


def test_planted_relatives_are_found_and_strangers_are_not_called_0():
    rng = np.random.default_rng(2)
    codes = rng.integers(4, size=(120, 140))
    train = strings(codes[:80])
    relatives = strings(mutate(codes[:40], 0.05, rng))
    turned = np.array([reverse_complement(s) for s in relatives[:20]], dtype=object)
    shifted = strings(np.hstack([codes[20:40, 40:], rng.integers(4, size=(20, 40))]))
    test = np.concatenate([turned, shifted, strings(codes[80:])])
    near = nearest_train(train, test, rng=rng)
    assert near.method == "mmseqs"
    assert near.nearest[:40].tolist() == list(range(40))
    assert near.strand[:20].tolist() == [-1] * 20
    assert near.strand[20:40].tolist() == [1] * 20
    assert near.identity[20:40].min() > 0.9
    assert np.allclose(near.coverage[20:40], 100 / 140, atol=0.1)
    assert np.isnan(near.identity[40:]).all()
    assert (near.nearest[40:] == -1).all()
    audit = audit_leakage(near)
    assert (audit.n_test, audit.n_near, audit.n_not_found) == (80, 40, 40)
    assert audit.to_dict()["share_near"] == 0.5
    assert sum(audit.counts) == 40


def test_many_test_sequences_are_sampled():
    rng = np.random.default_rng(3)
    rows = strings(rng.integers(4, size=(500, 12)))
    near = nearest_train(rows, rows, max_test=50, rng=rng)
    assert len(near.rows) == len(set(near.rows.tolist())) == 50
    assert near.n_test == 500
    assert near.identity.tolist() == [1] * 50
    audit = audit_leakage(near)
    assert (audit.counts[-1], audit.n_near) == (50, 50)  # identity 1 is in the last bin


def test_an_empty_set_is_an_error():
    with pytest.raises(InputError, match="one set is empty"):
        nearest_train(
            np.array([], dtype=object), np.array(["ACGT"], dtype=object),
            rng=np.random.default_rng(0),
        )  # fmt: skip
