"""Every row explained in blocks: what is found of all rows together, whatever the blocks are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from seqexpr.bundle.store import load_bundle
from seqexpr.errors import InputError, OutputError
from seqexpr.interpretation.contributions import Explained, contributions_of
from seqexpr.models.fitting import set_jobs
from seqexpr.scale.backend import LocalBackend
from seqexpr.scale.explain import explain_blocks

ONE = LocalBackend(n_workers=1)


def read(folder):
    return pd.concat(map(pd.read_parquet, sorted(folder.iterdir())), ignore_index=True)


@pytest.mark.parametrize("rows", [100, 10**6])
def test_of_a_line_every_row_is_what_it_is_among_all(job, written, rows):
    bundle = load_bundle(job.run)
    summary = explain_blocks(bundle, job.table, written, block_rows=rows, backend=ONE)
    assert (summary.n_rows, summary.n_explained, summary.n_repaired) == (1_200, 1_198, 1)
    assert [(method.target, method.name) for method in summary.methods] == [
        ("expression", "mutagenesis")
    ]
    frame = read(written)
    good = [row.upper() for row in job.rows if row != "not DNA!"]
    expected = contributions_of(Explained(bundle.model, good, [""] * len(good)))
    known = frame[frame["problem"].isna()]
    assert known["sequence"].tolist() == good
    assert frame["id"].tolist() == [f"row {number}" for number in range(1, 1_201)]
    assert frame["problem"].dropna().index.tolist() == [5, 250]
    assert frame.loc[5, "sequence"] == "not DNA!"
    assert frame.loc[[5, 250], ["predicted", "contributions", "method"]].isna().all(axis=None)
    found = np.stack(known["contributions"])
    np.testing.assert_array_equal(found, expected.contributions.astype(np.float32))
    np.testing.assert_allclose(known["predicted"], expected.predictions, rtol=1e-12)
    assert known["rest"].isna().all()


def test_one_thread_explains_a_block_wherever_it_is_done(job, written):
    class Asking(LocalBackend):
        def run(self, work, blocks):
            bundle = load_bundle(job.run)
            set_jobs(bundle.model, 2)
            work.task.start(bundle)
            asked.append(bundle.model.get_params()["regressor__n_jobs"])
            return super().run(work, blocks)

    asked = []
    explain_blocks(load_bundle(job.run), job.table, written, backend=Asking(n_workers=1))
    assert asked == [1]


def test_what_cannot_be_done_is_said(job, tmp_path):
    bundle = load_bundle(job.run)
    with pytest.raises(InputError, match=r"'deeplift' is for a network"):
        explain_blocks(bundle, job.table, tmp_path / "out", method="deeplift")
    with pytest.raises(OutputError, match=r"one file that ends in \.parquet"):
        explain_blocks(bundle, job.table, tmp_path / "out.csv")


def test_a_table_without_a_usable_row_is_written(job, written, tmp_path):
    pd.DataFrame({"sequence": ["", "not DNA!"]}).to_parquet(tmp_path / "t.parquet")
    summary = explain_blocks(load_bundle(job.run), tmp_path / "t.parquet", written, backend=ONE)
    assert (summary.n_rows, summary.n_explained) == (2, 0)
    assert read(written)["problem"].tolist() == ["no sequence", "not DNA: 'o' at position 2"]
