"""weights.safetensors in a bundle: what its networks learnt, apart from estimator.skops.

Networks stand in the file in the order in which they are found in the model.
See :mod:`seqexpr.models.training.weights` for what is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sklearn.base import BaseEstimator

from seqexpr.errors import BundleError
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.training.weights import StoredNetwork, pack_networks, unpack_networks
from seqexpr.optional import require

__all__ = ["attach_weights", "networks_in", "weights_apart"]


def networks_in(model: object) -> list[NeuralRegressor]:
    """Return the fitted networks in a model, itself included, in a fixed order.

    Examples
    --------
    >>> networks_in(NeuralRegressor())
    []
    """
    seen: dict[int, Any] = {}

    def look(value: Any) -> None:
        if isinstance(value, BaseEstimator):
            if id(value) not in seen:
                seen[id(value)] = value
                for _, part in sorted(vars(value).items()):
                    look(part)
        elif isinstance(value, list | tuple):
            for item in value:
                look(item)
        elif isinstance(value, Mapping):
            for _, item in sorted(value.items()):
                look(item)

    look(model)
    networks = [part for part in seen.values() if isinstance(part, NeuralRegressor)]
    return [network for network in networks if hasattr(network, "weights_")]


@contextmanager
def weights_apart(model: object) -> Iterator[bytes | None]:
    """Take the weights out of a model for as long as the ``with`` block lasts.

    Yields
    ------
    bytes or None
        Content of weights.safetensors; None if there is no network in it.
    """
    networks = networks_in(model)
    if not networks:
        yield None
        return
    data = pack_networks([_stored(network) for network in networks])
    weights = [network.weights_ for network in networks]
    for network in networks:
        network.weights_ = []
    try:
        yield data
    finally:
        for network, kept in zip(networks, weights, strict=True):
            network.weights_ = kept


def _stored(network: NeuralRegressor) -> StoredNetwork:
    form, training, augmentation = network.resolved()
    about = {
        "architecture": form.name,
        "configuration": form.get_params(),
        "loss": training.loss,
        "strands": augmentation.strands,
        "targets": len(network.center_),
        "covariates": network.n_covariates_,
    }
    return StoredNetwork(about, network.weights_)


def attach_weights(model: object, data: bytes | None, *, where: str) -> None:
    """Put the weights of weights.safetensors back into a loaded model.

    Parameters
    ----------
    model : estimator
        As it came out of estimator.skops.
    data : bytes or None
        Content of weights.safetensors, if there is such a file.
    where : str
        Name of the bundle, for messages.

    Raises
    ------
    BundleError
        If the file is damaged, or is not that of this model.
    MissingExtraError
        If the model holds networks and PyTorch is not installed.
    """
    networks = networks_in(model)
    if (data is None) != (not networks):
        raise BundleError(f"{where}: weights.safetensors does not belong to its estimator.skops")
    if data is None:
        return
    for module in ("torch", "safetensors"):
        require(module, extra="deep")
    try:
        stored = unpack_networks(data)
        for network, found in zip(networks, stored, strict=True):
            network.weights_ = found.members
    except ValueError as error:
        raise BundleError(f"{where}: weights.safetensors is damaged: {error}") from error
