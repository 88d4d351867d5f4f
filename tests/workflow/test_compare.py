from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from seqexpr.data.simulate import PlantedMotif, simulate_library
from seqexpr.errors import InputError
from seqexpr.workflow.compare import compare
from seqexpr.workflow.train import train


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Give the folders of two runs on the same split: the mean, and ridge on planted motifs."""
    folder = tmp_path_factory.mktemp("runs")
    motifs = (PlantedMotif("TGACTCA", 2.0), PlantedMotif("CACGTG", -2.0))
    rng = np.random.default_rng(0)
    table = simulate_library(300, rng=rng, length=40, noise=0.3, motifs=motifs).table
    for name, models in (("mean", ("mean",)), ("ridge", ("ridge",))):
        choices = {"target": "expression", "models": models, "split": "random"}
        train(table, nested=False, output=folder / name, **choices)
    return folder


def test_the_better_run_is_better_by_what_its_scores_say(runs):
    found = compare(runs / "ridge", runs / "mean")
    assert found.runs == {"ridge": "ridge", "mean": "mean"}
    values = {row.model: row.value for row in found.rows if row.metric == "r2"}
    (difference,) = [row for row in found.comparisons if row.metric == "r2"]
    assert (difference.model, difference.other) == ("ridge", "mean")
    assert difference.difference == pytest.approx(values["ridge"] - values["mean"])
    assert difference.low > 0
    assert difference.p_holm < 0.001


def test_the_order_of_rows_does_not_matter(runs, tmp_path):
    other = shutil.copytree(runs / "ridge", tmp_path / "shuffled")
    table = pd.read_parquet(other / "predictions.parquet")
    table.sample(frac=1, random_state=0).to_parquet(other / "predictions.parquet", index=False)
    (difference,) = [r for r in compare(runs / "ridge", other).comparisons if r.metric == "r2"]
    assert (difference.difference, difference.p) == (0.0, 1.0)


def test_folders_of_one_name_go_by_their_path(runs, tmp_path):
    other = shutil.copytree(runs / "ridge", tmp_path / "ridge")
    assert set(compare(runs / "ridge", other).runs) == {str(runs / "ridge"), str(other)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[t["id"] != t["id"].iloc[-1]], "not tested on the same rows: 1 of 60"),
        (lambda t: t.assign(observed=t["observed"] + 1), "60 of 60 test rows have another"),
    ],
)
def test_other_test_rows_are_refused(runs, tmp_path, change, message):
    other = shutil.copytree(runs / "ridge", tmp_path / "other")
    table = change(pd.read_parquet(other / "predictions.parquet"))
    table.to_parquet(other / "predictions.parquet", index=False)
    with pytest.raises(InputError, match=message):
        compare(runs / "ridge", other)


def test_what_is_no_pair_of_runs_is_refused(runs, tmp_path):
    with pytest.raises(InputError, match="at least two different run folders"):
        compare(runs / "ridge", runs / "ridge")
    with pytest.raises(InputError, match="cannot read the evaluation"):
        compare(runs / "ridge", tmp_path)
    other = shutil.copytree(runs / "ridge", tmp_path / "other")
    (other / "predictions.parquet").unlink()
    with pytest.raises(InputError, match=r"predictions\.parquet is missing"):
        compare(runs / "ridge", other)
