"""The state of a fit on disk: tensors and JSON in one safetensors file, no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seqexpr.files import atomic_path

__all__ = [
    "Checkpoint",
    "flat_state",
    "plain_state",
    "read_checkpoint",
    "restore_state",
    "write_checkpoint",
]

_KEY = "seqexpr.training"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Everything that the next step depends on.

    Random numbers are not in it: each step draws its own from the seed, the
    epoch and its number.

    Attributes
    ----------
    tensors : mapping of str to Tensor
        Weights, averaged weights, the best weights so far, what the optimizer keeps.
    facts : mapping of str to JSON values
        Epoch, step, schedule, history.
    """

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, parts: Mapping[str, Mapping[str, Tensor]], facts: Mapping[str, Any]) -> Checkpoint:
        """Return the checkpoint of several parts, each with tensors of its own."""
        tensors = {
            f"{part}/{name}": value
            for part, values in parts.items()
            for name, value in values.items()
        }
        return cls(tensors, facts)

    def part(self, name: str) -> dict[str, Tensor]:
        """Return the tensors called ``name/...``, by the rest of their names."""
        prefix = f"{name}/"
        return {
            key.removeprefix(prefix): value
            for key, value in self.tensors.items()
            if key.startswith(prefix)
        }


def write_checkpoint(file: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all."""
    from safetensors.torch import save_file

    tensors = {  # copies: the file may not hold two names for one piece of memory
        name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, value in checkpoint.tensors.items()
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(file) as temporary:
        save_file(tensors, temporary, metadata={_KEY: json.dumps(dict(checkpoint.facts))})


def read_checkpoint(file: Path) -> Checkpoint | None:
    """Return what :func:`write_checkpoint` wrote; None if there is none, or it cannot be read."""
    from safetensors import SafetensorError, safe_open

    if not file.exists():
        return None
    try:
        with safe_open(file, framework="pt") as opened:
            facts = json.loads((opened.metadata() or {})[_KEY])
            return Checkpoint({name: opened.get_tensor(name) for name in opened.keys()}, facts)  # noqa: SIM118 - it is no dict
    except (SafetensorError, KeyError, ValueError):
        return None


def flat_state(optimizer: Any) -> dict[str, Tensor]:
    """Return what an optimizer keeps for each weight, as ``index/name``."""
    return {
        f"{index}/{name}": torch.as_tensor(value)
        for index, values in optimizer.state_dict()["state"].items()
        for name, value in values.items()
    }


def restore_state(optimizer: Any, kept: Mapping[str, Tensor]) -> None:
    """Give an optimizer back what :func:`flat_state` took from it."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in kept.items():
        index, name = key.split("/")
        state.setdefault(int(index), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def plain_state(schedule: Any) -> dict[str, Any]:
    """Return the state of a schedule as JSON takes it, without what is made anew anyway."""
    kept = schedule.state_dict().items()
    return {name: v for name, v in kept if isinstance(v, int | float | str | bool | list)}
