"""Edit a sequence by gradients until a network predicts what is wanted, through ledidi."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqexpr.models.nets.encoding import code_matrix, one_hot
from seqexpr.models.training.devices import reading
from seqexpr.models.training.members import Members
from seqexpr.optional import require

if TYPE_CHECKING:
    from seqexpr.models.neural import NeuralRegressor

__all__ = ["Edit", "edit_sequence"]

Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Edit:
    """How a sequence is edited.

    Attributes
    ----------
    weights : ndarray of float64, shape (t,)
        What each target counts in the sum that is raised, in units of its
        standard deviation.
    value : float or None
        What that sum is brought to, in target units; None = as high as may be.
    costs : tuple of float
        What an edited base costs, in the same deviations; each gives edits of its own.
    n_each : int
        Edited sequences of each cost. Default 16.
    most_steps : int
        Steps of the optimiser at most, at least 1. Default 200.
    """

    weights: npt.NDArray[np.float64]
    value: float | None = None
    costs: tuple[float, ...] = (0.01, 0.03, 0.1)
    n_each: int = 16
    most_steps: int = 200


def edit_sequence(
    model: NeuralRegressor,
    sequence: str,
    permitted: npt.NDArray[np.bool_],
    *,
    edit: Edit,
    random_state: int,
) -> Codes:
    """Return edited versions of a sequence.

    Parameters
    ----------
    model : NeuralRegressor
        Fitted, on sequences alone.
    sequence : str
        Known bases only, each of them permitted.
    permitted : ndarray of bool, shape (4, length)
        Which base may stand where.
    edit : Edit
        What is wanted.
    random_state : int
        Seed.

    Returns
    -------
    ndarray of uint8, shape (costs times n_each, length)
        Base codes.

    Raises
    ------
    MissingExtraError
        If ledidi is not installed.

    References
    ----------
    Schreiber, Lorbeer, Heinzl, Reiter, Shi, Stark & Noble (2025), Programmatic design and
    editing of cis-regulatory elements, bioRxiv 2025.04.22.650035 (ledidi: straight-through
    Gumbel-softmax over edits, with a cost for each).
    """
    designer_of = require("ledidi", extra="deep").Ledidi
    members = Members.of(model)
    start = one_hot(torch.from_numpy(code_matrix([sequence]))).to(members.device)
    barred = torch.from_numpy(np.where(permitted, 0.0, -np.inf)).float()[None].to(members.device)
    parts = []
    with reading(model.n_jobs):
        for number, cost in enumerate(edit.costs):
            designer = designer_of(
                _Reader(members, edit), tuple(start.shape[1:]), output_loss=_loss(members, edit),
                l=cost, batch_size=edit.n_each, max_iter=edit.most_steps,
                early_stopping_iter=max(20, edit.most_steps // 4), initial_weights=barred.clone(),
                verbose=False, random_state=random_state + number,
            ).to(members.device)  # fmt: skip
            designer.fit_transform(start, torch.zeros((1, 1), device=members.device))
            with torch.no_grad():
                parts.append(designer(start).argmax(dim=1).to(torch.uint8).cpu().numpy())
    return np.concatenate(parts)


class _Reader(torch.nn.Module):
    """What is raised, as one number a sequence: a weighted sum of scaled targets."""

    def __init__(self, members: Members, edit: Edit) -> None:
        super().__init__()
        self.members, model = members, members.model
        self.weights = torch.tensor(edit.weights, dtype=torch.float32, device=members.device)
        cut = int(model.resolved()[2].shift)
        left, right = _flank(model.left_flank, members), _flank(model.right_flank, members)
        self.left, self.right = left[:, :, cut:], right[:, :, : right.shape[2] - cut]
        self.both = model.resolved()[2].strands == "average"

    def forward(self, x: Tensor) -> Tensor:
        """Read one-hot sequences, shape (n, 4, length); returns (n, 1)."""
        n = len(x)
        whole = torch.cat([self.left.expand(n, -1, -1), x, self.right.expand(n, -1, -1)], dim=2)
        strands = [whole, whole.flip(1).flip(2)] if self.both else [whole]
        each = [
            self.members.loss.mean(network(strand))
            for network in self.members.networks
            for strand in strands
        ]
        total = torch.stack(each).mean(dim=0) @ self.weights
        return total[:, None]


def _flank(text: str, members: Members) -> Tensor:
    if not text:
        return torch.zeros((1, 4, 0), device=members.device)
    return one_hot(torch.from_numpy(code_matrix([text]))).to(members.device)


def _loss(members: Members, edit: Edit) -> Any:
    """Return what ledidi lowers: minus the sum, or its distance from a value."""
    if edit.value is None:
        return lambda found, wanted: -found.mean()
    center = np.asarray(members.model.center_, dtype=np.float64)
    scale = np.asarray(members.model.scale_, dtype=np.float64)
    target = int(np.abs(edit.weights).argmax())
    scaled = (edit.value - center[target]) / scale[target]
    return lambda found, wanted: ((found - scaled) ** 2).mean()
