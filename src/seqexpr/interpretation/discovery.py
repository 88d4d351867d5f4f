"""Motifs from what bases contribute: words that contribute alike, grown into matrices.

For each word the contributions of its bases are added up in every window where
it stands. The word whose mean is furthest from the mean of all windows, in
standard errors, is a seed. Windows that differ from it in one base and
contribute alike are aligned, more bases at either side are taken as long as they
are conserved and contribute, and the matrix is read once more against all
windows. Its sites are then taken out, and the next seed is sought, until the
best word contributes little.

TF-MoDISco clusters whole windows instead (:mod:`seqexpr.interpretation.modisco`); words need
no more than some tens of sites.

References
----------
Shrikumar et al. (2018), Technical note on transcription factor motif discovery from
importance scores (TF-MoDISco), arXiv:1811.00416, section 2 (seqlets and their
alignment). Bailey (2021), STREME, Bioinformatics 37:2834-2840 (seeds that are
grown, refined and erased). Schneider & Stephens (1990), Sequence logos, Nucleic
Acids Research 18:6097-6100 (conservation in bits).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqexpr.data.motifs import Motif
from seqexpr.errors import InputError
from seqexpr.interpretation.attributions import Attributions, base_matrix
from seqexpr.interpretation.scanning import (
    Floats,
    Ints,
    Mask,
    constant_bases,
    scan_windows,
    window_amounts,
    window_sums,
)

__all__ = [
    "FoundMotif",
    "Windows",
    "align_sites",
    "conserved_stretch",
    "find_motifs",
    "lowest_score",
    "make_windows",
    "read_again",
]

FLANK = 6
"""Bases beside a seed that may become part of its motif."""
FEWEST_SITES = 10
BITS, SHARE = 0.3, 0.15
"""A base belongs to a motif if it is that conserved and contributes that share of the best."""
HALF = 0.5
"""Windows count as sites if they contribute at least this share of the seed's mean."""


@dataclass(frozen=True, eq=False)
class FoundMotif:
    """A motif, and the windows that it was found in.

    Attributes
    ----------
    motif : Motif
        Its base frequencies.
    rows, starts : ndarray of int64, shape (m,)
        Which sequence, and the first base of the site in it.
    is_reverse : ndarray of bool, shape (m,)
        Whether the site lies on the other strand.
    min_score : float
        Log-odds, in bits against equal frequencies of the bases, from which on
        windows contribute as sites do, or are measured to.
    contribution : float
        Mean over the sites of what their bases contribute, above the average base, in target
        units.
    score : float
        Distance of the seed's mean from that of all windows, in standard errors.
    """

    motif: Motif
    rows: Ints
    starts: Ints
    is_reverse: Mask
    min_score: float
    contribution: float
    score: float


class Windows(NamedTuple):
    """What is searched: bases, contributions, and which bases are still free."""

    codes: npt.NDArray[np.uint8]  # (n, width)
    amounts: Floats  # (n, width), relative to the mean base
    free: Mask  # (n, width)
    background: Floats  # (4,)
    both_strands: bool


def find_motifs(
    attributions: Attributions,
    *,
    k: int = 6,
    max_motifs: int = 20,
    min_effect: float = 2.0,
    both_strands: bool = False,
) -> list[FoundMotif]:
    """Find motifs in what bases contribute.

    Parameters
    ----------
    attributions : Attributions
        Of n sequences; a thousand are enough for motifs in one of ten.
    k : int
        Bases of a seed, in [4, 8]. Default 6.
    max_motifs : int
        Most motifs, at least 1. Default 20.
    min_effect : float
        A seed's windows must contribute so many standard deviations of all
        windows more, or less, than the mean window. Default 2.
    both_strands : bool
        Whether a word and its reverse complement are the same. Default False.

    Returns
    -------
    list of FoundMotif
        The furthest from the mean first; named "1", "2", ….

    Raises
    ------
    InputError
        If `k` is out of range.
    """
    if not 4 <= k <= 8:
        raise InputError(f"find_motifs: k must be in [4, 8], got {k!r}")
    windows = make_windows(attributions, both_strands=both_strands)
    limit = min_effect * _spread(windows, k)
    found: list[FoundMotif] = []
    for _ in range(3 * max_motifs):
        seed = _best_seed(windows, k, limit=limit)
        if seed is None or len(found) == max_motifs:
            break
        motif = _grow(windows, seed, k=k, name=str(len(found) + 1))
        if motif is None:
            _erase(windows, *_sites_of_word(windows, seed.word, 0)[:2], k)
            continue
        found.append(motif)
        rows, starts, *_ = scan_windows(
            windows.codes, motif.motif, both_strands=both_strands, min_score=motif.min_score
        )
        _erase(windows, rows, starts, len(motif.motif))
        _erase(windows, motif.rows, motif.starts, len(motif.motif))
    return found


def make_windows(attributions: Attributions, *, both_strands: bool) -> Windows:
    """Return what is searched for motifs: all bases that vary are free."""
    codes = base_matrix(attributions.sequences)
    known = codes < 4
    amounts = attributions.contributions
    amounts = np.where(known, amounts - amounts[known].mean() if known.any() else 0.0, 0.0)
    shares = np.bincount(codes[known], minlength=4)[:4] + 1.0
    free = known & ~constant_bases(codes)
    return Windows(codes, amounts, free, shares / shares.sum(), both_strands)


class _Seed(NamedTuple):
    word: npt.NDArray[np.uint8]
    mean: float
    score: float


def _spread(windows: Windows, k: int) -> float:
    """Return a robust standard deviation of what windows contribute."""
    usable = window_sums(windows.free.astype(float), k) == k
    sums = window_sums(windows.amounts, k)[usable]
    if not len(sums):
        return 0.0
    return float(1.4826 * np.median(np.abs(sums - np.median(sums))))


def _word_numbers(windows: Windows, k: int) -> tuple[Ints, Ints]:
    """Return each window's word, or -1; and the word that stands for both strands."""
    width = windows.codes.shape[1] - k + 1
    numbers = np.zeros((len(windows.codes), width), dtype=np.int64)
    turned = np.zeros_like(numbers)
    for i in range(k):
        part = windows.codes[:, i : i + width].astype(np.int64)
        numbers = numbers << 2 | part & 3
        turned |= (3 - (part & 3)) << 2 * i
    usable = window_sums(windows.free.astype(float), k) == k
    canonical = np.minimum(numbers, turned) if windows.both_strands else numbers
    return np.where(usable, numbers, -1), np.where(usable, canonical, -1)


def _best_seed(windows: Windows, k: int, *, limit: float) -> _Seed | None:
    if windows.codes.shape[1] < k:
        return None
    _, numbers = _word_numbers(windows, k)
    usable = numbers >= 0
    if not usable.any():
        return None
    sums, words = window_sums(windows.amounts, k)[usable], numbers[usable]
    times = np.bincount(words, minlength=4**k)
    means = np.bincount(words, weights=sums, minlength=4**k) / np.maximum(times, 1)
    overall, deviation = float(sums.mean()), float(sums.std())
    apart = means - overall
    scores = np.abs(apart) * np.sqrt(times) / (deviation or 1.0)
    scores[(times < FEWEST_SITES) | (np.abs(apart) < limit) | (np.abs(apart) <= 0)] = 0.0
    best = int(scores.argmax())
    if scores[best] <= 0:
        return None
    word = np.array([best >> 2 * (k - 1 - i) & 3 for i in range(k)], dtype=np.uint8)
    return _Seed(word, float(apart[best]), float(scores[best]))


def _sites_of_word(
    windows: Windows, word: npt.NDArray[np.uint8], most_mismatches: int
) -> tuple[Ints, Ints, Mask]:
    """Return the free windows that differ from a word in few bases."""
    k = len(word)
    width = windows.codes.shape[1] - k + 1
    usable = window_sums(windows.free.astype(float), k) == k
    found = []
    for reverse in (False, True) if windows.both_strands else (False,):
        wanted = 3 - word[::-1] if reverse else word
        wrong = sum((windows.codes[:, i : i + width] != wanted[i]).astype(int) for i in range(k))
        rows, starts = np.nonzero(usable & (wrong <= most_mismatches))
        found.append((rows, starts, np.full(len(rows), reverse)))
    rows, starts, is_reverse = map(np.concatenate, zip(*found, strict=True))
    return rows, starts, is_reverse


def _grow(windows: Windows, seed: _Seed, *, k: int, name: str) -> FoundMotif | None:
    """Align what is like the seed, take more bases, and read the matrix against all windows."""
    rows, starts, reverse = _sites_of_word(windows, seed.word, 1)
    sums = window_sums(windows.amounts, k)[rows, starts]
    alike = sums * np.sign(seed.mean) >= HALF * abs(seed.mean)
    rows, starts, reverse = rows[alike], starts[alike], reverse[alike]
    width = k
    for _ in range(3):
        if len(rows) < FEWEST_SITES:
            return None
        bases, amounts = align_sites(windows, rows, starts, reverse, width=width)
        counts = (bases[:, None, :] == np.arange(4)[:, None]).sum(axis=0)  # (4, positions)
        first, last = conserved_stretch(counts, amounts, windows.background)
        if last - first < 4:
            return None
        kept = counts[:, first:last] + windows.background[:, None]
        motif = Motif.from_counts(name, kept)
        width = last - first
        rows, starts, reverse, sums, limit = read_again(windows, motif, float(np.sign(seed.mean)))
    if len(rows) < FEWEST_SITES:
        return None
    mean = float(np.sign(seed.mean) * np.mean(sums))
    return FoundMotif(motif, rows, starts, reverse, limit, mean, seed.score)


def read_again(
    windows: Windows, motif: Motif, sign: float
) -> tuple[Ints, Ints, Mask, Floats, float]:
    """Return the sites of a motif that contribute to one side: where, how much, from which score.

    Rows, starts, strands and contributions times `sign`, shape (m,), and the least score.
    """
    rows, starts, reverse, scores = scan_windows(
        windows.codes, motif, both_strands=windows.both_strands, free=windows.free
    )
    sums = sign * window_amounts(windows.amounts, rows, starts, len(motif))
    limit = lowest_score(scores, sums)
    alike = (scores >= limit) & (sums > 0)
    return rows[alike], starts[alike], reverse[alike], sums[alike], limit


def lowest_score(scores: Floats, sums: Floats) -> float:
    """Return the score that best parts windows that contribute from windows that do not.

    The split into two means that leaves the least squared error; all windows are
    sites if the lower ones contribute more than half as much as the higher.
    """
    if not len(scores):
        return 0.0
    order = np.argsort(-scores)
    ordered, values = scores[order], sums[order]
    total, n = np.cumsum(values), np.arange(1, len(values) + 1)
    ends = np.flatnonzero(np.diff(ordered) < -1e-9)  # only between different scores
    if not len(ends):
        return float(ordered[-1]) - 1e-6
    above = total[ends] / n[ends]
    below = (total[-1] - total[ends]) / (n[-1] - n[ends])
    gain = n[ends] * (n[-1] - n[ends]) * (above - below) ** 2
    best = int(np.argmax(np.where(above > below, gain, -1.0)))
    lowest = float(ordered[ends[best]] if below[best] < HALF * above[best] else ordered[-1])
    return lowest - 1e-6


def align_sites(
    windows: Windows, rows: Ints, starts: Ints, reverse: Mask, *, width: int
) -> tuple[Ints, Floats]:
    """Return bases and contributions around sites, shape (m, FLANK + width + FLANK)."""
    offsets = np.arange(-FLANK, width + FLANK)
    at = starts[:, None] + np.where(reverse[:, None], offsets[::-1], offsets)
    inside = (at >= 0) & (at < windows.codes.shape[1])
    safe = np.where(inside, at, 0)
    bases = np.where(inside, windows.codes[rows[:, None], safe], 5).astype(np.int64)
    bases = np.where(reverse[:, None] & (bases < 4), 3 - bases, bases)
    free = inside & windows.free[rows[:, None], safe]
    return bases, np.where(free, windows.amounts[rows[:, None], safe], 0.0)


def conserved_stretch(
    counts: npt.NDArray[np.int64], amounts: Floats, background: Floats
) -> tuple[int, int]:
    """Return the stretch of positions around the middle that matter."""
    shares = (counts + background[:, None]) / (counts.sum(axis=0) + 1)
    bits = (shares * np.log2(shares / background[:, None])).sum(axis=0)
    strength = np.abs(amounts.mean(axis=0))
    matters = (bits >= BITS) & (strength >= SHARE * strength.max())
    middle = len(bits) // 2
    where = np.flatnonzero(matters)
    if not len(where):
        return FLANK, len(bits) - FLANK
    core = where[np.abs(where - middle).argmin()]
    first = last = int(core)
    while any(matters[max(first - 3, 0) : first]):  # two positions where any base will do
        first = int(np.flatnonzero(matters[:first])[-1])
    while any(matters[last + 1 : last + 4]):
        last = int(last + 1 + np.flatnonzero(matters[last + 1 :])[0])
    return first, last + 1


def _erase(windows: Windows, rows: Ints, starts: Ints, width: int) -> None:
    """Take sites out, but for their outermost bases, which a neighbour may share."""
    for i in range(min(1, width), max(width - 1, 1)):
        inside = (starts + i >= 0) & (starts + i < windows.free.shape[1])
        windows.free[rows[inside], starts[inside] + i] = False
