"""The result type: what is added up, cut out and refused."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.errors import InputError
from seqexpr.interpretation.attributions import Attributions, base_matrix


def make(values, sequences, **others):
    ids = tuple(f"s{i}" for i in range(len(sequences)))
    predictions = np.arange(len(sequences), dtype=float)
    return Attributions(values, sequences, ids, "y", "mutagenesis", predictions, **others)


def test_contributions_are_those_of_the_bases_that_are_there():
    values = np.arange(24.0).reshape(2, 4, 3)
    found = make(values, ("ACN", "T"))
    assert found.contributions.tolist() == [[0.0, 4.0, 0.0], [21.0, 0.0, 0.0]]
    assert found.deltas is None


def test_effects_are_changes_from_the_base_that_is_there():
    values = np.array([[[1.0], [2.0], [3.0], [4.0]]])
    assert make(values, ("C",)).effects.ravel().tolist() == [-1.0, 0.0, 1.0, 2.0]


def test_what_is_left_over_is_told():
    found = make(np.ones((1, 4, 2)), ("AC",), rest=np.array([1.0]))
    assert found.deltas.tolist() == [0 - 1 - 2]


def test_some_rows_are_cut_to_their_own_length():
    values = np.arange(24.0).reshape(2, 4, 3)
    found = make(values, ("ACG", "TT"), rest=np.zeros(2), spread=values)
    one = found.take([1])
    assert one.values.shape == one.spread.shape == (1, 4, 2)
    assert one.ids == ("s1",)
    assert one.predictions.tolist() == [1.0]


def test_what_does_not_fit_together_is_refused():
    with pytest.raises(InputError, match=r"2 sequences of up to 3 bases and 2 ids do not fit"):
        make(np.zeros((2, 4, 2)), ("ACG", "T"))


def test_nothing_is_nothing():
    assert base_matrix([]).shape == (0, 0)
    assert make(np.zeros((0, 4, 0)), ()).contributions.shape == (0, 0)
