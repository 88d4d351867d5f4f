from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from seqexpr.data.dataset import Dataset
from seqexpr.data.inputs import join_inputs, model_inputs, sequences_of, take_rows, with_sequences
from seqexpr.errors import InputError, SequenceError

ROWS = np.array(["ACGT", "TT", "GG"], dtype=object)


def test_without_covariates_a_model_reads_a_list_of_str():
    inputs = join_inputs(ROWS, None)
    assert model_inputs(inputs) == ["ACGT", "TT", "GG"]
    assert take_rows(inputs, [2, 0]).tolist() == ["GG", "ACGT"]
    assert with_sequences(inputs, ["A", "C", "G"]).tolist() == ["A", "C", "G"]


def test_rows_of_a_dataset_keep_their_covariates():
    data = Dataset(ROWS, np.arange(3.0), target_names=("y",),
                   covariates=pd.DataFrame({"cell": ["b", "a", "b"], "dose": [1, 2, 3]}))  # fmt: skip
    taken = data.take([2, 1]).inputs
    assert taken["sequence"].tolist() == ["GG", "TT"]
    assert taken["cell"].tolist() == ["b", "a"]
    assert taken["dose"].tolist() == [3.0, 2.0]
    assert data.take([0]).covariates["cell"].cat.categories.tolist() == ["a", "b"]  # all are known
    other = with_sequences(taken, ["A", "C"])
    assert other.drop(columns="sequence").equals(taken.drop(columns="sequence"))
    assert sequences_of(other).tolist() == ["A", "C"]
    assert sequences_of(taken).tolist() == ["GG", "TT"]


def test_what_cannot_be_joined_is_told():
    with pytest.raises(InputError, match="a covariate is called 'sequence'"):
        Dataset(ROWS, np.arange(3.0), target_names=("y",),
                covariates=pd.DataFrame({"sequence": ["a", "b", "c"]}))  # fmt: skip
    with pytest.raises(SequenceError, match="expected a str"):
        sequences_of(pd.DataFrame({"sequence": [1, 2]}))
