from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from seqexpr.errors import InputError, TestSetOpenedError
from seqexpr.evaluation.sealed import SealedTest

TARGETS = np.array([[1.25], [2.5], [np.nan]])
GOOD = {"ridge": np.zeros((3, 1))}


def test_it_opens_once():
    sealed = SealedTest(TARGETS)
    np.testing.assert_array_equal(sealed.open("ridge", GOOD), TARGETS)
    for _ in range(2):
        with pytest.raises(TestSetOpenedError, match="opened once"):
            sealed.open("ridge", GOOD)
    assert "opened" in repr(sealed)


@pytest.mark.parametrize(
    ("selected", "predictions", "message"),
    [
        ("trees", GOOD, "'trees' has no predictions"),
        ("ridge", {"ridge": np.zeros((2, 1))}, "shape"),
        ("ridge", {"ridge": np.full((3, 1), np.inf)}, "not all finite"),
        ("ridge", GOOD | {"other": np.full((3, 1), np.nan)}, "'other'"),
    ],
)
def test_a_wrong_request_leaves_it_sealed(selected, predictions, message):
    sealed = SealedTest(TARGETS)
    with pytest.raises(InputError, match=message):
        sealed.open(selected, predictions)
    np.testing.assert_array_equal(sealed.open("ridge", GOOD), TARGETS)


def test_no_attribute_leads_to_the_targets():
    sealed = SealedTest(TARGETS)
    for name in dir(sealed):
        assert not isinstance(getattr(sealed, name), np.ndarray)
    assert "1.25" not in repr(sealed)
    assert not hasattr(sealed, "__dict__")


@pytest.mark.parametrize("take", [copy.copy, copy.deepcopy, pickle.dumps])
def test_it_cannot_be_duplicated(take):
    with pytest.raises(TypeError, match="cannot be copied"):
        take(SealedTest(TARGETS))


def test_changing_the_array_afterwards_changes_nothing():
    targets = TARGETS.copy()
    sealed = SealedTest(targets)
    targets[0] = 99.0
    assert sealed.open("ridge", GOOD)[0, 0] == 1.25
