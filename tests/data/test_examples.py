from __future__ import annotations

import pandas as pd
import pytest

from seqexpr.data.examples import EXAMPLES, copy_example, example_path
from seqexpr.errors import UnknownNameError


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_an_example_is_small_and_as_described(name, tmp_path):
    path = copy_example(name, tmp_path / "copy.tsv.gz")
    table = pd.read_csv(path, sep="\t")
    assert len(table) == EXAMPLES[name].n_rows
    assert path.stat().st_size < 1_000_000
    assert path.read_bytes() == example_path(name).read_bytes()
    assert example_path(name).with_suffix("").with_suffix(".md").exists()


def test_an_unknown_example_gets_a_hint():
    with pytest.raises(UnknownNameError, match="did you mean 'lac'"):
        example_path("lca")


@pytest.mark.real_data
def test_lac_equals_the_measured_data_row_by_row(real_data):
    ours = pd.read_csv(example_path("lac"), sep="\t")
    theirs = pd.read_csv(real_data("ecoli_kinney2010_sortseq.tsv.gz"), sep="\t")
    pd.testing.assert_frame_equal(ours, theirs[list(ours.columns)])
