"""Windows of sequences: what they hold, how well a motif fits them, which bases never vary."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from seqexpr.data.motifs import Motif
from seqexpr.features.motif_scores import log_odds, score_threshold

__all__ = ["constant_bases", "scan_windows", "window_amounts", "window_scores", "window_sums"]

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

CONSTANT = 0.9
"""Share of the sequences that have the same base at a position that says nothing."""
FEWEST_TO_TELL = 12
"""Sequences that can tell what all have in common."""
P_VALUE = 1e-3
"""A window is a site if so few random windows fit the matrix as well."""


def constant_bases(codes: npt.NDArray[np.uint8]) -> Mask:
    """Return which bases are the same in nearly all sequences, counted from either end.

    What never changes, such as the ends of a construct, can contribute nothing to
    differences, and is in every sequence: it would be the first of all words.

    Parameters
    ----------
    codes : ndarray of uint8, shape (n, width)
        Base codes, padded at the right.

    Returns
    -------
    ndarray of bool, shape (n, width)

    Examples
    --------
    >>> from seqexpr.interpretation.attributions import base_matrix
    >>> codes = base_matrix(["ACGGT", "ATT", "ACCCT"] * 4)
    >>> constant_bases(codes)[:2].tolist()
    [[True, False, False, False, True], [True, False, True, False, False]]
    """
    found = np.zeros(codes.shape, dtype=bool)
    if len(codes) < FEWEST_TO_TELL:
        return found
    lengths = (codes < 5).sum(axis=1)
    at = np.arange(codes.shape[1])
    from_right = lengths[:, None] - 1 - at
    turned = np.take_along_axis(codes, np.where(from_right >= 0, from_right, at), axis=1)
    for table, is_turned in ((codes, False), (turned, True)):
        inside = at < lengths[:, None]
        shares = np.stack([(table == base) & inside for base in range(4)]).mean(axis=1)
        common, share = shares.argmax(axis=0), shares.max(axis=0)
        same = inside & (table == common) & (share >= CONSTANT)
        if is_turned:
            same = np.take_along_axis(same, np.where(from_right >= 0, from_right, at), axis=1)
            same &= inside
        found |= same
    return found


def window_sums(values: Floats, k: int) -> Floats:
    """Return the sums of k neighbours, shape (n, width - k + 1)."""
    sums = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    return np.asarray(sums[:, k:] - sums[:, :-k])


def window_amounts(amounts: Floats, rows: Ints, starts: Ints, width: int) -> Floats:
    """Return what the bases of some windows add up to, shape (m,)."""
    sums = np.cumsum(np.pad(amounts, ((0, 0), (1, 0))), axis=1)
    return np.asarray(sums[rows, starts + width] - sums[rows, starts])


def scan_windows(
    codes: npt.NDArray[np.uint8],
    motif: Motif,
    *,
    both_strands: bool,
    free: Mask | None = None,
    min_score: float | None = None,
) -> tuple[Ints, Ints, Mask, Floats]:
    """Return the windows that a motif fits better than almost any random one.

    Parameters
    ----------
    codes : ndarray of uint8, shape (n, width)
        Base codes.
    motif : Motif
        Of w bases.
    both_strands : bool
        Whether the other strand is looked at too.
    free : ndarray of bool, shape (n, width), optional
        Bases that may be part of a site. By default all known ones.
    min_score : float, optional
        Log-odds of a site, in bits against equal frequencies of the bases. By
        default what one random window in a thousand reaches.

    Returns
    -------
    rows, starts : ndarray of int64, shape (m,)
        Sites that overlap are thinned out: the better one stays.
    is_reverse : ndarray of bool, shape (m,)
        Whether a site lies on the other strand.
    scores : ndarray of float64, shape (m,)
        Log-odds in bits.
    """
    w = len(motif)
    allowed = codes < 4 if free is None else free & (codes < 4)
    if codes.shape[1] < w:
        none = np.zeros(0, dtype=np.int64)
        return none, none, none.astype(bool), none.astype(float)
    limit = min_score
    if limit is None:
        uniform, scores = np.full(4, 0.25), _log_odds(motif)
        rarest = max(P_VALUE, 1.01 * 4.0**-w)
        limit = score_threshold(scores, background=uniform, p_value=rarest)
    ahead = window_scores(np.where(allowed, codes, 4), motif)
    reverse = np.zeros(ahead.shape, dtype=bool)
    if both_strands:
        turned = Motif(motif.name, np.array(motif.frequencies)[::-1, ::-1])
        back = window_scores(np.where(allowed, codes, 4), turned)
        reverse = back > ahead
        ahead = np.maximum(ahead, back)
    rows, starts = np.nonzero(ahead >= limit)
    kept = _thin_out(rows, starts, ahead[rows, starts], w)
    rows, starts = rows[kept], starts[kept]
    return rows, starts, reverse[rows, starts], ahead[rows, starts]


def window_scores(codes: npt.NDArray[np.integer], motif: Motif) -> Floats:
    """Return how well a motif of w bases fits each window, in bits, shape (n, width - w + 1).

    Log-odds against equal frequencies of the bases; minus infinity where a base is
    not known.
    """
    w = len(motif)
    n_windows = codes.shape[1] - w + 1
    table = np.vstack([_log_odds(motif), np.full((2, w), -np.inf)])
    total = np.zeros((len(codes), max(n_windows, 0)))
    for i in range(w):
        total += table[codes[:, i : i + n_windows], i]
    return total


def _log_odds(motif: Motif) -> Floats:
    uniform = np.full(4, 0.25)
    return log_odds(np.asarray(motif.frequencies), background=uniform, pseudocount=0.01)


def _thin_out(rows: Ints, starts: Ints, scores: Floats, width: int) -> Ints:
    """Return which sites stay, where of two that overlap the better one does."""
    order = np.lexsort([starts, -scores])
    taken: set[tuple[int, int]] = set()
    kept = []
    for site in order.tolist():
        row, start = int(rows[site]), int(starts[site])
        if any((row, start + by) in taken for by in range(-width + 1, width)):
            continue
        taken.add((row, start))
        kept.append(site)
    return np.sort(np.array(kept, dtype=np.int64))
