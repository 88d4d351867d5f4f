"""Half precision: taken where it pays, and good enough where it is taken."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.models.nets.configs import CompactCNN
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.training import precision
from seqexpr.models.training.context import training_context
from seqexpr.models.training.settings import Training
from seqexpr.testing.models import _library


@pytest.mark.parametrize(
    ("single", "chosen"), [(3.0, "bf16-mixed"), (1.4, "32-true"), (0.3, "32-true")]
)
def test_it_is_taken_where_it_is_much_faster(monkeypatch, single, chosen):
    monkeypatch.setattr(precision, "_seconds", lambda device, *, half: 1.0 if half else single)
    precision.fastest_precision.cache_clear()
    try:
        assert precision.chosen_precision("cpu") == chosen
        with training_context(precision="single"):
            assert precision.chosen_precision("cpu") == "32-true"
    finally:
        precision.fastest_precision.cache_clear()


def fitted(monkeypatch, how, sequences, y):
    monkeypatch.setattr(precision, "fastest_precision", lambda device: how)
    model = NeuralRegressor(CompactCNN(n_channels=16, n_places=4), device="cpu",
                            training=Training(n_epochs=8), random_state=3)  # fmt: skip
    return model.fit(sequences, y)


@pytest.mark.parametrize("ragged", [False, True])
def test_a_network_learns_as_well_in_half_precision(monkeypatch, capfd, ragged):
    sequences, y = _library(400, seed=0)
    if ragged:
        sequences = [one[: len(one) - row % 6] for row, one in enumerate(sequences)]
    single, half, again = (
        fitted(monkeypatch, how, sequences, y) for how in ("32-true", "bf16-mixed", "bf16-mixed")
    )
    assert all(weights.dtype in (np.float32, np.int64) for weights in half.weights_[0].values())
    r = [np.corrcoef(model.predict(sequences), y)[0, 1] for model in (single, half)]
    assert r[1] > r[0] - 0.03
    assert r[1] > 0.7
    np.testing.assert_array_equal(half.predict(sequences), again.predict(sequences))
    assert not np.array_equal(half.predict(sequences), single.predict(sequences))
    assert capfd.readouterr() == ("", "")  # Lightning would tell of it, fit by fit
