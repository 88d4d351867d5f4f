"""weights.safetensors: what the networks of a model learnt, apart from estimator.skops.

Tensors are called ``i/m/name``: member m of the i-th network of the model, in
the order in which its parts are found, and PyTorch's name within that. The
header says what each network looks like.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sklearn.base import BaseEstimator

from seqexpr.errors import BundleError
from seqexpr.models.neural import NeuralRegressor
from seqexpr.optional import require

__all__ = ["attach_weights", "networks_in", "weights_apart"]

_HEADER = "seqexpr.networks"


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
    from safetensors.numpy import save

    tensors = {
        f"{i}/{m}/{name}": value
        for i, network in enumerate(networks)
        for m, member in enumerate(network.weights_)
        for name, value in member.items()
    }
    forms = [_form(network) for network in networks]
    data: bytes = save(tensors, metadata={_HEADER: json.dumps(forms)})
    weights = [network.weights_ for network in networks]
    for network in networks:
        network.weights_ = []
    try:
        yield data
    finally:
        for network, kept in zip(networks, weights, strict=True):
            network.weights_ = kept


def _form(network: NeuralRegressor) -> dict[str, Any]:
    config, training, augmentation = network.resolved()
    return {
        "architecture": config.name,
        "configuration": config.get_params(),
        "loss": training.loss,
        "strands": augmentation.strands,
        "targets": len(network.center_),
        "members": len(network.weights_),
    }


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
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(data)
        for network in networks:
            network.weights_ = []
        for key in sorted(tensors, key=_place):
            i, m, name = _place(key)
            members = networks[i].weights_
            if m == len(members):
                members.append({})
            members[m][name] = tensors[key]
    except (SafetensorError, ValueError, IndexError) as error:
        raise BundleError(f"{where}: weights.safetensors is damaged: {error}") from error


def _place(key: str) -> tuple[int, int, str]:
    network, member, name = key.split("/", 2)
    return int(network), int(member), name
