from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.errors import InputError
from seqexpr.features.gkm_kernel import GkmKernel
from seqexpr.features.nystroem import NystroemKernel, pack_sequences, unpack_sequences


def dna(n, length, *, seed=0):
    rng = np.random.default_rng(seed)
    return ["".join(row) for row in rng.choice(list("ACGT"), size=(n, length))]


@given(st.lists(st.text(alphabet="ACGTN", max_size=9), min_size=1, max_size=5))
def test_packing_is_undone_by_unpacking(strings):
    assert unpack_sequences(pack_sequences(strings)) == strings


def test_all_landmarks_give_the_kernel_itself():
    rows, kernel = dna(60, 30), GkmKernel(5, 3)
    mapped = NystroemKernel(kernel).fit(rows)
    new = dna(10, 30, seed=1)
    found = mapped.transform(rows).astype(float) @ mapped.transform(new).astype(float).T
    np.testing.assert_allclose(found, kernel(rows, new), atol=2e-6)


def test_some_landmarks_give_the_nearest_in_their_span():
    """Williams & Seeger: K_nm K_mm⁻¹ K_mn, by the inverse."""
    rows, kernel = dna(60, 30), GkmKernel(5, 3)
    mapped = NystroemKernel(kernel, n_landmarks=15, random_state=3).fit(rows)
    landmarks = unpack_sequences(mapped.landmarks_)
    assert [row for row in rows if row in set(landmarks)] == landmarks
    across = kernel(rows, landmarks)
    wanted = across @ np.linalg.inv(kernel(landmarks)) @ across.T
    features = mapped.transform(rows).astype(float)
    np.testing.assert_allclose(features @ features.T, wanted, atol=2e-6)
    others = NystroemKernel(kernel, n_landmarks=15, random_state=4).fit(rows)
    assert (others.landmarks_ != mapped.landmarks_).any()


def test_a_line_over_features_is_one_over_landmarks():
    rows, kernel = dna(40, 30), GkmKernel(5, 3)
    mapped = NystroemKernel(kernel, n_landmarks=10).fit(rows)
    coefficients = np.random.default_rng(0).normal(size=10)
    direct = kernel(rows, unpack_sequences(mapped.landmarks_)) @ mapped.weights_of_landmarks(
        coefficients
    )
    np.testing.assert_allclose(mapped.transform(rows) @ coefficients, direct, atol=1e-5)


def test_copies_are_one_landmark():
    mapped = NystroemKernel(GkmKernel(3, 2)).fit(["ACGT", "acgu", "ACGT", "TTTA"])
    assert unpack_sequences(mapped.landmarks_) == ["ACGT", "TTTA"]


def test_negative_eigenvalues_are_lifted():
    """With d < l - k the kernel of all words of l bases has them: 105, 63, 21, … -7 for l = 4."""
    rows = ["".join(word) for word in product("ACGT", repeat=4)]
    kernel = GkmKernel(4, 2, d=1)
    lowest = np.linalg.eigvalsh(kernel(rows)).min()
    assert lowest < -0.01
    features = NystroemKernel(kernel).fit_transform(rows).astype(float)
    assert np.abs(features @ features.T - kernel(rows)).max() < 100 * -lowest


def test_parameters_out_of_range():
    with pytest.raises(InputError, match="n_landmarks must be an int >= 1, got 0"):
        NystroemKernel(n_landmarks=0).fit(["ACGT"])
    with pytest.raises(InputError, match="no sequences to draw landmarks from"):
        NystroemKernel().fit([])
