from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.dataset import Dataset
from seqexpr.errors import InputError, SequenceError


def make(n=4, **more):
    sequences = ["ACGT" * (i + 1) for i in range(n)]
    return Dataset(sequences, np.arange(n, dtype=float), target_names=("expression",), **more)


def test_targets_become_a_column_and_names_are_filled_in():
    data = make(2)
    assert data.targets.shape == (2, 1)
    assert data.ids.tolist() == ["row 1", "row 2"]
    assert data.target_units == ("",)


def test_it_cannot_be_changed():
    data = make()
    with pytest.raises(ValueError, match="read-only"):
        data.targets[0, 0] = 9
    with pytest.raises(AttributeError, match="cannot assign"):
        data.targets = None


@given(st.lists(st.integers(0, 9), max_size=12))
def test_take_takes_every_column_in_order(rows):
    data = make(
        10, weights=np.arange(10.0), replicates=np.arange(20.0).reshape(10, 2), groups=list("abcdefghij"),
        covariates=pd.DataFrame({"species": list("ABCDEFGHIJ")}),
    )  # fmt: skip
    taken = data.take(np.array(rows, dtype=int))
    assert taken.targets[:, 0].tolist() == rows == taken.weights.tolist()
    assert taken.groups.tolist() == ["abcdefghij"[i] for i in rows]
    assert taken.replicates.shape == (len(rows), 2)
    assert taken.covariates["species"].tolist() == ["ABCDEFGHIJ"[i] for i in rows]
    assert taken.ids.tolist() == [f"row {i + 1}" for i in rows]


def test_take_understands_a_mask():
    assert make().take([True, False, False, True]).targets[:, 0].tolist() == [0, 3]


def test_the_digest_follows_the_content_and_nothing_else():
    base = make().sha256
    assert make().sha256 == base
    assert make().take([0, 1, 2, 3]).sha256 == base
    assert make().take([1, 0, 2, 3]).sha256 != base
    assert make(groups=list("aabb")).sha256 != base
    assert make(covariates=pd.DataFrame({"x": range(4)})).sha256 != base
    # moving a letter across a border between two cells is a change
    one = Dataset(["AC", "GT"], [1.0, 2.0], target_names=("y",)).sha256
    other = Dataset(["ACG", "T"], [1.0, 2.0], target_names=("y",)).sha256
    assert one != other


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"weights": [1.0]}, "weights has 1 rows, sequences has 4"),
        ({"groups": ["a"] * 5}, "groups has 5 rows"),
        ({"covariates": pd.DataFrame({"x": [1]})}, "covariates has 1 rows"),
    ],
)
def test_lengths_must_agree(more, message):
    with pytest.raises(InputError, match=message):
        make(**more)


def test_targets_must_be_finite_or_missing_and_named():
    with pytest.raises(InputError, match="infinite"):
        Dataset(["A"], [np.inf], target_names=("y",))
    with pytest.raises(InputError, match="2 target columns but 1 target names"):
        Dataset(["A"], np.zeros((1, 2)), target_names=("y",))
    with pytest.raises(SequenceError, match="expected a str, found float"):
        Dataset(["A", float("nan")], [1.0, 2.0], target_names=("y",))
    assert np.isnan(Dataset(["A"], [np.nan], target_names=("y",)).targets).all()
