"""The built-in networks as scikit-learn pipelines."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

from seqexpr.errors import InputError
from seqexpr.models.nets.configs import (
    CompactCNN,
    Dilated,
    DreamRNN,
    Hybrid,
    LegNet,
    Network,
)
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.training.context import current_context
from seqexpr.models.training.settings import Training
from seqexpr.models.training.weights import read_network

__all__ = [
    "cnn",
    "dilated",
    "dream_rnn",
    "ensemble",
    "hybrid",
    "legnet",
    "network_pipeline",
    "transfer",
]


def network_pipeline(regressor: NeuralRegressor) -> Pipeline:
    """Return a network as a Pipeline over strings, or over a DataFrame with covariates."""
    return Pipeline([("features", "passthrough"), ("regressor", regressor)])


def _of(form: Network, *, random_state: int, n_jobs: int, **named: Any) -> Pipeline:
    return network_pipeline(
        NeuralRegressor(form, random_state=random_state, n_jobs=n_jobs, **named)
    )


def cnn(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build the compact convolutional network."""
    return _of(CompactCNN(), random_state=random_state, n_jobs=n_jobs)


def ensemble(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build five compact networks, each without another tenth of the rows."""
    return _of(CompactCNN(), random_state=random_state, n_jobs=n_jobs, n_members=5)


def legnet(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build LegNet, as large as its version for human reporters.

    On urtecho half as many channels had R² .27 instead of .39 on a fold, and a
    rate half as high .39 instead of .45 (docs/networks.md, "What was measured").
    """
    form = LegNet(stem_channels=64, block_channels=(80, 96, 112, 128))
    training = Training(learning_rate=0.01, n_epochs=12)
    return _of(form, random_state=random_state, n_jobs=n_jobs, training=training)


def dream_rnn(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build DREAM-RNN at a quarter of its size."""
    return _of(DreamRNN(), random_state=random_state, n_jobs=n_jobs)


def dilated(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build dilated residual convolutions, as BPNet has them."""
    return _of(Dilated(), random_state=random_state, n_jobs=n_jobs)


def transfer(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build the network that the context names, to go on from its weights.

    Raises
    ------
    InputError
        If there is none.
    """
    init_from = current_context().init_from
    if not init_from:
        raise InputError(
            "the model 'transfer' goes on from a trained network: name its run with --init-from"
        )
    training = Training(loss=read_network(init_from).about["loss"], learning_rate=0.001)
    regressor = NeuralRegressor(
        training=training, init_from=init_from, frozen_epochs=3, random_state=random_state,
        n_jobs=n_jobs,
    )  # fmt: skip
    return network_pipeline(regressor)


def hybrid(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build convolutions followed by attention."""
    return _of(Hybrid(), random_state=random_state, n_jobs=n_jobs)
