"""What each base contributes in a network: DeepLIFT, and integrated gradients.

References
----------
Shrikumar, Greenside & Kundaje (2017), ICML (DeepLIFT). Sundararajan, Taly & Yan (2017),
Axiomatic attribution for deep networks, ICML, equations 1 and 3 (integrated gradients).
Prakash, Shrikumar & Kundaje (2022), MLCB, PMLR 165:58-77 (dinucleotide shuffles as references).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqexpr.data.shuffling import shuffle_each
from seqexpr.interpretation.attributions import Attributions, name_rows
from seqexpr.interpretation.deeplift import multipliers
from seqexpr.models.nets.encoding import code_matrix, one_hot
from seqexpr.models.training.devices import reading
from seqexpr.models.training.members import Members

if TYPE_CHECKING:
    from seqexpr.models.neural import NeuralRegressor

__all__ = ["attribute_network", "share_references"]

Floats = npt.NDArray[np.float64]
Run = Callable[[Tensor], Tensor]

N_REFERENCES = 10
FEWEST_REFERENCES = 2
"""References that each member of an ensemble reads at least; the members share them out."""
N_STEPS = 25
_PAIRS = 256
"""Sequences with references at a time."""


def attribute_network(
    model: NeuralRegressor,
    sequences: list[str],
    *,
    method: Literal["deeplift", "integrated_gradients"] = "deeplift",
    ids: list[str] | None = None,
    target: int = 0,
    target_name: str = "prediction",
    n_references: int = N_REFERENCES,
    random_state: int = 42,
) -> Attributions:
    """Return what each base contributes beside shuffles of its sequence.

    Each sequence is compared with references of its own, shuffled with their
    dinucleotides; what a base contributes, or would contribute, is the mean over
    references, members and strands. Several members share the references out,
    so that five with ten references cost what two do, and the mean is as good.

    Parameters
    ----------
    model : NeuralRegressor
        Fitted, on sequences alone.
    sequences : list of str, length n
        Upper-case DNA.
    method : {"deeplift", "integrated_gradients"}
        The rules of :mod:`seqexpr.interpretation.deeplift`, or the mean gradient on
        the way from the reference, at 25 places. Default "deeplift".
    ids : list of str, length n, optional
        Names; by default 1, 2, ….
    target : int
        Which target. Default 0.
    target_name : str
        What it is called. Default "prediction".
    n_references : int
        References of each sequence, at least 1. Default 10. Of an ensemble each member
        reads its share of them, two at least.
    random_state : int
        Seed of the references. Default 42.

    Returns
    -------
    Attributions
        `rest` is the mean prediction of the references, `spread` the standard
        deviation over members, where there are several.
    """
    n, width = len(sequences), max(map(len, sequences), default=0)
    members = Members.of(model)
    each = np.zeros((len(members.networks), n, 4, width))
    output, rest = np.zeros((len(members.networks), n)), np.zeros((len(members.networks), n))
    # Of each sequence's own seed, so that what it contributes does not depend on those beside it.
    references = [shuffle_each(sequences, seed=(random_state, i)) for i in range(n_references)]
    shares = share_references(n_references, len(members.networks))
    lengths = np.array([len(sequence) for sequence in sequences])
    explain = multipliers if method == "deeplift" else _mean_gradients
    with reading(model.n_jobs):
        for length in np.unique(lengths[lengths > 0]).tolist():
            rows = np.flatnonzero(lengths == length)
            for first in range(0, len(rows), _PAIRS):
                part = rows[first : first + _PAIRS]
                x = _encode(members, [sequences[row] for row in part])
                read = [_encode(members, [others[row] for row in part]) for others in references]
                for number, network in enumerate(members.networks):
                    run = _runner(members, network, target)
                    for reference in (read[i] for i in shares[number]):
                        found, out, before = explain(run, x, reference)
                        values = found - (found * reference).sum(dim=1, keepdim=True)
                        inside = _insert(members, values, length).double().cpu().numpy()
                        each[number, part, :, :length] += inside / len(shares[number])
                        output[number, part] += out.double().cpu().numpy() / len(shares[number])
                        rest[number, part] += before.double().cpu().numpy() / len(shares[number])
    scale, center = float(model.scale_[target]), float(model.center_[target])
    names = name_rows(ids, n)
    return Attributions(
        scale * each.mean(axis=0), tuple(sequences), names, target_name, method,
        center + scale * output.mean(axis=0), center + scale * rest.mean(axis=0),
        scale * each.std(axis=0) if len(each) > 1 else None,
    )  # fmt: skip


def share_references(n_references: int, n_members: int) -> list[list[int]]:
    """Return which references each member reads: as many as needed for all to be read.

    Examples
    --------
    >>> share_references(10, 1)
    [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]
    >>> share_references(6, 3), share_references(3, 2)
    ([[0, 1], [2, 3], [4, 5]], [[0, 1], [2, 0]])
    """
    each = min(n_references, max(FEWEST_REFERENCES, -(-n_references // n_members)))
    return [
        [(member * each + i) % n_references for i in range(each)] for member in range(n_members)
    ]


def _encode(members: Members, sequences: list[str]) -> Tensor:
    """Return what the networks read of sequences of one length: with flanks, less the shift."""
    model = members.model
    cut = int(model.resolved()[2].shift)
    whole = code_matrix([f"{model.left_flank}{text}{model.right_flank}" for text in sequences])
    codes = torch.from_numpy(whole[:, cut : whole.shape[1] - cut].copy())
    return one_hot(codes.to(members.device))


def _insert(members: Members, values: Tensor, length: int) -> Tensor:
    first = len(members.model.left_flank) - int(members.model.resolved()[2].shift)
    return values[:, :, first : first + length]


def _runner(members: Members, network: Any, target: int) -> Run:
    """Return the scaled prediction of one member, the mean of both strands where it reads both."""
    both = members.model.resolved()[2].strands == "average"

    def run(x: Tensor) -> Tensor:
        out = members.loss.mean(network(x))[:, target]
        if not both:
            return out
        return (out + members.loss.mean(network(x.flip(1).flip(2)))[:, target]) / 2

    return run


def _mean_gradients(run: Run, x: Tensor, references: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the mean gradient on the straight way from the references (the midpoint rule)."""
    total = torch.zeros_like(x)
    with torch.enable_grad():
        for step in range(N_STEPS):
            at = references + (step + 0.5) / N_STEPS * (x - references)
            at = at.detach().requires_grad_(True)
            (found,) = torch.autograd.grad(run(at).sum(), at)
            total += found / N_STEPS
    with torch.no_grad():
        return total, run(x), run(references)
