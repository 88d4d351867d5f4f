"""Sites by position, for libraries of variants of one sequence.

Where most sequences share the base at a position, words stand in one place and
nowhere else; what matters is which positions lose most when they change. The
mean effect of each base at each position is a matrix; stretches of it that
stand out are sites, and the matrix of a site, as energies, gives a motif.

References
----------
Kinney et al. (2010), Using deep sequencing to characterize the biophysical mechanism
of a transcriptional regulatory sequence, PNAS 107:9158-9163 (energy matrices from
variants). Berg & von Hippel (1987), Selection of DNA binding sites by regulatory
proteins, J. Mol. Biol. 193:723-750 (from energies to frequencies).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqexpr.data.motifs import Motif
from seqexpr.interpretation.attributions import Attributions, base_matrix
from seqexpr.interpretation.discovery import HALF, FoundMotif
from seqexpr.interpretation.scanning import window_scores

__all__ = ["find_positional_motifs", "is_aligned", "mean_effects"]

Floats = npt.NDArray[np.float64]

SHARED = 0.5
"""Mean share of the commonest base from which on sequences are variants of one."""
WIDEST_GAP = 6
"""Positions that may not matter inside a site: between the halves of a palindrome."""
SHORTEST, LONGEST = 5, 30
ABOVE = 0.35
"""Share of the largest importance from which on a position is part of a site."""
SMALLEST = 0.3
"""Share of the largest contribution from which on a stretch is a site."""
BITS = 1.5
"""Conservation of the most conserved position of a motif that is made from energies."""


def is_aligned(sequences: tuple[str, ...] | list[str]) -> bool:
    """Whether sequences are variants of one: of one length, most bases shared.

    Examples
    --------
    >>> is_aligned(["ACGTAC", "ACGTAG", "ACGAAC"]), is_aligned(["ACGT", "TTGA", "CAAC", "GGCC"])
    (True, False)
    """
    lengths = {len(sequence) for sequence in sequences}
    if len(lengths) != 1 or len(sequences) < 2:
        return False
    codes = base_matrix(sequences)
    shares = (codes[:, None, :] == np.arange(4)[:, None]).mean(axis=0).max(axis=0)
    return float(shares.mean()) >= SHARED


def mean_effects(attributions: Attributions) -> Floats:
    """Return the mean change by each base at each position, from the commonest base.

    Parameters
    ----------
    attributions : Attributions
        Of n sequences of one length, by mutagenesis.

    Returns
    -------
    ndarray of float64, shape (4, length)
        Over the sequences that have the commonest base there; 0 for that base.
    """
    present, effects = attributions.present, attributions.effects
    common = present.mean(axis=0).argmax(axis=0)  # (length,)
    has = np.take_along_axis(present, common[None, None, :], axis=1)[:, 0]  # (n, length)
    times = np.maximum(has.sum(axis=0), 1)
    return np.asarray((effects * has[:, None, :]).sum(axis=0) / times)


def find_positional_motifs(attributions: Attributions) -> list[FoundMotif]:
    """Find the stretches of an aligned library whose changes matter, and their motifs.

    Parameters
    ----------
    attributions : Attributions
        Of n sequences of one length, by mutagenesis.

    Returns
    -------
    list of FoundMotif
        The largest effect first. Each has one site in every sequence whose bases
        there contribute half as much as in the best tenth, at least. Where the
        commonest bases keep the expression down, its contribution is negative.
    """
    effects = mean_effects(attributions)
    others = effects.sum(axis=0) / 3  # what a change does on average
    importance = np.abs(effects).max(axis=0)
    codes = base_matrix(attributions.sequences)
    found = []
    for sign in (1.0, -1.0):
        for first, last in _stretches(np.where(-sign * others > 0, importance, 0.0)):
            found.append(_motif(attributions, codes, effects, sign, (first, last)))
    found = [motif for motif in found if len(motif.rows)]
    found.sort(key=lambda motif: -abs(motif.contribution))
    largest = max((abs(item.contribution) for item in found), default=0.0)
    found = [item for item in found if abs(item.contribution) >= SMALLEST * largest]
    found = _without_overlaps(found)
    return [
        FoundMotif(
            Motif(str(i + 1), np.array(item.motif.frequencies)), item.rows, item.starts,
            item.is_reverse, item.min_score, item.contribution, item.score,
        )
        for i, item in enumerate(found)
    ]  # fmt: skip


def _without_overlaps(found: list[FoundMotif]) -> list[FoundMotif]:
    """Leave out what shares half of itself, or of a site of larger effect, with that site."""
    kept: list[FoundMotif] = []
    for item in found:
        first, width = int(item.starts[0]), len(item.motif)
        for other in kept:
            start, length = int(other.starts[0]), len(other.motif)
            shared = min(first + width, start + length) - max(first, start)
            if 2 * shared > min(width, length):
                break
        else:
            kept.append(item)
    return kept


def _stretches(importance: Floats) -> list[tuple[int, int]]:
    """Return where sites begin and end: positions that matter, with small gaps."""
    where = np.flatnonzero(importance >= ABOVE * importance.max(initial=0.0))
    where = where[importance[where] > 0]
    if not len(where):
        return []
    breaks = np.flatnonzero(np.diff(where) > WIDEST_GAP + 1) + 1
    stretches = []
    for part in np.split(where, breaks):
        first, last = int(part[0]), int(part[-1]) + 1
        if last - first >= SHORTEST and len(part) >= 3:
            stretches += _cut(importance, first, last)
    return stretches


def _cut(importance: Floats, first: int, last: int) -> list[tuple[int, int]]:
    """Cut a stretch that is too long for one site where it matters least."""
    if last - first <= LONGEST:
        return [(first, last)]
    smooth = np.convolve(importance, np.ones(5) / 5, mode="same")
    middle = np.arange(first + SHORTEST, last - SHORTEST)
    at = int(middle[smooth[middle].argmin()])
    return _cut(importance, first, at) + _cut(importance, at, last)


def _motif(
    attributions: Attributions, codes: npt.NDArray[np.uint8], effects: Floats, sign: float,
    stretch: tuple[int, int],
) -> FoundMotif:  # fmt: skip
    first, last = stretch
    motif = Motif("site", _frequencies(sign * effects[:, first:last]))
    scores = window_scores(codes[:, first:last], motif)[:, 0]
    sums = sign * attributions.contributions[:, first:last].sum(axis=1)
    known = np.isfinite(scores)
    best = np.sort(sums[known])[-max(1, len(sums) // 10) :].mean()
    rows = np.flatnonzero(known & (sums >= HALF * best) & (best > 0))
    limit = float(np.quantile(scores[rows], 0.05)) if len(rows) else 0.0
    mean = float(sign * sums[rows].mean()) if len(rows) else 0.0
    spread = float(sums.std(ddof=1)) or 1.0
    score = float(abs(sums[rows].mean() - sums.mean()) / spread) if len(rows) else 0.0
    where = np.full(len(rows), first, dtype=np.int64)
    return FoundMotif(motif, rows, where, np.zeros(len(rows), dtype=bool), limit, mean, score)


def _frequencies(energies: Floats) -> Floats:
    """Return frequencies ``exp(beta * energy)``, with beta for `BITS` at the best position."""
    from scipy.optimize import brentq

    def shares(beta: float) -> Floats:
        raised = np.exp(beta * (energies - energies.max(axis=0)))
        return np.asarray(raised / raised.sum(axis=0))

    def excess(log_beta: float) -> float:
        table = shares(np.exp(log_beta))
        bits = 2 + (table * np.log2(np.maximum(table, 1e-300))).sum(axis=0)
        return float(bits.max()) - BITS

    scale = float(np.abs(energies).max()) or 1.0
    low, high = np.log(1e-3 / scale), np.log(1e3 / scale)
    if excess(low) * excess(high) >= 0:  # two bases alike: no more than one bit to be had
        return shares(10 / scale)
    return shares(float(np.exp(brentq(excess, low, high))))
