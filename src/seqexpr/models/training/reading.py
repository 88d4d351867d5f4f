"""What several networks say of some sequences, on one strand or on both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from seqexpr.models.training.augment import reverse_complement_codes
from seqexpr.models.training.examples import to_input

if TYPE_CHECKING:
    from seqexpr.models.training.losses import Loss

__all__ = ["read_members"]


def read_members(
    networks: Iterable[Any],
    codes: Tensor,
    covariates: Tensor | None = None,
    *,
    loss: Loss,
    both_strands: bool,
    encode: Callable[[Tensor], tuple[Tensor, Tensor | None]] = to_input,
) -> tuple[Tensor, Tensor]:
    """Return the scaled mean and variance that each member predicts.

    Parameters
    ----------
    networks : iterable of nn.Module
        The members, m of them.
    codes : Tensor of uint8, shape (n, length)
        Base codes.
    covariates : Tensor, shape (n, q), optional
        Scaled numbers beside the sequence.
    loss : Loss
        Says what the outputs mean.
    both_strands : bool
        Whether each member is asked for both strands, and the mean is taken.
    encode : callable
        From codes to one-hot and mask.

    Returns
    -------
    means, variances : Tensor, shape (m, n, t)
        Variances are zero where the loss predicts none.
    """
    strands = [codes, reverse_complement_codes(codes)] if both_strands else [codes]
    inputs = [encode(strand) for strand in strands]
    means, variances = [], []
    for network in networks:
        raws = [network(x, mask, covariates) for x, mask in inputs]
        means.append(torch.stack([loss.mean(raw) for raw in raws]).mean(dim=0))
        deviations = [loss.deviation(raw) for raw in raws]
        variance = [torch.zeros_like(means[-1]) if d is None else d**2 for d in deviations]
        variances.append(torch.stack(variance).mean(dim=0))
    return torch.stack(means), torch.stack(variances)
