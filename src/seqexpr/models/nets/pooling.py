"""From activations along a sequence to a fixed number of features."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seqexpr.models.nets.layers import masked_mean

__all__ = ["AttentionPool", "PlacePool", "SummaryPool"]


class PlacePool(nn.Module):
    """Means around evenly spread places, so that what stands where is kept.

    Place j of p lies at the fraction j / (p - 1) of the sequence's length;
    around it activations count with a weight that falls to zero at the
    neighbouring places. With as many places as there are bases this is the
    activations themselves.

    Parameters
    ----------
    n_places : int
        p, at least 1; with 1 it is the mean of all.
    """

    def __init__(self, n_places: int) -> None:
        super().__init__()
        self.n_places = n_places

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return (n, channels * places)."""
        if self.n_places == 1:
            return masked_mean(x, mask)
        weights = self.weights(x, mask)  # (length, places), or (n, length, places)
        return (x @ weights).flatten(1)

    def weights(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return how much each place counts: (length, places), or (n, length, places) by a mask."""
        # Half precision cannot count beyond 256.
        exact = torch.promote_types(x.dtype, torch.float32)
        position = torch.arange(x.shape[2], dtype=exact, device=x.device)
        places = torch.arange(self.n_places, dtype=exact, device=x.device)
        if mask is None:
            last = torch.full((1, 1), float(max(1, x.shape[2] - 1)), dtype=exact, device=x.device)
        else:
            last = (mask.sum(dim=2) - 1).clamp(min=1.0).to(exact)  # (n, 1)
        at = position / last * (self.n_places - 1)  # (n or 1, length)
        weights = (1 - (at[:, :, None] - places).abs()).clamp(min=0.0)
        if mask is not None:
            weights = weights * mask[:, 0, :, None].to(exact)
        total = weights.sum(dim=1, keepdim=True)
        weights = (weights / torch.where(total > 0, total, 1.0)).to(x.dtype)
        return weights[0] if mask is None else weights


class SummaryPool(nn.Module):
    """The mean and the largest of each channel, shape (n, 2 * channels)."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return (n, 2 * channels)."""
        if mask is None:
            return torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1)
        largest = torch.where(mask > 0, x, torch.finfo(x.dtype).min).amax(dim=2)
        some = mask.amax(dim=2)  # 0 for a sequence without bases
        return torch.cat([masked_mean(x, mask), largest * some.to(x.dtype)], dim=1)


class AttentionPool(nn.Module):
    """A mean weighted by what is there, shape (n, channels)."""

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.score = nn.Linear(n_channels, 1)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return (n, channels)."""
        score = self.score(x.transpose(1, 2))  # (n, length, 1)
        if mask is not None:
            score = score.masked_fill(mask.transpose(1, 2) == 0, torch.finfo(x.dtype).min)
        weights = torch.softmax(score, dim=1)
        pooled = (x @ weights)[:, :, 0]
        return pooled if mask is None else pooled * mask.amax(dim=2).to(x.dtype)
