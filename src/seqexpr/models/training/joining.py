"""Processes of a fit that somebody else has started and joined: a Fabric for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import ClusterEnvironment
from lightning_fabric.strategies import DDPStrategy

from seqexpr.models.training.precision import fastest_precision, precision_plugin

__all__ = ["Place", "work_joined"]

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Which of the processes this one is.

    Attributes
    ----------
    n_processes : int
        Of the fit, on all machines.
    rank : int
        Number of this one among them, from 0.
    local_rank : int
        Its number among those of its machine.
    node_rank : int
        Number of its machine.
    """

    n_processes: int
    rank: int
    local_rank: int
    node_rank: int


def work_joined(
    work: Callable[[Any], T],
    place: Place,
    *,
    device: torch.device,
    precision: Mapping[str, str],
) -> T:
    """Do the work of a fit in this process, and return what it returns.

    PyTorch's process group must be there already: whoever started the processes
    knows best how they reach each other.

    Parameters
    ----------
    work : callable
        Is handed the Fabric.
    place : Place
        Which process this is.
    device : torch.device
        What it trains on.
    precision : mapping of str to str
        In which, by the device's kind, so that a fit that is begun again goes on
        as it began; where the kind is not in it, the first process measures.
    """
    chosen = _agreed(precision.get(device.type), device, place)
    plugin = precision_plugin(chosen, device.type)
    if place.n_processes == 1:  # as on one device of one machine, so that weights are the same
        devices: Any = 1 if device.type == "cpu" else [device.index or 0]
        alone = Fabric(accelerator=device.type, devices=devices, plugins=plugin)
        return work(alone)
    strategy = _JoinedDDP(device, cluster_environment=_Joined(place))
    fabric = Fabric(
        accelerator=device.type, devices=1, num_nodes=place.n_processes, plugins=plugin,
        strategy=strategy,
    )  # fmt: skip
    done: T = fabric.launch(work)
    return done


def _agreed(known: str | None, device: torch.device, place: Place) -> str:
    """Return the precision that is known, or that the first has measured: two may differ."""
    found = [known or fastest_precision(device.type)]
    if place.n_processes > 1:
        torch.distributed.broadcast_object_list(found, src=0)
    return found[0]


class _Joined(ClusterEnvironment):
    """Tells Lightning what is so already."""

    def __init__(self, place: Place) -> None:
        self.place = place

    @property
    def creates_processes_externally(self) -> bool:
        return True

    @property
    def main_address(self) -> str:
        raise NotImplementedError  # the process group is there: nobody asks

    @property
    def main_port(self) -> int:
        raise NotImplementedError

    @staticmethod
    def detect() -> bool:
        return False

    def world_size(self) -> int:
        return self.place.n_processes

    def set_world_size(self, size: int) -> None:
        """Stay: Lightning would multiply machines by devices; they need not have equally many."""

    def global_rank(self) -> int:
        return self.place.rank

    def set_global_rank(self, rank: int) -> None:
        """Stay."""

    def local_rank(self) -> int:
        return self.place.local_rank

    def node_rank(self) -> int:
        return self.place.node_rank


class _JoinedDDP(DDPStrategy):
    """Data-parallel training on a device that was given, not counted off."""

    def __init__(self, device: torch.device, *, cluster_environment: ClusterEnvironment) -> None:
        super().__init__(cluster_environment=cluster_environment)
        self.device = device

    @property
    def root_device(self) -> torch.device:
        return self.device
