"""Convolutions and attention: :class:`seqexpr.models.nets.configs.Hybrid`.

Vaswani et al. (2017), NeurIPS; Avsec et al. (2021), Nature Methods 18:1196-1203
(Enformer). Written from the papers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from seqexpr.models.nets.layers import ConvBlock, MaskedMaxPool1d
from seqexpr.models.nets.pooling import AttentionPool, PlacePool

if TYPE_CHECKING:
    from seqexpr.models.nets.configs import Hybrid

__all__ = ["HybridTrunk", "sinusoids"]


def sinusoids(length: int, n_channels: int, *, like: Tensor) -> Tensor:
    """Return the position code of Vaswani et al. (2017), section 3.5, shape (length, channels)."""
    position = torch.arange(length, dtype=like.dtype, device=like.device)[:, None]
    even = torch.arange(0, n_channels, 2, dtype=like.dtype, device=like.device)
    angle = position * torch.exp(even * (-math.log(10_000.0) / n_channels))
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)


class HybridTrunk(nn.Module):
    """Stem, convolutions that halve, attention between what is left, a weighted mean."""

    def __init__(self, config: Hybrid) -> None:
        super().__init__()
        channels = config.n_channels
        self.stem = ConvBlock(4, channels, config.stem_width)
        self.tower = nn.ModuleList(
            ConvBlock(channels, channels, config.width) for _ in range(config.n_pools)
        )
        self.pool = MaskedMaxPool1d(2)
        self.attention = nn.ModuleList(
            nn.TransformerEncoderLayer(
                channels, config.n_heads, 2 * channels, dropout=config.dropout,
                activation="gelu", batch_first=True, norm_first=True,
            )
            for _ in range(config.n_layers)
        )  # fmt: skip
        one = config.n_places == 1
        self.summary = AttentionPool(channels) if one else PlacePool(config.n_places)
        self.dropout = nn.Dropout(config.dropout)
        self.n_features = channels * config.n_places

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return (n, n_features) of (n, 4, length)."""
        x = self.stem(x, mask)
        for block in self.tower:
            x, mask = self.pool(x + block(x, mask), mask)
        by_place = x.transpose(1, 2)  # n, length, channels
        by_place = by_place + sinusoids(by_place.shape[1], by_place.shape[2], like=by_place)
        hidden = None if mask is None else _hidden(mask)
        for layer in self.attention:
            by_place = layer(by_place, src_key_padding_mask=hidden)
        out: Tensor = self.dropout(self.summary(by_place.transpose(1, 2), mask))
        return out


def _hidden(mask: Tensor) -> Tensor:
    """Return which places attention may not look at; the first always may, lest there be none."""
    hidden = mask[:, 0] == 0
    hidden[:, 0] = False
    return hidden
