"""DREAM-RNN: :class:`seqexpr.models.nets.configs.DreamRNN`.

Rafi et al. (2024), Nature Biotechnology. Written from the paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seqexpr.models.nets.layers import MaskedConv1d
from seqexpr.models.nets.pooling import PlacePool

if TYPE_CHECKING:
    from seqexpr.models.nets.configs import DreamRNN

__all__ = ["DreamRNNTrunk"]


class _TwoWidths(nn.Module):
    """Words of two widths side by side."""

    def __init__(self, n_in: int, *, config: DreamRNN, dropout: float) -> None:
        super().__init__()
        half = max(1, config.n_channels // 2)
        self.narrow = MaskedConv1d(n_in, half, config.narrow_width)
        self.wide = MaskedConv1d(n_in, half, config.wide_width)
        self.dropout = nn.Dropout(dropout)
        self.n_out = 2 * half

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        both = torch.cat([F.relu(self.narrow(x, mask)), F.relu(self.wide(x, mask))], dim=1)
        out: Tensor = self.dropout(both)
        return out


class DreamRNNTrunk(nn.Module):
    """Convolutions, a bidirectional LSTM, convolutions, a pointwise mapper, the mean."""

    def __init__(self, config: DreamRNN) -> None:
        super().__init__()
        self.first = _TwoWidths(4, config=config, dropout=config.dropout)
        width, hidden = self.first.n_out, config.n_hidden
        self.forwards = nn.LSTM(width, hidden, batch_first=True)
        self.backwards = nn.LSTM(width, hidden, batch_first=True)
        self.last = _TwoWidths(2 * config.n_hidden, config=config, dropout=0.5)
        self.mapper = MaskedConv1d(self.last.n_out, 256, 1)
        self.places = PlacePool(config.n_places)
        self.n_features = 256 * config.n_places

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return (n, n_features) of (n, 4, length)."""
        x = self._read(self.first(x, mask), mask)
        x = F.relu(self.mapper(self.last(x, mask), mask))
        out: Tensor = self.places(x, mask)
        return out

    def _read(self, x: Tensor, mask: Tensor | None) -> Tensor:
        by_place = x.transpose(1, 2)  # n, length, channels
        there = self.forwards(by_place)[0]
        back = _turned(self.backwards(_turned(by_place, mask))[0], mask)
        return torch.cat([there, back], dim=2).transpose(1, 2)


def _turned(by_place: Tensor, mask: Tensor | None) -> Tensor:
    """Return each sequence from its last base to its first; what lies beyond stays there."""
    if mask is None:
        return by_place.flip(1)
    n = mask.sum(dim=2, dtype=torch.int64)  # n, 1
    at = torch.arange(by_place.shape[1], device=by_place.device)
    source = torch.where(at < n, n - 1 - at, at)  # n, length
    rows = torch.arange(by_place.shape[0], device=by_place.device)[:, None]
    return by_place[rows, source]
