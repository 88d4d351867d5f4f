"""What is done to base codes before a network sees them, on whatever device they lie.

Codes are (n, length): 0 to 3 for A, C, G, T, 4 for an unknown base, 5 where there
is none, at the right only. Nothing here changes the length of a sequence. All
draws come from a generator that is handed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from seqexpr.models.nets.encoding import PADDING

if TYPE_CHECKING:
    from seqexpr.models.training.settings import Augmentation

__all__ = [
    "augment",
    "delete",
    "insert",
    "invert",
    "lengths_of",
    "mutate",
    "reverse_complement_codes",
]

_COMPLEMENT = (3, 2, 1, 0, 4, 5)


def lengths_of(codes: Tensor) -> Tensor:
    """Return the length of each sequence, shape (n, 1), int64."""
    return (codes != PADDING).sum(dim=1, keepdim=True)


def reverse_complement_codes(codes: Tensor, which: Tensor | None = None) -> Tensor:
    """Return the other strand of each sequence, or of some.

    Parameters
    ----------
    codes : Tensor of uint8, shape (n, length)
        Base codes.
    which : Tensor of bool, shape (n,), optional
        Which sequences; by default all.

    Examples
    --------
    >>> reverse_complement_codes(torch.tensor([[0, 1, 4, 5]], dtype=torch.uint8)).tolist()
    [[4, 2, 3, 5]]
    """
    n = lengths_of(codes)
    at = torch.arange(codes.shape[1], device=codes.device).expand_as(codes)
    inside = at < n
    if which is not None:
        inside = inside & which[:, None]
    source = torch.where(inside, n - 1 - at, at)
    turned = codes.gather(1, source)
    complement = torch.tensor(_COMPLEMENT, dtype=codes.dtype, device=codes.device)
    return torch.where(inside, complement[turned.to(torch.int64)], turned)


def mutate(codes: Tensor, share: float, *, generator: torch.Generator) -> Tensor:
    """Return sequences in which a share of the bases became another base, at random."""
    device = codes.device
    hit = torch.rand(codes.shape, generator=generator, device=device) < share
    step = torch.randint(1, 4, codes.shape, generator=generator, device=device, dtype=torch.uint8)
    return torch.where(hit & (codes < 4), (codes + step) % 4, codes)


def _stretch(
    codes: Tensor, longest: int, *, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Draw a stretch of each sequence: places, its start, its length, the sequence's length."""
    device, shape = codes.device, (len(codes), 1)
    n = lengths_of(codes)
    size = torch.randint(0, longest + 1, shape, generator=generator, device=device).minimum(n)
    room = (n - size + 1).clamp(min=1)
    start = (torch.rand(shape, generator=generator, device=device) * room).to(torch.int64)
    at = torch.arange(codes.shape[1], device=device).expand_as(codes)
    return at, start, size, n


def _random_bases(codes: Tensor, *, generator: torch.Generator) -> Tensor:
    return torch.randint(
        0, 4, codes.shape, generator=generator, device=codes.device, dtype=codes.dtype
    )


def delete(codes: Tensor, longest: int, *, generator: torch.Generator) -> Tensor:
    """Return sequences without a stretch of up to `longest` bases; random ones end them instead."""
    at, start, size, n = _stretch(codes, longest, generator=generator)
    source = torch.where(at >= start, at + size, at)
    moved = codes.gather(1, source.clamp(max=codes.shape[1] - 1))
    fresh = _random_bases(codes, generator=generator)
    return torch.where(at >= n, codes, torch.where(source < n, moved, fresh))


def insert(codes: Tensor, longest: int, *, generator: torch.Generator) -> Tensor:
    """Return sequences with up to `longest` random bases put in, cut at the end."""
    at, start, size, n = _stretch(codes, longest, generator=generator)
    source = torch.where(at >= start + size, at - size, at)
    moved = codes.gather(1, source)
    fresh = _random_bases(codes, generator=generator)
    inside = (at >= start) & (at < start + size)
    return torch.where(at >= n, codes, torch.where(inside, fresh, moved))


def invert(codes: Tensor, longest: int, *, generator: torch.Generator) -> Tensor:
    """Return sequences with a stretch of up to `longest` bases reverse-complemented."""
    at, start, size, _ = _stretch(codes, longest, generator=generator)
    inside = (at >= start) & (at < start + size)
    source = torch.where(inside, 2 * start + size - 1 - at, at)
    turned = codes.gather(1, source)
    complement = torch.tensor(_COMPLEMENT, dtype=codes.dtype, device=codes.device)
    return torch.where(inside, complement[turned.to(torch.int64)], turned)


def augment(
    codes: Tensor, settings: Augmentation, *, generator: torch.Generator, finetune: bool = False
) -> Tensor:
    """Return sequences as they are trained on.

    Parameters
    ----------
    codes : Tensor of uint8, shape (n, length + 2 * settings.shift)
        Base codes, with room for the shift at both ends.
    settings : Augmentation
        What to do.
    generator : torch.Generator
        Of the device that the codes lie on.
    finetune : bool
        Whether this is the second stage. Default False.

    Returns
    -------
    Tensor of uint8, shape (n, length)
    """
    if settings.shift:
        codes = _shifted(codes, settings.shift, generator=generator)
    if not finetune:
        if settings.deletion:
            codes = delete(codes, settings.deletion, generator=generator)
        if settings.insertion:
            codes = insert(codes, settings.insertion, generator=generator)
        if settings.inversion:
            codes = invert(codes, settings.inversion, generator=generator)
        if settings.mutations:
            codes = mutate(codes, settings.mutations, generator=generator)
    if settings.strands != "as_given":
        turned = torch.rand(len(codes), generator=generator, device=codes.device) < 0.5
        codes = reverse_complement_codes(codes, turned)
    return codes


def _shifted(codes: Tensor, most: int, *, generator: torch.Generator) -> Tensor:
    """Cut a window out of each construct, `2 * most` shorter than it, at a random place."""
    device = codes.device
    by = torch.randint(0, 2 * most + 1, (len(codes), 1), generator=generator, device=device)
    width = codes.shape[1] - 2 * most
    at = torch.arange(width, device=device) + by
    window = codes.gather(1, at)
    # A shorter construct has a shorter window, wherever it begins.
    inside = torch.arange(width, device=device) < lengths_of(codes) - 2 * most
    return torch.where(inside, window, torch.full_like(window, PADDING))
