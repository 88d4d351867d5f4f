from __future__ import annotations

import copy
import json
import pickle
import weakref

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
    assert repr(sealed) == "SealedTest(3 rows, 1 target, opened)"


def test_a_second_request_is_refused_as_such_however_wrong():
    sealed = SealedTest(TARGETS)
    sealed.open("ridge", GOOD)
    with pytest.raises(TestSetOpenedError, match="opened once"):
        sealed.open("trees", {})


@pytest.mark.parametrize(
    ("selected", "predictions", "message"),
    [
        ("trees", GOOD, "'trees' has no predictions"),
        ("ridge", {}, "'ridge' has no predictions"),
        ("ridge", {"ridge": np.zeros((2, 1))}, "shape"),
        ("ridge", {"ridge": np.zeros(3)}, r"shape \(3,\), expected \(3, 1\)"),
        ("ridge", {"ridge": np.full((3, 1), np.inf)}, "not all finite"),
        ("ridge", GOOD | {"other": np.full((3, 1), np.nan)}, "'other'"),
    ],
)
def test_a_wrong_request_leaves_it_sealed(selected, predictions, message):
    sealed = SealedTest(TARGETS)
    with pytest.raises(InputError, match=message):
        sealed.open(selected, predictions)
    assert "sealed)" in repr(sealed)
    np.testing.assert_array_equal(sealed.open("ridge", GOOD), TARGETS)


def attributes(sealed):
    for name in dir(sealed):
        try:
            yield getattr(sealed, name)
        except AttributeError:  # a slot that is not filled
            continue


@pytest.mark.parametrize("opened", [False, True])
def test_no_attribute_leads_to_the_targets(opened):
    sealed = SealedTest(TARGETS)
    if opened:
        sealed.open("ridge", GOOD)
    for value in attributes(sealed):
        assert not isinstance(value, (np.ndarray, list, dict))
        assert "1.25" not in repr(value)
    with pytest.raises(TypeError, match="__dict__"):
        vars(sealed)


def test_no_callable_of_it_gives_the_targets_without_a_fair_request():
    sealed = SealedTest(TARGETS)
    for value in attributes(sealed):
        if not callable(value) or isinstance(value, type):
            continue
        for arguments in ((), ("ridge",), ("ridge", {}), ("ridge", {"ridge": np.zeros((1, 1))})):
            try:
                given = value(*arguments)
            except Exception:  # what it says does not matter
                continue
            assert not isinstance(given, np.ndarray)
    assert "sealed)" in repr(sealed)


@pytest.mark.parametrize(
    "take", [copy.copy, copy.deepcopy, pickle.dumps, json.dumps, np.asarray, list, np.array]
)
def test_it_cannot_be_duplicated(take):
    sealed = SealedTest(TARGETS)
    try:
        taken = take(sealed)
    except TypeError:
        return
    # numpy wraps any object; what it wraps is the sealed test itself
    assert taken.shape == ()
    assert taken.item() is sealed


@pytest.mark.parametrize("take", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_copy_is_refused_with_a_reason(take):
    with pytest.raises(TypeError, match="cannot be copied or pickled"):
        take(SealedTest(TARGETS))


def test_after_opening_nothing_holds_the_targets_but_the_caller():
    sealed = SealedTest(TARGETS)
    targets = sealed.open("ridge", GOOD)
    gone = weakref.ref(targets)
    del targets
    assert gone() is None


def test_changing_the_array_afterwards_changes_nothing():
    targets = TARGETS.copy()
    sealed = SealedTest(targets)
    targets[0] = 99.0
    assert sealed.open("ridge", GOOD)[0, 0] == 1.25


def test_targets_have_a_column_each():
    with pytest.raises(InputError, match=r"shape \(3,\), expected \(n_test, n_targets\)"):
        SealedTest(TARGETS[:, 0])
