"""Where motifs stand in sequences, each base claimed by one motif at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from seqexpr.data.motifs import Motif
from seqexpr.interpretation.attributions import base_matrix
from seqexpr.interpretation.scanning import constant_bases, scan_windows

__all__ = ["GAP_BINS", "MotifSites", "find_sites", "pair_counts"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

GAP_BINS = ((0, 9), (10, 19), (20, 39), (40, 79), (80, None))
"""Bases between two motifs, smallest and largest, that are looked at together."""


@dataclass(frozen=True, eq=False)
class MotifSites:
    """The sites of m motifs in n sequences.

    Attributes
    ----------
    rows, starts, motifs : ndarray of int64, shape (s,)
        Sequence, first base and motif of each site, by row and start.
    is_reverse : ndarray of bool, shape (s,)
        Whether it lies on the other strand.
    widths : ndarray of int64, shape (m,)
        Bases of each motif.
    n_sequences : int
        n.
    """

    rows: Ints
    starts: Ints
    motifs: Ints
    is_reverse: npt.NDArray[np.bool_]
    widths: Ints
    n_sequences: int

    @property
    def counts(self) -> Ints:
        """How often each motif stands in each sequence, shape (n, m)."""
        m = len(self.widths)
        flat = np.bincount(self.rows * m + self.motifs, minlength=self.n_sequences * m)
        return flat.reshape(self.n_sequences, m)


def find_sites(
    sequences: Sequence[str],
    motifs: Sequence[Motif],
    *,
    min_scores: Sequence[float] | None = None,
    both_strands: bool = False,
) -> MotifSites:
    """Find the sites of motifs; where two overlap by half, the motif named first has it.

    Bases that nearly all sequences have in common are no part of a site.

    Parameters
    ----------
    sequences : sequence of str, length n
        DNA.
    motifs : sequence of Motif, length m
        The most important first.
    min_scores : sequence of float, length m, optional
        Log-odds of a site of each, in bits. By default what one random window in
        a thousand reaches.
    both_strands : bool
        Whether the other strand is looked at too. Default False.

    Examples
    --------
    >>> from seqexpr.data.motifs import Motif
    >>> box, part = Motif.from_consensus("TATAAT"), Motif.from_consensus("TAAT")
    >>> find_sites(["GGTATAATGGTAAT"], [box, part]).counts.tolist()
    [[1, 1]]
    """
    codes = base_matrix(sequences)
    varies = ~constant_bases(codes)
    claimed = np.zeros((len(codes), codes.shape[1] + 1), dtype=np.int64)
    parts = []
    for number, motif in enumerate(motifs):
        limit = None if min_scores is None else min_scores[number]
        rows, starts, reverse, _ = scan_windows(
            codes, motif, both_strands=both_strands, free=varies, min_score=limit
        )
        w = len(motif)
        sums = np.cumsum(np.pad(claimed[:, :-1], ((0, 0), (1, 0))), axis=1)
        free = 2 * (sums[rows, starts + w] - sums[rows, starts]) < w
        rows, starts, reverse = rows[free], starts[free], reverse[free]
        for i in range(w):
            claimed[rows, starts + i] = 1
        parts.append((rows, starts, np.full(len(rows), number), reverse))
    nothing = (np.zeros(0, dtype=np.int64),) * 3 + (np.zeros(0, dtype=bool),)
    rows, starts, which, reverse = map(np.concatenate, zip(nothing, *parts, strict=True))
    order = np.lexsort([starts, rows])
    widths = np.array([len(motif) for motif in motifs], dtype=np.int64)
    return MotifSites(rows[order], starts[order], which[order], reverse[order], widths, len(codes))


def pair_counts(sites: MotifSites) -> dict[tuple[int, int], Ints]:
    """Count pairs of sites of different motifs by the gap between them.

    Parameters
    ----------
    sites : MotifSites
        In n sequences.

    Returns
    -------
    dict of (int, int) to ndarray of int64, shape (n, len(GAP_BINS))
        For each two motifs, the first named first, how many pairs of their sites, in
        either order, have a gap in each bin.

    Examples
    --------
    >>> from seqexpr.data.motifs import Motif
    >>> boxes = [Motif.from_consensus("TTGACA"), Motif.from_consensus("TATAAT")]
    >>> sites = find_sites(["TTGACA" + "G" * 17 + "TATAAT"], boxes)
    >>> pair_counts(sites)[0, 1].tolist()
    [[0, 1, 0, 0, 0]]
    """
    found: dict[tuple[int, int], Ints] = {}
    bounds = np.array([low for low, _ in GAP_BINS[1:]])
    ends = sites.starts + sites.widths[sites.motifs] if len(sites.widths) else sites.starts
    for one, other in combinations(range(len(sites.widths)), 2):
        table = np.zeros((sites.n_sequences, len(GAP_BINS)), dtype=np.int64)
        a, b = np.flatnonzero(sites.motifs == one), np.flatnonzero(sites.motifs == other)
        if len(a) and len(b):
            # Every site of one against every site of the other in the same sequence.
            first = np.searchsorted(sites.rows[b], sites.rows[a], side="left")
            last = np.searchsorted(sites.rows[b], sites.rows[a], side="right")
            left = np.repeat(a, last - first)
            before = np.cumsum(last - first) - (last - first)
            step = np.arange(len(left)) - np.repeat(before, last - first)
            right = b[np.repeat(first, last - first) + step]
            gaps = np.maximum(sites.starts[right] - ends[left], sites.starts[left] - ends[right])
            bins = np.searchsorted(bounds, np.maximum(gaps, 0), side="right")
            np.add.at(table, (sites.rows[left], bins), 1)
        found[one, other] = table
    return found
