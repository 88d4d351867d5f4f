from __future__ import annotations

import numpy as np
import pytest

from seqexpr.models.nets.configs import CompactCNN
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.training.cost import seconds_of_fit
from seqexpr.models.training.settings import Training
from seqexpr.models.training.uniting import LINEAR_LOSSES, unite

RNG = np.random.default_rng(0)
ROWS = ["".join(RNG.choice(list("ACGT"), size=12)) for _ in range(60)]
Y = RNG.normal(size=(60, 2)) * [1.0, 50.0] + [0.0, 1000.0]


def fitted(part, *, loss="squared", y=Y, n_members=1):
    model = NeuralRegressor(
        CompactCNN(n_channels=4, n_places=2), training=Training(n_epochs=2, loss=loss),
        n_members=n_members, random_state=part,
    )  # fmt: skip
    return model.fit(ROWS[part : part + 40], y[part : part + 40])


@pytest.mark.parametrize("loss", LINEAR_LOSSES)
def test_united_networks_predict_their_mean(loss):
    fits = [fitted(part, loss=loss) for part in (0, 10, 20)]
    mean = np.mean([fit.predict(ROWS) for fit in fits], axis=0)
    np.testing.assert_allclose(unite(fits).predict(ROWS), mean, rtol=1e-5, atol=1e-3)


def test_members_stay_members_and_one_target_one():
    united = unite([fitted(part, y=Y[:, 0], n_members=2) for part in (0, 10)])
    assert united.members_predict(ROWS).shape == (4, 60)
    assert united.predict(ROWS).shape == (60,)


def test_a_target_that_does_not_vary_is_predicted_as_it_is():
    united = unite([fitted(part, y=np.full(60, 7.0)) for part in (0, 10)])
    np.testing.assert_allclose(united.predict(ROWS), 7.0, atol=1e-5)


def test_losses_that_are_not_linear_are_refused():
    with pytest.raises(ValueError, match="squared, huber"):
        unite([fitted(0, loss="bins")])


def test_more_rows_and_epochs_take_longer():
    model = NeuralRegressor(CompactCNN(n_channels=32))
    few, many = (seconds_of_fit(model, ROWS, n_rows=n) for n in (100, 100_000))
    assert 0 < few < many
