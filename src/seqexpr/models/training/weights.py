"""weights.safetensors: what networks learnt, and what each looks like. No pickle.

Tensors are called ``i/m/name``: member m of network i, and PyTorch's name
within that. The header holds a description of each network, as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError, did_you_mean
from seqexpr.models.nets.configs import ARCHITECTURES, Network

__all__ = ["StoredNetwork", "pack_networks", "read_network", "unpack_networks"]

_HEADER = "seqexpr.networks"
Weights = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class StoredNetwork:
    """One network of a file.

    Attributes
    ----------
    about : dict
        Architecture, configuration, loss, strands, number of targets.
    members : list of dict of str to ndarray
        Weights of each member.
    """

    about: dict[str, Any]
    members: list[Weights]

    @property
    def form(self) -> Network:
        """What it looks like.

        Raises
        ------
        InputError
            If this version knows no such architecture.
        """
        name = str(self.about.get("architecture"))
        if name not in ARCHITECTURES:
            raise InputError(
                f"no architecture {name!r}{did_you_mean(name, ARCHITECTURES) or ';'} known are "
                f"{', '.join(ARCHITECTURES)}"
            )
        given = self.about["configuration"].items()
        # JSON has no tuples.
        form: Network = ARCHITECTURES[name](
            **{key: tuple(value) if isinstance(value, list) else value for key, value in given}
        )
        return form


def pack_networks(networks: Sequence[StoredNetwork]) -> bytes:
    """Return the content of a weights.safetensors with these networks."""
    from safetensors.numpy import save

    tensors = {
        f"{i}/{m}/{name}": np.array(value, order="C")
        for i, network in enumerate(networks)
        for m, member in enumerate(network.members)
        for name, value in member.items()
    }
    header = json.dumps([network.about for network in networks])
    data: bytes = save(tensors, metadata={_HEADER: header})
    return data


def unpack_networks(data: bytes) -> list[StoredNetwork]:
    """Return the networks of a weights.safetensors.

    Raises
    ------
    ValueError
        If it is damaged, or not one of ours.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(data)
        size = int.from_bytes(data[:8], "little")  # of the header, which is JSON
        abouts = json.loads(json.loads(data[8 : 8 + size])["__metadata__"][_HEADER])
        members: list[dict[int, Weights]] = [{} for _ in abouts]
        for key, value in tensors.items():
            network, member, name = key.split("/", 2)
            members[int(network)].setdefault(int(member), {})[name] = value
    except (SafetensorError, KeyError, IndexError, TypeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    return [
        StoredNetwork(about, [found[m] for m in sorted(found)])
        for about, found in zip(abouts, members, strict=True)
    ]


def read_network(path: str | Path) -> StoredNetwork:
    """Return the first network of a weights.safetensors.

    Raises
    ------
    InputError
        If there is no such file, it is damaged, or it holds no network.
    """
    try:
        networks = unpack_networks(Path(path).read_bytes())
    except OSError as error:
        raise InputError(f"init_from: cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"init_from: {path} is damaged: {error}") from error
    if not networks or not networks[0].members:
        raise InputError(f"init_from: {path} holds no network")
    return networks[0]
