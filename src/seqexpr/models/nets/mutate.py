"""The compact network on every sequence that differs in one base, where the change reaches.

A changed base changes some places of the first layer, a few more of the next, and
so on; everything else stays as it was for the unchanged sequence. So each layer is
computed in a window around the change, and the sums and maxima over the whole
sequence are brought up to date. The result is the same as that of running the
network on each changed sequence.

References
----------
Nair, Shrikumar, Schreiber & Kundaje (2022), fastISM: performant in silico saturation
mutagenesis for convolutional neural networks, Bioinformatics 38:2397-2403.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from seqexpr.models.nets.compact import CompactTrunk
from seqexpr.models.nets.encoding import one_hot
from seqexpr.models.nets.layers import ConvBlock

__all__ = ["alternatives", "mutated_features"]


def alternatives(codes: Tensor, places: Tensor) -> Tensor:
    """Return the three bases that are not at each place, shape (n, p, 3).

    Where a base is not known, C, G and T stand for it; A has to be asked for apart.

    Examples
    --------
    >>> codes = torch.tensor([[0, 2]], dtype=torch.uint8)
    >>> alternatives(codes, torch.tensor([0, 1])).tolist()
    [[[1, 2, 3], [0, 1, 3]]]
    """
    own = codes[:, places].long()
    own = torch.where(own > 3, 0, own)
    steps = torch.arange(1, 4, device=codes.device)
    return ((own[:, :, None] + steps) % 4).sort(dim=2).values


class _Base(NamedTuple):
    """What the network computes for the unchanged sequences."""

    stem: Tensor  # (n, c, length), before the activation
    inputs: list[Tensor]  # of each block, (n, c, length)
    outputs: list[Tensor]  # of each block, before pooling


def mutated_features(trunk: CompactTrunk, codes: Tensor, places: Tensor) -> Tensor:
    """Return what the trunk sees in every sequence that differs at one place.

    Parameters
    ----------
    trunk : CompactTrunk
        In evaluation mode.
    codes : Tensor of uint8, shape (n, length)
        Base codes, without padding.
    places : Tensor of int64, shape (p,)
        Places that are changed.

    Returns
    -------
    Tensor, shape (n, p, 3, n_features)
        In the order of :func:`alternatives`.
    """
    base = _run(trunk, codes)
    step = 2 ** (len(trunk.blocks) - 1)
    features = base.stem.new_empty((len(codes), len(places), 3, trunk.n_features))
    for phase in range(step):
        # Places that lie alike in the pooled layers, so that all windows are cut alike.
        chosen = torch.nonzero(places % step == phase)[:, 0]
        if len(chosen):
            features[:, chosen] = _phase_features(trunk, codes, places[chosen], base=base)
    return features


def _run(trunk: CompactTrunk, codes: Tensor) -> _Base:
    stem = trunk.stem.norm(trunk.stem.conv(one_hot(codes)))
    x, mask = F.silu(stem), None
    inputs, outputs = [], []
    for number, block in enumerate(trunk.blocks):
        if number:
            x, mask = trunk.pool(x, mask)
        inputs.append(x)
        x = x + block(x)
        outputs.append(x)
    return _Base(stem, inputs, outputs)


def _phase_features(trunk: CompactTrunk, codes: Tensor, places: Tensor, *, base: _Base) -> Tensor:
    """Return the features of places that lie alike, shape (n, p, 3, n_features)."""
    new, start = _stem_windows(trunk, codes, places, base.stem)
    for number, block in enumerate(trunk.blocks):
        if number:
            new, start = _pool(new, start, base.outputs[number - 1])
        new, start = _convolve(block, new, start, base.inputs[number])
    return _summarize(trunk, new, start, base.outputs[-1])


def _gather(base: Tensor, start: Tensor, width: int, fill: float = 0.0) -> Tensor:
    """Return base in windows, (n, p, c, width), `fill` beyond its ends; start is (p,)."""
    length = base.shape[2]
    at = start[:, None] + torch.arange(width, device=base.device)
    inside = (at >= 0) & (at < length)
    picked = base[:, :, at.clamp(0, length - 1)]  # (n, c, p, width)
    picked = torch.where(inside, picked, fill)
    return picked.transpose(1, 2)


def _inside(start: Tensor, width: int, length: int) -> Tensor:
    """Return which places of windows lie in the sequence, (p, 1, 1, width)."""
    at = start[:, None] + torch.arange(width, device=start.device)
    return ((at >= 0) & (at < length))[:, None, None, :]


def _stem_windows(
    trunk: CompactTrunk, codes: Tensor, places: Tensor, stem: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what the first layer sees around each change: linear in it, so only added to."""
    weight = trunk.stem.conv.conv.weight  # (c, 4, k)
    norm = trunk.stem.norm
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    turned = (weight.flip(2) * scale[:, None, None]).permute(1, 0, 2)  # (4, c, k)
    turned = torch.cat([turned, torch.zeros_like(turned[:1])])  # an unknown base adds nothing
    width = turned.shape[2]
    start = places - width // 2
    before = _gather(stem, start, width)  # (n, p, c, k)
    own = turned[codes[:, places].long().clamp(max=4)]
    other = turned[alternatives(codes, places)]  # (n, p, 3, c, k)
    new = F.silu((before - own)[:, :, None] + other)
    return new * _inside(start, width, stem.shape[2]), start


def _convolve(block: ConvBlock, new: Tensor, start: Tensor, base: Tensor) -> tuple[Tensor, Tensor]:
    """Return a block's output wherever the change reaches, and where that starts."""
    n, p, three, channels, width = new.shape
    conv = block.conv.conv
    reach = conv.kernel_size[0] // 2
    around = _gather(base, start - 2 * reach, width + 4 * reach)
    full = around[:, :, None].repeat(1, 1, three, 1, 1)
    full[..., 2 * reach : 2 * reach + width] = new
    flat = full.view(n * p * three, channels, width + 4 * reach)
    out = F.silu(block.norm(F.conv1d(flat, conv.weight, conv.bias)))
    out = out + flat[:, :, reach : reach + width + 2 * reach]
    start = start - reach
    out = out.view(n, p, three, channels, width + 2 * reach)
    return out * _inside(start, out.shape[-1], base.shape[2]), start


def _pool(new: Tensor, start: Tensor, base: Tensor) -> tuple[Tensor, Tensor]:
    """Return the larger of each two places, and where that starts."""
    length, width = base.shape[2], new.shape[-1]
    first = torch.div(start, 2, rounding_mode="floor")
    pad = int(start[0] - 2 * first[0])  # the same for all: places lie alike
    pooled = (pad + width + 1) // 2
    lowest = torch.finfo(base.dtype).min
    around = _gather(base, 2 * first, 2 * pooled, fill=lowest)
    full = around[:, :, None].repeat(1, 1, new.shape[2], 1, 1)
    inside = _inside(start, width, length)
    full[..., pad : pad + width] = torch.where(inside, new, lowest)
    largest = torch.maximum(full[..., 0::2], full[..., 1::2])
    return largest * _inside(first, pooled, (length + 1) // 2), first


def _summarize(trunk: CompactTrunk, new: Tensor, start: Tensor, base: Tensor) -> Tensor:
    """Return means around places, the mean and the largest, brought up to date."""
    length, width = base.shape[2], new.shape[-1]
    inside = _inside(start, width, length)
    change = (new - _gather(base, start, width)[:, :, None]) * inside
    if trunk.places.n_places == 1:
        weights = base.new_full((length, 1), 1.0 / length)
    else:
        weights = trunk.places.weights(base, None)  # (length, places)
    at = (start[:, None] + torch.arange(width, device=base.device)).clamp(0, length - 1)
    around = weights[at]  # (p, width, places)
    old = (base @ weights)[:, None, None]  # (n, 1, 1, c, places)
    places = old + torch.einsum("npkcw,pwj->npkcj", change, around)
    mean = base.mean(dim=2)[:, None, None] + change.sum(dim=-1) / length
    largest = torch.maximum(
        _outside_maximum(base, start, width)[:, :, None],
        torch.where(inside, new, torch.finfo(base.dtype).min).amax(dim=-1),
    )
    return torch.cat([places.flatten(3), mean, largest], dim=3)


def _outside_maximum(base: Tensor, start: Tensor, width: int) -> Tensor:
    """Return the largest of each channel outside of windows, (n, p, c)."""
    lowest = base.new_full((*base.shape[:2], 1), torch.finfo(base.dtype).min)
    before = torch.cat([lowest, base.cummax(dim=2).values], dim=2)
    after = torch.cat([base.flip(2).cummax(dim=2).values.flip(2), lowest], dim=2)
    length = base.shape[2]
    left = before[:, :, start.clamp(0, length)]
    right = after[:, :, (start + width).clamp(0, length)]
    return torch.maximum(left, right).transpose(1, 2)
