"""A GPU gives what the processor gives; skipped, saying so, where there is none."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch

from seqexpr.bundle.golden import check_golden, make_golden
from seqexpr.errors import InputError
from seqexpr.models.nets.configs import CompactCNN, Dilated, DreamRNN, Hybrid, LegNet
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.training import examples
from seqexpr.models.training.settings import Augmentation, Training

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

NETWORKS = [
    CompactCNN(n_channels=16, n_places=4),
    LegNet(stem_channels=16, block_channels=(16, 16)),
    Dilated(n_channels=16, n_layers=3),
    Hybrid(n_channels=16, n_layers=1, n_heads=2),
    DreamRNN(n_channels=16, n_hidden=16),
]
EVERYTHING = Augmentation(
    strands="average", mutations=0.02, insertion=3, deletion=3, inversion=5, finetune_share=0.2
)


def library(n: int, *, equal: bool) -> tuple[list[str], np.ndarray]:
    rng = np.random.default_rng(0)
    sequences = [
        "".join(rng.choice(list("ACGT"), size=40 if equal else rng.integers(20, 60)))
        for _ in range(n)
    ]
    return sequences, np.array([s.count("G") - s.count("T") for s in sequences], dtype=float)


def fitted(network, *, device: str, equal: bool = False, **settings) -> NeuralRegressor:
    model = NeuralRegressor(
        network, training=Training(n_epochs=12, loss=settings.pop("loss", "squared")),
        device=device, random_state=0, **settings,
    )  # fmt: skip
    return model.fit(*library(800, equal=equal))


@pytest.mark.parametrize("equal", [True, False])
@pytest.mark.parametrize("network", NETWORKS, ids=lambda c: c.name)
def test_the_processor_and_the_gpu_predict_the_same(network, equal):
    model = fitted(network, device="cpu", equal=equal)
    sequences, y = library(100, equal=equal)
    here = model.predict(sequences)
    model.set_params(device="cuda").__dict__.pop("_opened", None)
    np.testing.assert_allclose(model.predict(sequences), here, atol=1e-3 * y.std())


@pytest.mark.parametrize("network", NETWORKS, ids=lambda c: c.name)
def test_what_a_gpu_recorded_holds_on_a_processor(network):
    model = fitted(network, device="cuda")
    sequences, y = library(100, equal=False)
    golden = make_golden(model.predict, sequences, dtype="float32")
    there = model.predict(sequences)
    model.set_params(device="cpu").__dict__.pop("_opened", None)
    check_golden(golden, model.predict, packages={}, where="a model of a GPU")
    np.testing.assert_allclose(model.predict(sequences), there, rtol=1e-4, atol=1e-4 * y.std())


def test_nothing_is_said_of_the_precision(capfd, caplog):
    with caplog.at_level(logging.INFO):
        fitted(NETWORKS[0], device="cuda")
    assert not caplog.text
    assert "Tensor Cores" not in "".join(capfd.readouterr())


def test_more_gpus_than_there_are_cannot_be_had():
    n = torch.cuda.device_count()
    with pytest.raises(InputError, match=f"n_devices = {n + 1}: PyTorch sees {n} GPU"):
        fitted(NETWORKS[0], device="cuda", n_devices=n + 1)


@pytest.mark.parametrize("equal", [True, False])
@pytest.mark.parametrize("network", NETWORKS, ids=lambda c: c.name)
def test_it_learns_on_the_gpu(network, equal):
    sequences, y = library(100, equal=equal)
    predicted = fitted(network, device="cuda", equal=equal).predict(sequences)
    assert np.corrcoef(predicted, y)[0, 1] > 0.8


@pytest.mark.parametrize("loss", ["squared", "huber", "gaussian", "bins"])
def test_every_loss_and_augmentation_runs(loss):
    model = fitted(NETWORKS[0], device="cuda", loss=loss, augmentation=EVERYTHING)
    sequences, y = library(100, equal=False)
    assert np.corrcoef(model.predict(sequences), y)[0, 1] > 0.3


def test_rows_that_do_not_fit_are_handed_over_in_pinned_memory(monkeypatch):
    resident = fitted(NETWORKS[0], device="cuda")
    monkeypatch.setattr(examples, "_RESIDENT", 0)
    sequences, y = library(100, equal=False)
    handed = fitted(NETWORKS[0], device="cuda")
    # Not bit for bit: a GPU adds in no fixed order.
    apart = np.abs(handed.predict(sequences) - resident.predict(sequences))
    assert apart.mean() < 0.2 * y.std()
