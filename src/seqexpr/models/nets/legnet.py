"""LegNet: :class:`seqexpr.models.nets.configs.LegNet`.

Penzar et al. (2023), Bioinformatics 39:btad457. Written from the paper.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from seqexpr.models.nets.layers import ConvBlock, MaskedConv1d, MaskedMaxPool1d, SqueezeExcite
from seqexpr.models.nets.pooling import PlacePool

if TYPE_CHECKING:
    from seqexpr.models.nets.configs import LegNet

__all__ = ["LegNetTrunk"]


class _EffBlock(nn.Module):
    """The inverted bottleneck: widen, look around within groups of channels, weigh, narrow."""

    def __init__(self, n_channels: int, *, config: LegNet) -> None:
        super().__init__()
        inner = n_channels * config.expansion
        groups = max(1, inner // config.group_size)
        groups = groups if inner % groups == 0 else inner
        self.widen = ConvBlock(n_channels, inner, 1)
        self.look = ConvBlock(inner, inner, config.width, groups=groups)
        self.weigh = SqueezeExcite(inner, max(1, n_channels // 4))
        self.narrow = ConvBlock(inner, n_channels, 1)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        x = self.look(self.widen(x, mask), mask)
        out: Tensor = self.narrow(self.weigh(x, mask), mask)
        return out


class _Stage(nn.Module):
    """A block, joined with its input as further channels, and a convolution over both."""

    def __init__(self, n_in: int, n_out: int, *, config: LegNet) -> None:
        super().__init__()
        self.block = _EffBlock(n_in, config=config)
        self.resize = ConvBlock(2 * n_in, n_out, config.width)
        self.pool = MaskedMaxPool1d(config.pool)

    def forward(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        joined = torch.cat([x, self.block(x, mask)], dim=1)
        out: tuple[Tensor, Tensor | None] = self.pool(self.resize(joined, mask), mask)
        return out


class LegNetTrunk(nn.Module):
    """Stem, stages, a pointwise mapper and the mean over the sequence."""

    def __init__(self, config: LegNet) -> None:
        super().__init__()
        self.stem = ConvBlock(4, config.stem_channels, config.stem_width)
        self.pool = MaskedMaxPool1d(config.stem_pool)
        sizes = (config.stem_channels, *config.block_channels)
        self.stages = nn.ModuleList(
            _Stage(n_in, n_out, config=config) for n_in, n_out in pairwise(sizes)
        )
        self.mapper = MaskedConv1d(sizes[-1], 2 * sizes[-1], 1)
        self.places = PlacePool(config.n_places)
        self.dropout = nn.Dropout(config.dropout)
        self.n_features = 2 * sizes[-1] * config.n_places

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return (n, n_features) of (n, 4, length)."""
        x, mask = self.pool(self.stem(x, mask), mask)
        for stage in self.stages:
            x, mask = stage(x, mask)
        out: Tensor = self.dropout(self.places(self.mapper(x, mask), mask))
        return out
