from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.gaussian_process.kernels import RBF

from seqexpr.errors import InputError
from seqexpr.features.group_kernel import GroupKernel
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.onehot import OneHot

SITES = st.text(alphabet="ACGT", min_size=6, max_size=6)


@settings(max_examples=40)
@given(st.lists(SITES, min_size=2, max_size=6, unique=True), st.integers(0, 99))
def test_one_hot_makes_the_product_over_sites(sequences, seed):
    """The connectedness kernel: each position that differs brings the factor rho."""
    strengths = np.random.default_rng(seed).gamma(1.0, size=6)
    kernel = GroupKernel(strengths=strengths).fit(sequences)
    rho = kernel.decay("sites")
    wanted = [
        [
            np.prod([1 if a == b else r for a, b, r in zip(x, y, rho, strict=True)])
            for y in sequences
        ]
        for x in sequences
    ]
    np.testing.assert_allclose(kernel(sequences), wanted, rtol=1e-9)
    constant = [len({s[i] for s in sequences}) == 1 for i in range(6)]
    assert (rho[constant] == 1).all()


def test_groups_of_words_are_gaussian_kernels_side_by_side():
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice(list("ACGT"), 20)) for _ in range(9)]
    features = [("two", KmerCounter(2)), ("three", KmerCounter(3))]
    kernel = GroupKernel(features, strengths=[0.5, 2.0]).fit(rows)
    wanted = np.ones((9, 4))
    for (_, counter), strength in zip(features, (0.5, 2.0), strict=True):
        counts = counter.transform(rows).toarray().astype(float)
        spread = np.mean(((counts[:, None] - counts[None]) ** 2).sum(axis=2))
        wanted *= RBF(np.sqrt(spread / strength))(counts, counts[:4])
    np.testing.assert_allclose(kernel(rows, rows[:4]), wanted, rtol=1e-9)
    assert kernel.names_ == ["two", "three"]


def test_positions_can_be_one_group():
    features = [("site", OneHot()), ("words", KmerCounter(1))]
    rows = ["ACG", "CCG", "AGT"]
    assert GroupKernel(features).fit(rows).names_ == ["site0", "site1", "site2", "words"]
    whole = GroupKernel(features, per_site=False).fit(rows)
    assert whole.names_ == ["site", "words"]
    assert len(whole.decay("site")) == 0


def test_odd_sequences_are_compared_too():
    kernel = GroupKernel().fit(["ACGT", "CCGA", "TTAA"])
    found = kernel(["", "NNNN", "ACGTACGT"], ["ACGT", ""])
    assert np.isfinite(found).all()
    assert found[0, 1] == found[1, 1] == found[2, 0] == 1
    assert 0 < found[0, 0] < 1


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"features": []}, "features is empty"),
        ({"strengths": [1.0]}, "strengths must be 3 numbers of at least 0, one for each of sites0"),
        ({"strengths": [1.0, -1.0, 0.0]}, "strengths must be 3 numbers"),
    ],
)
def test_parameters_out_of_range(parameters, message):
    with pytest.raises(InputError, match=message):
        GroupKernel(**parameters).fit(["ACG"])
