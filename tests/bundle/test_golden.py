from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.bundle.golden import check_golden, choose_golden, make_golden
from seqexpr.bundle.manifest import package_versions
from seqexpr.errors import BundleError

DNA = st.lists(st.text(alphabet="ACGTN", min_size=1, max_size=30), min_size=1, max_size=60)


@given(DNA, st.integers(3, 12))
def test_the_shortest_the_longest_and_one_with_an_unknown_base(sequences, n):
    golden = choose_golden(sequences, n=n)
    lengths = [len(s) for s in sequences]
    assert {min(lengths), max(lengths)} <= {len(s) for s in golden}
    assert any("N" in s for s in golden)
    assert len(set(golden)) == len(golden) <= n
    assert sum(s not in sequences for s in golden) <= 1
    assert golden == choose_golden(sequences, n=n)


def test_many_sequences_give_ten():
    rng = np.random.default_rng(0)
    sequences = ["".join(rng.choice(list("ACGT"), 20)) for _ in range(500)]
    assert len(choose_golden(sequences)) == 10


def length(sequences):
    return np.array([float(len(s)) for s in sequences])


def check(golden, predict, packages=None):
    check_golden(golden, predict, packages=packages or package_versions(), where="model")


def test_what_was_recorded_holds():
    golden = make_golden(length, ["AC", "ACGT"])
    assert golden.predictions == ((2.0,), (4.0,))
    check(golden, length)
    check(golden, lambda s: length(s)[:, None])
    check(golden, lambda s: length(s) * (1 + 1e-7))


def test_many_targets():
    golden = make_golden(lambda s: np.stack([length(s), -length(s)], axis=1), ["AC", "ACGT"])
    assert golden.predictions == ((2.0, -2.0), (4.0, -4.0))


@pytest.mark.parametrize(
    ("predict", "message"),
    [
        (lambda s: length(s) + 1e-5, r"golden prediction 1 of 2 is 2.00001, was 2 when"),
        (lambda s: length(s) * np.array([1.0, np.nan]), r"golden prediction 2 of 2 is nan, was 4"),
        (lambda s: np.stack([length(s)] * 2, axis=1), r"the shape \(2, 2\), had \(2, 1\)"),
        (lambda s: length(s)[:1], "does not predict any more"),
        (lambda s: 1 / 0, r"does not predict any more \(ZeroDivisionError: division by zero\)"),
        (lambda s: {}["a"], r"does not predict any more .KeyError"),
    ],
)
def test_another_prediction_is_an_error(predict, message):
    golden = make_golden(length, ["AC", "ACGT"])
    with pytest.raises(BundleError, match=message) as caught:
        check(golden, predict)
    assert "with the same packages" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_packages_that_changed_are_named():
    golden = make_golden(length, ["AC"])
    packages = package_versions() | {"numpy": "1.0", "abacus": "3"}
    with pytest.raises(
        BundleError, match=r"since then: numpy 1.0 → \d.*, abacus 3 → not installed"
    ):
        check(golden, lambda s: length(s) + 1, packages)


def test_what_is_no_number_stays_no_number():
    golden = make_golden(lambda s: length(s) * np.nan, ["AC"])
    assert golden.predictions == ((None,),)
    check(golden, lambda s: length(s) * np.inf)
    with pytest.raises(BundleError, match="is 2, was nan"):
        check(golden, length)


def test_rounding_is_that_of_the_range_not_of_the_value():
    """A sum of large numbers that comes out near 0 is as inexact as they are."""
    golden = make_golden(lambda s: 1_000 * (length(s) - 3), ["ACG", "ACGT", "AC"], dtype="float32")
    check(golden, lambda s: 1_000 * (length(s) - 3) + 0.1)
    with pytest.raises(BundleError, match=r"golden prediction 1 of 3 is 1, was 0"):
        check(golden, lambda s: 1_000 * (length(s) - 3) + 1.0)


def test_float32_is_given_the_room_that_it_needs():
    golden = make_golden(lambda s: (length(s) / 3).astype(np.float32), ["AC"])
    assert golden.dtype == "float32"
    check(golden, lambda s: (length(s) / 3).astype(np.float32) * np.float32(1 + 1e-5))
    with pytest.raises(BundleError, match="golden prediction"):
        check(golden, lambda s: (length(s) / 3).astype(np.float32) * np.float32(1.001))
