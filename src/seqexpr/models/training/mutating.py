"""What several networks say of every sequence that differs in one base."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqexpr.errors import InputError
from seqexpr.models.nets.compact import CompactTrunk
from seqexpr.models.nets.encoding import code_matrix, one_hot
from seqexpr.models.nets.mutate import alternatives, mutated_features
from seqexpr.models.training.augment import reverse_complement_codes
from seqexpr.models.training.devices import reading
from seqexpr.models.training.members import Members

if TYPE_CHECKING:
    from seqexpr.models.nets.network import SequenceNetwork

__all__ = ["mutate_networks"]

Floats = npt.NDArray[np.float64]

_WINDOWS = 4_096
"""Changed sequences at a time."""


def mutate_networks(
    members: Members, sequences: list[str], *, on_done: Callable[[int], None] | None = None
) -> Floats:
    """Return the change of the prediction of each member by each change of a base.

    Parameters
    ----------
    members : Members
        The networks, m of them, for t targets.
    sequences : list of str, length n
        Known bases only.
    on_done : callable, optional
        Told how many sequences are done, from time to time.

    Returns
    -------
    ndarray of float64, shape (m, n, t, 4, width)
        In target units; 0 for the base that is there, and after the end.

    Raises
    ------
    InputError
        If a sequence holds an unknown base.
    """
    model = members.model
    lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    shape = (len(members.networks), len(sequences), len(model.center_), 4)
    found = np.zeros((*shape, int(lengths.max(initial=0))))
    done = 0
    with reading(model.n_jobs), torch.inference_mode():
        for length in np.unique(lengths[lengths > 0]).tolist():
            rows = np.flatnonzero(lengths == length)
            size = max(1, _WINDOWS // (3 * length))
            for first in range(0, len(rows), size):
                part = rows[first : first + size]
                changes = _change(members, [sequences[row] for row in part])
                found[:, part, :, :, :length] = changes
                done += len(part)
                if on_done is not None:
                    on_done(done)
    return found * np.asarray(model.scale_)[:, None, None]


def _change(members: Members, sequences: list[str]) -> Floats:
    """Return scaled changes for sequences of one length, shape (m, n, t, 4, length)."""
    model, length = members.model, len(sequences[0])
    augmentation = model.resolved()[2]
    constructs = [f"{model.left_flank}{text}{model.right_flank}" for text in sequences]
    cut = int(augmentation.shift)
    whole = code_matrix(constructs)
    codes = torch.from_numpy(whole[:, cut : whole.shape[1] - cut].copy()).to(members.device)
    places = torch.arange(length, device=members.device) + len(model.left_flank) - cut
    if bool((codes[:, places] > 3).any()):
        raise InputError("mutate_networks: a base is not known; predict such changes one by one")
    strands = [(codes, places, False)]
    if augmentation.strands == "average":
        strands.append((reverse_complement_codes(codes), codes.shape[1] - 1 - places, True))
    other = alternatives(codes, places)
    each = []
    for network in members.networks:
        change = sum(
            _strand_change(members, network, own, at).flip(2)
            if turned
            else _strand_change(members, network, own, at)
            for own, at, turned in strands
        )  # (n, p, 3, t)
        each.append(change / len(strands))
    stacked = torch.stack(each).double()  # (m, n, p, 3, t)
    found = stacked.new_zeros((*stacked.shape[:3], 4, stacked.shape[4]))
    index = other[None, :, :, :, None].expand_as(stacked)
    found.scatter_(3, index, stacked)
    return np.asarray(found.permute(0, 1, 4, 3, 2).cpu().numpy())


def _strand_change(
    members: Members, network: SequenceNetwork, codes: Tensor, places: Tensor
) -> Any:
    """Return the change of the scaled prediction, shape (n, p, 3, t)."""
    trunk: Any = network.trunk
    if isinstance(trunk, CompactTrunk):
        features = mutated_features(trunk, codes, places)
    else:
        changed = _changed_codes(codes, places)
        features = trunk(one_hot(changed.flatten(0, 2))).unflatten(0, changed.shape[:3])
    after = members.loss.mean(network.head(features.flatten(0, 2)))
    before = members.loss.mean(network.head(trunk(one_hot(codes))))
    return after.unflatten(0, features.shape[:3]) - before[:, None, None]


def _changed_codes(codes: Tensor, places: Tensor) -> Tensor:
    """Return every sequence that differs in one base, shape (n, p, 3, length)."""
    n, p = len(codes), len(places)
    changed = codes[:, None, None].repeat(1, p, 3, 1)
    index = places[None, :, None, None].expand(n, p, 3, 1)
    return changed.scatter_(3, index, alternatives(codes, places)[..., None].to(codes.dtype))
