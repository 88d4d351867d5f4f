"""Networks from the table to the bundle and out of it; these need the extra deep."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

import seqexpr
from seqexpr.data.simulate import PlantedMotif, simulate_library
from seqexpr.errors import BundleError, InputError, MissingExtraError
from seqexpr.models.nets.configs import CompactCNN
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.neural_pipelines import network_pipeline
from seqexpr.models.registry import MODELS, ModelSpec
from seqexpr.models.training.settings import Training
from seqexpr.workflow.train import complete_recipe

torch = pytest.importorskip("torch", reason='needs PyTorch: pip install "seqexpr[deep]"')


def small(*, random_state, n_jobs):
    form = CompactCNN(n_channels=8, n_places=4)
    return network_pipeline(
        NeuralRegressor(
            form, training=Training(n_epochs=3), random_state=random_state,
            n_jobs=n_jobs,
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def table():
    motifs = (PlantedMotif("TGACTCA", 2.0, start=5), PlantedMotif("CACGTG", -2.0, start=20))
    rng = np.random.default_rng(0)
    return simulate_library(200, rng=rng, length=40, noise=0.3, motifs=motifs).table


@pytest.fixture(scope="module")
def run(table, tmp_path_factory):
    spec = ModelSpec("tiny", "Tiny network", "A network.", False, 30, False, small, extra="deep")
    MODELS.register("tiny", spec)
    try:
        steps = []
        done = seqexpr.train(
            table, target="expression", models=("mean", "tiny"), split="random", nested=False,
            jobs=1, output=tmp_path_factory.mktemp("nets") / "run", on_step=steps.append,
        )  # fmt: skip
        yield done, steps
    finally:
        MODELS._items.pop("tiny")


def test_its_training_is_told_epoch_by_epoch(run):
    texts = [step.text for step in run[1]]
    assert any("fold 1 of 5, epoch 3/3, loss " in text and "left" in text for text in texts)


def test_its_weights_lie_beside_the_estimator(run):
    folder = run[0].path / "model"
    assert (folder / "weights.safetensors").stat().st_size > 10_000
    assert (folder / "estimator.skops").stat().st_size < 60_000
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["golden"]["dtype"] == "float32"
    bundle = seqexpr.load(run[0].path)
    sequences = ["ACGTTGACTCATT" * 3, "CACGTG" * 6]
    found = bundle.predict(sequences)[:, 0]
    np.testing.assert_allclose(found, run[0].model.predict(sequences), rtol=1e-5)


def test_a_bundle_with_other_weights_is_refused(run, tmp_path):
    shutil.copytree(run[0].path / "model", tmp_path / "model")
    (tmp_path / "model" / "weights.safetensors").unlink()
    with pytest.raises(BundleError, match=r"weights.safetensors' is missing"):
        seqexpr.load(tmp_path / "model")


def test_it_is_exported_and_predicts_the_same(run, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    from seqexpr.bundle.export import export_onnx
    from seqexpr.models.nets.encoding import code_matrix

    bundle = seqexpr.load(run[0].path)
    file = export_onnx(bundle, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(file.read_bytes())
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["seqexpr.targets"])[0]["name"] == "expression"
    rows = ["ACGTTGACTCATT" * 3, "CACGTG" * 6]
    mean, _ = session.run(None, {"codes": code_matrix(rows)})
    np.testing.assert_allclose(mean, bundle.predict(rows), rtol=1e-4, atol=1e-4)


def test_what_is_no_network_is_not_exported(table, tmp_path):
    from seqexpr.bundle.export import export_onnx

    seqexpr.train(
        table, target="expression", models=("mean", "gc", "tutorial"), split="random",
        output=tmp_path / "run",
    )  # fmt: skip
    with pytest.raises(InputError, match="is no network, and only networks are exported"):
        export_onnx(seqexpr.load(tmp_path / "run"), tmp_path / "model.onnx")


def test_balanced_needs_the_extra_and_says_so_before_anything_is_read(monkeypatch):
    import sys

    complete_recipe(None, "library.csv", {"preset": "balanced"})
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r'pip install "seqexpr\[deep\]"'):
        complete_recipe(None, "library.csv", {"preset": "balanced"})
    with pytest.raises(MissingExtraError, match=r'pip install "seqexpr\[deep\]"'):
        complete_recipe(None, "library.csv", {"models": ("legnet",)})


def test_a_network_goes_on_from_another_run(run, table, tmp_path):
    again = seqexpr.train(
        table.iloc[:120], target="expression", models=("mean",), split="random", nested=False,
        jobs=1, init_from=str(run[0].path), output=tmp_path / "run",
    )  # fmt: skip
    assert again.evaluation.selected == "transfer"
    assert again.model["regressor"].form_.n_channels == 8
    assert seqexpr.load(tmp_path / "run").predict(["ACGT" * 10]).shape == (1, 1)
    about = json.loads((tmp_path / "run/model/manifest.json").read_text())
    assert about["recipe"]["init_from"] == str(run[0].path)


def test_without_a_network_there_is_nothing_to_go_on_from(table, tmp_path):
    seqexpr.train(
        table, target="expression", models=("mean", "gc"), split="random", output=tmp_path / "run",
    )  # fmt: skip
    with pytest.raises(InputError, match="is 'GC, length and CpG', and no network with weights"):
        seqexpr.train(table, target="expression", init_from=str(tmp_path / "run"))
    with pytest.raises(InputError, match="name its run with --init-from"):
        seqexpr.train(table, target="expression", models=("transfer",))
