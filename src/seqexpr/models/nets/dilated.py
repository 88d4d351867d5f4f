"""Dilated residual convolutions: :class:`seqexpr.models.nets.configs.Dilated`.

Avsec et al. (2021), Nature Genetics 53:354-366 (BPNet); Kelley et al. (2018),
Genome Research 28:739-750 (Basenji). Written from the papers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor, nn

from seqexpr.models.nets.layers import MaskedBatchNorm1d, MaskedConv1d, MaskedMaxPool1d
from seqexpr.models.nets.pooling import PlacePool

if TYPE_CHECKING:
    from seqexpr.models.nets.configs import Dilated

__all__ = ["DilatedTrunk"]


class DilatedTrunk(nn.Module):
    """Stem, halvings if asked for, dilated layers added to what came before, the mean."""

    def __init__(self, config: Dilated) -> None:
        super().__init__()
        channels = config.n_channels
        self.stem = MaskedConv1d(4, channels, config.stem_width)
        self.tower = nn.ModuleList(
            MaskedConv1d(channels, channels, 5) for _ in range(config.n_pools)
        )
        self.pool = MaskedMaxPool1d(2)
        self.layers = nn.ModuleList(
            MaskedConv1d(channels, channels, 3, dilation=2 ** (layer + 1))
            for layer in range(config.n_layers)
        )
        self.norms = nn.ModuleList(MaskedBatchNorm1d(channels) for _ in range(config.n_layers))
        self.places = PlacePool(config.n_places)
        self.dropout = nn.Dropout(config.dropout)
        self.n_features = channels * config.n_places

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return (n, n_features) of (n, 4, length)."""
        x = F.relu(self.stem(x, mask))
        for conv in self.tower:
            x, mask = self.pool(F.relu(conv(x, mask)), mask)
        for conv, norm in zip(self.layers, self.norms, strict=True):
            x = x + F.relu(norm(conv(x, mask), mask))
        out: Tensor = self.dropout(self.places(x, mask))
        return out
