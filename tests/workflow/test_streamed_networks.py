"""Networks on tables that do not fit in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("torch", reason='needs PyTorch: pip install "seqexpr[deep]"')

import seqexpr
from seqexpr.data.simulate import simulate_library
from seqexpr.models.nets.configs import CompactCNN
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.neural_pipelines import network_pipeline
from seqexpr.models.registry import MODELS, ModelSpec
from seqexpr.models.targets import TargetTransform
from seqexpr.models.training.settings import Training
from seqexpr.recipe import Recipe
from seqexpr.workflow import streaming
from seqexpr.workflow.streamed_networks import StreamedRows
from seqexpr.workflow.train import stream_for, train

if TYPE_CHECKING:
    import pandas as pd


@pytest.fixture(scope="module")
def library() -> pd.DataFrame:
    """2,400 rows with weights, sorted by what was measured, as tables often are."""
    table = simulate_library(2_400, rng=np.random.default_rng(3), length=40, noise=0.3).table
    rows = table[["sequence", "expression"]].sort_values("expression", ignore_index=True)
    return rows.assign(weight=np.where(np.arange(len(rows)) % 50 == 7, 0.0, 1.5))


@pytest.fixture
def holds(monkeypatch):
    """Let a stream hold 800 rows, and read 200 at a time."""
    monkeypatch.setattr(streaming, "_MOST", 800)
    monkeypatch.setattr(streaming, "BATCH", 200)


@pytest.fixture
def rows_of(library, holds, tmp_path):
    file = tmp_path / "table.parquet"
    library.to_parquet(file, index=False)

    def read(n_buffered=3):
        recipe = Recipe.create(table=str(file), memory="1G", weight="weight")
        with stream_for(recipe, None, tmp_path / "run") as stream:
            stream.scan(lambda step: None)
            transform = TargetTransform.fit(np.zeros((2, 1)), "none")
            rows = StreamedRows(stream, transform, on_step=lambda step: None)
            streamed = [one for batch in stream.streamed() for one in batch.sequences]
            rows.n_buffered = n_buffered
            epochs = [[one for piece in rows.pieces([7, epoch]) for one in piece.sequences]
                      for epoch in (0, 1, 0)]  # fmt: skip
        return rows, streamed, epochs

    return read


def test_each_row_comes_once_an_epoch_in_an_order_of_its_own(rows_of, library):
    rows, streamed, (first, second, again) = rows_of()
    held = rows.validation.sequences
    weights = library.set_index("sequence")["weight"]
    assert sorted(first) == sorted(second)
    assert first == again
    assert first != second
    assert len(first) == rows.n_rows
    assert sorted(first + held) == sorted(one for one in streamed if weights[one] > 0)
    assert 0.05 < len(held) / len(streamed) < 0.15
    assert rows.longest == 40
    y = library.set_index("sequence")["expression"][first].to_numpy()
    assert rows.center[0] == pytest.approx(y.mean())
    assert rows.scale[0] == pytest.approx(y.std())
    assert rows.mean_weight == 1.5


def test_a_sorted_table_is_mixed_as_far_as_the_buffer_reaches(rows_of, library):
    place = library.reset_index().set_index("sequence")["index"]

    def kinship(n_buffered):
        """Correlation of neighbours' places in the table."""
        order = place[rows_of(n_buffered)[2][0]].to_numpy()
        return np.corrcoef(order[:-1], order[1:])[0, 1]

    assert kinship(1) > 0.8
    assert kinship(100) < 0.1


def small(*, random_state, n_jobs):
    training = Training(n_epochs=4, batch_size=32, learning_rate=0.01)
    form = CompactCNN(n_channels=16, n_places=4)
    return network_pipeline(
        NeuralRegressor(form, training=training, random_state=random_state, n_jobs=n_jobs)
    )


@pytest.fixture
def tiny():
    spec = ModelSpec("tiny", "Tiny network", "A network.", False, 30, False, small, extra="deep")
    MODELS.register("tiny", spec)
    yield
    MODELS._items.pop("tiny")


def test_train_fits_it_beside_the_others_and_ships_it(library, holds, tiny, tmp_path):
    file = tmp_path / "table.parquet"
    library.to_parquet(file, index=False)
    steps = []
    run = train(
        file, output=tmp_path / "run", memory="1G", models=("mean", "tiny"), weight="weight",
        jobs=1, folds=3, nested=False, on_step=lambda step: steps.append(step.text),
    )  # fmt: skip
    names = [model.name for model in run.evaluation.models]
    assert names == ["mean", "tiny", "tiny_streamed"]
    assert any("streamed rows: epoch 4/4" in text for text in steps)
    scores = {row.model: row.value for row in run.evaluation.rows
              if (row.set, row.metric) == ("test", "pearson")}  # fmt: skip
    assert scores["tiny_streamed"] > scores["tiny"]  # it saw more rows
    assert "streamed rows" in run.evaluation.models[-1].description
    bundle = seqexpr.load(tmp_path / "run")
    some = library["sequence"].iloc[:50].tolist()
    assert np.allclose(bundle.predict(some)[:, 0], run.predict(some), atol=1e-5)
