"""DREAM-RNN: :class:`seqexpr.models.nets.configs.DreamRNN`.

Rafi et al. (2024), Nature Biotechnology. Written from the paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

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
        self.lstm = nn.LSTM(self.first.n_out, config.n_hidden, batch_first=True, bidirectional=True)
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
        if mask is None:
            read: Tensor = self.lstm(by_place)[0]
            return read.transpose(1, 2)
        # The direction from right to left must begin at the last base, not at the padding.
        lengths = mask.sum(dim=(1, 2)).clamp(min=1).to("cpu", torch.int64)
        packed = pack_padded_sequence(by_place, lengths, batch_first=True, enforce_sorted=False)
        read, _ = pad_packed_sequence(
            self.lstm(packed)[0], batch_first=True, total_length=x.shape[2]
        )
        return read.transpose(1, 2)
