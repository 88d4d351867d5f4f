"""Ray Train without a cluster: Ray is started here, and ended. (In its own file: it is slow.)"""

from __future__ import annotations

import signal

import numpy as np
import pytest

from seqexpr.errors import InputError
from seqexpr.models.nets.configs import CompactCNN
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.training.context import training_context
from seqexpr.models.training.settings import Training
from seqexpr.scale.ray_session import ray_session
from seqexpr.scale.ray_training import RayTraining
from seqexpr.testing.models import _library

ray = pytest.importorskip("ray", reason="needs Ray: pip install 'seqexpr[scale]'")
pytest.importorskip("torch", reason="needs PyTorch: pip install 'seqexpr[deep]'")
pytest.importorskip("lightning_fabric", reason="needs Lightning: pip install 'seqexpr[deep]'")

pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own, of its threads and files


def test_a_ray_of_our_own():
    """One worker of it comes to what a plain fit does."""
    sequences, expression = _library(80, seed=0)
    interrupt = signal.getsignal(signal.SIGINT)

    def fitted(**named):
        model = NeuralRegressor(CompactCNN(n_channels=8, n_places=3), device="cpu",
                                training=Training(n_epochs=3), **named)  # fmt: skip
        return model.fit(sequences, expression)

    with ray_session():
        with (
            pytest.raises(InputError, match="n_workers = 999: 999 cores are needed"),
            training_context(launcher=RayTraining(n_workers=999)),
        ):
            fitted()
        with training_context(launcher=RayTraining(n_workers=1)):
            one = fitted(n_devices=5)  # of which the launcher knows better
    assert not ray.is_initialized()
    assert signal.getsignal(signal.SIGINT) is interrupt
    plain = fitted()
    np.testing.assert_array_equal(one.predict(sequences), plain.predict(sequences))
    np.testing.assert_array_equal(one.history_[0], plain.history_[0])
