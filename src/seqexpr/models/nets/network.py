"""A whole network: a trunk over bases, covariates beside what it sees, and a head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from seqexpr.models.nets.configs import Network

__all__ = ["SequenceNetwork", "count_parameters"]


class SequenceNetwork(nn.Module):
    """From one-hot sequences, and covariates, to what the loss reads.

    Parameters
    ----------
    config : Network
        What the trunk looks like.
    n_outputs : int
        Numbers that the head gives for a sequence.
    n_covariates : int
        Numbers beside the sequence. Default 0.
    n_hidden : int
        Units of the head's hidden layer. Default 64.
    """

    def __init__(
        self, config: Network, *, n_outputs: int, n_covariates: int = 0, n_hidden: int = 64
    ) -> None:
        super().__init__()
        self.trunk = config.build()
        self.hidden = nn.Linear(int(self.trunk.n_features) + n_covariates, n_hidden)
        self.norm = nn.LayerNorm(n_hidden)
        self.out = nn.Linear(n_hidden, n_outputs)

    def forward(
        self, x: Tensor, mask: Tensor | None = None, covariates: Tensor | None = None
    ) -> Tensor:
        """Return the outputs.

        Parameters
        ----------
        x : Tensor, shape (n, 4, length)
            One-hot, as :func:`seqexpr.models.nets.encoding.one_hot` makes it.
        mask : Tensor, shape (n, 1, length), optional
            1 where there is a base, 0 where there is none.
        covariates : Tensor, shape (n, n_covariates), optional
            Scaled numbers beside the sequence.

        Returns
        -------
        Tensor, shape (n, n_outputs)
        """
        return self.head(self.trunk(x, mask), covariates)

    def head(self, features: Tensor, covariates: Tensor | None = None) -> Tensor:
        """Return the outputs, shape (n, n_outputs), of what the trunk sees."""
        if covariates is not None:
            features = torch.cat([features, covariates], dim=1)
        out: Tensor = self.out(F.silu(self.norm(self.hidden(features))))
        return out


def count_parameters(network: nn.Module) -> int:
    """Return the number of trained numbers."""
    return sum(parameter.numel() for parameter in network.parameters())
