"""Standard errors, by hand for each kind of column."""

import numpy as np
import pandas as pd
import pytest

from seqexpr.data.checks import build_dataset
from seqexpr.data.columns import ColumnRoles
from seqexpr.data.measurement_errors import standard_errors_of
from seqexpr.data.table import read_table
from seqexpr.errors import ColumnError


def errors(columns, **roles):
    frame = pd.DataFrame({name: list(map(str, cells)) for name, cells in columns.items()})
    return standard_errors_of(frame, ColumnRoles("sequence", ("y",), **roles))


def test_a_standard_error_is_taken_as_it_is_but_not_below_zero():
    found = errors({"se": [0.5, -1, "x", 0]}, error="se")
    np.testing.assert_array_equal(found, [0.5, np.nan, np.nan, 0])


def test_a_deviation_is_divided_by_the_root_of_the_replicates_that_were_measured():
    columns = {"sd": [2, 3, 1], "rep1": [1, 1, ""], "rep2": [1, 1, ""], "rep3": ["", 1, ""]}
    found = errors(columns, error="sd", replicates=("rep1", "rep2", "rep3"))
    np.testing.assert_allclose(found, [2 / 2**0.5, 3**0.5, np.nan])


def test_a_variance_is_of_one_replicate_unless_it_falls_as_one_over_their_number():
    one = errors({"var": [4, 8, 9], "n": [4, 2, 1]}, error="var", n_replicates="n")
    np.testing.assert_allclose(one, [1, 2, 3])
    mean = errors({"var": [1, 2, 4], "n": [4, 2, 1]}, error="var", n_replicates="n")
    np.testing.assert_allclose(mean, [1, 2**0.5, 2])


def test_a_deviation_between_how_many():
    with pytest.raises(ColumnError, match="add a column n_replicates"):
        errors({"sd": [1, 2]}, error="sd")


def test_the_dataset_carries_errors_and_reads():
    frame = pd.DataFrame(
        {"seq": ["ACGTACGT", "TTGACAAT"], "y": [1.0, 2.0], "sem": [0.1, 0.2], "reads": [3, -1]}
    )
    data, _ = build_dataset(read_table(frame, target=("y",)))
    assert data.standard_errors.tolist() == [0.1, 0.2]
    np.testing.assert_array_equal(data.reads, [3, np.nan])
    assert data.take([1]).standard_errors.tolist() == [0.2]
