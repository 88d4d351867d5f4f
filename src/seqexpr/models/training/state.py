"""What changes while a network is trained, and how a checkpoint keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from seqexpr.models.training.checkpoint import Checkpoint, flat_state, plain_state, restore_state

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["Epoch", "Moving", "State", "keep_state", "take_up_state"]


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to: mean loss, validated squared error and correlation."""

    loss: float
    error: float
    pearson: float


class Moving(NamedTuple):
    """Everything with a state of its own."""

    network: nn.Module
    average: nn.Module
    optimizer: Any
    schedule: Any


@dataclass(eq=False)
class State:
    """How far it is."""

    epoch: int = 0
    step: int = 0  # within the epoch
    loss_sum: Any = 0.0  # a Tensor, so that no step waits for a number to come back
    best_error: float = float("inf")
    best_epoch: int = -1
    history: list[Epoch] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)
    snapshots: list[dict[str, Tensor]] = field(default_factory=list)

    def plain_history(self) -> list[list[float]]:
        """Return the history as JSON takes it."""
        return [[e.loss, e.error, e.pearson] for e in self.history]


def keep_state(state: State, moving: Moving) -> Checkpoint:
    """Return everything that the next step depends on."""
    parts = {"network": moving.network.state_dict(), "average": moving.average.state_dict(),
             "best": state.best, "optimizer": flat_state(moving.optimizer)}  # fmt: skip
    parts |= {f"snapshot{k}": weights for k, weights in enumerate(state.snapshots)}
    facts = {
        "epoch": state.epoch, "step": state.step, "loss_sum": float(state.loss_sum),
        "best_error": None if np.isinf(state.best_error) else state.best_error,
        "best_epoch": state.best_epoch, "n_snapshots": len(state.snapshots),
        "history": state.plain_history(),
        "schedule": plain_state(moving.schedule),
    }  # fmt: skip
    return Checkpoint.of(parts, facts)


def take_up_state(kept: Checkpoint, moving: Moving) -> State:
    """Put back what :func:`keep_state` kept, and return how far it was."""
    facts = kept.facts
    moving.network.load_state_dict(kept.part("network"))
    moving.average.load_state_dict(kept.part("average"))
    restore_state(moving.optimizer, kept.part("optimizer"))
    moving.schedule.load_state_dict(facts["schedule"])
    rates = facts["schedule"]["_last_lr"]
    for group, rate in zip(moving.optimizer.param_groups, rates, strict=True):
        group["lr"] = rate
    best = facts["best_error"]
    return State(
        epoch=facts["epoch"], step=facts["step"], loss_sum=facts["loss_sum"],
        best_error=float("inf") if best is None else best, best_epoch=facts["best_epoch"],
        history=[Epoch(*values) for values in facts["history"]],
        best=kept.part("best"),
        snapshots=[kept.part(f"snapshot{k}") for k in range(facts["n_snapshots"])],
    )  # fmt: skip
