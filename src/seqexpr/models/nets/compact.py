"""The compact convolutional network: :class:`seqexpr.models.nets.configs.CompactCNN`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from seqexpr.models.nets.layers import ConvBlock, MaskedMaxPool1d
from seqexpr.models.nets.pooling import PlacePool, SummaryPool

if TYPE_CHECKING:
    from seqexpr.models.nets.configs import CompactCNN

__all__ = ["CompactTrunk"]


class CompactTrunk(nn.Module):
    """Stem, blocks with a connection past each, and a summary that keeps places apart."""

    def __init__(self, config: CompactCNN) -> None:
        super().__init__()
        channels = config.n_channels
        self.stem = ConvBlock(4, channels, config.stem_width)
        self.blocks = nn.ModuleList(
            ConvBlock(channels, channels, config.width) for _ in range(config.n_blocks)
        )
        self.pool = MaskedMaxPool1d(2)
        self.places = PlacePool(config.n_places)
        self.summary = SummaryPool()
        self.dropout = nn.Dropout(config.dropout)
        self.n_features = channels * (config.n_places + 2)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return (n, n_features) of (n, 4, length)."""
        x = self.stem(x, mask)
        for number, block in enumerate(self.blocks):
            if number:
                x, mask = self.pool(x, mask)
            x = x + block(x, mask)
        pooled = torch.cat([self.places(x, mask), self.summary(x, mask)], dim=1)
        out: Tensor = self.dropout(pooled)
        return out
