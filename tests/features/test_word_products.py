"""Products of counts that are never counted: equal to those of the counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.errors import InputError
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.word_products import WordProducts

SEQUENCES = st.lists(st.text("ACGTNacgtu-", max_size=25), min_size=1, max_size=12)


def brute_force(rows, y, v, counter):
    X = counter.transform(rows)
    Z = np.column_stack([np.ones(len(rows)), X.toarray(), y])
    return Z.T @ (Z * v[:, None])


@given(
    rows=SEQUENCES, k=st.integers(1, 4), low=st.integers(1, 4),
    strands=st.sampled_from(["single", "canonical"]), seed=st.integers(0, 9),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_products_are_those_of_the_counts(rows, k, low, strands, seed):
    rng = np.random.default_rng(seed)
    counter = KmerCounter(k=(min(low, k), k), strands=strands)
    y, v = rng.normal(size=len(rows)), rng.integers(0, 3, size=len(rows)).astype(float)
    products = WordProducts(k)
    products.add(rows, y, v)
    wanted = brute_force(rows, y, v, counter)
    np.testing.assert_allclose(products.of_columns(counter), wanted, atol=1e-9)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_long_words_in_several_chunks_and_threads(n_jobs, monkeypatch):
    from seqexpr.features import word_products

    monkeypatch.setattr(word_products, "_CHUNK_ROWS", 16)
    rng = np.random.default_rng(3)
    rows = ["".join(rng.choice(list("ACGTN"), p=[0.3, 0.2, 0.2, 0.29, 0.01], size=n))
            for n in rng.integers(0, 120, size=100)]  # fmt: skip
    y = rng.normal(size=100)
    y[::7] = np.nan
    products = WordProducts(6, n_jobs=n_jobs)
    products.add(rows, y)
    known = np.isfinite(y)
    assert products.n_rows == known.sum()
    kept = [row for row, there in zip(rows, known, strict=True) if there]
    counter = KmerCounter(k=(1, 6))
    wanted = brute_force(kept, y[known], np.ones(len(kept)), counter)
    np.testing.assert_allclose(products.of_columns(counter), wanted, atol=1e-9)


def test_parts_are_merged():
    rows, y = ["ACGTACGT", "TTTT", "GG", "ACNGT"], np.arange(4.0)
    whole, first, second = WordProducts(3), WordProducts(3), WordProducts(3)
    whole.add(rows, y)
    first.add(rows[:1], y[:1])
    second.add(rows[1:], y[1:])
    first.merge(second)
    counter = KmerCounter(k=(1, 3))
    np.testing.assert_allclose(first.of_columns(counter), whole.of_columns(counter))
    with pytest.raises(InputError, match="of up to 3 and 2 bases"):
        first.merge(WordProducts(2))


@pytest.mark.parametrize(
    "counter",
    [KmerCounter(k=4), KmerCounter(k=2, mode="presence"), KmerCounter(k=2, n_features=8)],
)
def test_other_columns_are_refused(counter):
    with pytest.raises(InputError, match="products are of counts of k-mers of up to 3 bases"):
        WordProducts(3).of_columns(counter)


def test_what_cannot_be_added():
    with pytest.raises(InputError, match=r"k must be in \[1, 6\]"):
        WordProducts(7)
    with pytest.raises(InputError, match="2 sequences, 1 targets"):
        WordProducts(2).add(["A", "C"], np.zeros(1))
