"""Contributions of every row: those of all rows together, whatever stands beside a row."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from seqexpr.data.columns import ColumnRoles
from seqexpr.data.table import Table
from seqexpr.interpretation.contributions import Explained, contributions_of
from seqexpr.models.registry import make_model
from seqexpr.workflow import contribution_table as module
from seqexpr.workflow.contribution_table import contribution_table, settle_methods


def random_rows(n, seed=0, low=20, high=40):
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list("ACGT"), length)) for length in rng.integers(low, high, n)]


def table_of(rows, **more):
    frame = pd.DataFrame({"sequence": rows} | more)
    return Table(frame, ColumnRoles("sequence", id="id" if more else None), "table", "parquet")


def bundle_of(model, *names):
    return SimpleNamespace(model=model, target_names=names, covariates=())


@pytest.fixture(scope="module")
def trees():
    """Boosted trees of two targets."""
    rows = random_rows(400)
    y = np.array([[row.count("TA"), -row.count("GC")] for row in rows], dtype=float)
    return bundle_of(make_model("lightgbm").fit(rows, y), "ta", "gc")


def test_contributions_of_trees_add_up_for_each_target(trees):
    rows = random_rows(30, seed=1)
    columns, summary = contribution_table(trees, table_of(rows, id="x"), ("weights", "weights"))
    assert (summary.n_rows, summary.n_explained, summary.problems) == (30, 30, ())
    assert str(columns.schema.field("contributions_gc").type).startswith("list<")
    frame = columns.to_pandas()
    assert frame.columns.tolist()[:2] == ["id", "sequence"]
    for target, name in enumerate(trees.target_names):
        together = contributions_of(
            Explained(trees.model, rows, rows, target, name), "weights"
        ).contributions
        for row, own in enumerate(frame[f"contributions_{name}"]):
            expected = together[row, : len(rows[row])].astype(np.float32)
            np.testing.assert_array_equal(own, expected)
        total = frame[f"contributions_{name}"].map(np.sum) + frame[f"rest_{name}"]
        np.testing.assert_allclose(total, frame[f"predicted_{name}"], atol=1e-5)
        assert set(frame[f"method_{name}"]) == {"weights"}


def test_rows_that_cannot_be_explained_keep_their_place(trees):
    rows = ["acgtacgtacgtacgtacgtaa", "", "AC!T", *random_rows(2)]
    columns, summary = contribution_table(trees, table_of(rows), ("weights", "mutagenesis"))
    assert columns["id"].to_pylist() == [f"row {number}" for number in range(1, 6)]
    assert columns["sequence"].to_pylist() == [rows[0].upper(), *rows[1:]]
    assert columns["problem"].to_pylist()[:4] == [
        None, "no sequence", "not DNA: '!' at position 3", None
    ]  # fmt: skip
    assert columns["contributions_ta"].is_null().to_pylist() == [False, True, True, False, False]
    assert columns["rest_gc"].null_count == 5
    assert columns["rest_ta"].null_count == 2
    assert (summary.n_explained, summary.n_repaired) == (3, 1)
    assert [(problem.reason, problem.rows) for problem in summary.problems] == [
        ("no sequence", (2,)), ("not DNA", (3,))
    ]  # fmt: skip


def test_a_row_without_a_number_says_so():
    class Strange:
        def predict(self, rows):
            return np.array([np.nan if row.startswith("T") else 1.0 for row in rows])

    bundle = bundle_of(Strange(), "y")
    columns, summary = contribution_table(bundle, table_of(["TACG", "ACGC"]), ("mutagenesis",))
    # Of the second row a change gives no number.
    assert columns["problem"].to_pylist() == ["the model gives no number"] * 2
    assert columns["contributions"].null_count == 2
    assert summary.n_explained == 0


def test_the_method_is_that_of_rows_from_all_over_the_table(trees):
    rows = random_rows(40, low=30, high=31)
    alike = table_of([rows[0]] * 20)
    methods = settle_methods(trees, [alike])
    assert [method.name for method in methods] == ["mutagenesis"] * 2
    methods = settle_methods(trees, [alike, table_of(rows), table_of(rows)])
    assert [(method.target, method.name) for method in methods] == [
        ("ta", "weights"), ("gc", "weights")
    ]  # fmt: skip
    assert [check.name for check in methods[0].checks] == ["sum", "agreement", "members"]
    assert methods[0].notes == ()


@pytest.mark.parametrize("method", ["deeplift", "integrated_gradients"])
def test_a_network_says_the_same_however_the_table_is_cut(method, monkeypatch):
    pytest.importorskip("torch", reason="needs PyTorch: pip install 'seqexpr[deep]'")
    from seqexpr.models.nets.configs import CompactCNN
    from seqexpr.models.neural import NeuralRegressor
    from seqexpr.models.training.settings import Training

    rows = random_rows(25, low=24, high=27)
    y = np.array([row.count("A") for row in rows], dtype=float)
    network = NeuralRegressor(CompactCNN(n_channels=8), training=Training(n_epochs=2), n_members=2)
    bundle = bundle_of(network.fit(rows, y), "a")
    whole, _ = contribution_table(bundle, table_of(rows), (method,))
    monkeypatch.setattr(module, "_BASES", 300)
    cut, _ = contribution_table(bundle, table_of(rows), (method,))
    for name in ("contributions", "predicted", "rest"):
        ours, others = (np.concatenate([np.atleast_1d(one) for one in table[name].to_pylist()])
                        for table in (whole, cut))  # fmt: skip
        # In other batches float32 is added in another order: the sixth digit may differ.
        np.testing.assert_allclose(ours, others, atol=1e-5)
