"""Which of the motifs that a model shows are borne out by measurements it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from seqexpr.data.motifs import Motif
from seqexpr.features.composition import Composition
from seqexpr.interpretation.attributions import base_matrix
from seqexpr.interpretation.discovery import FoundMotif
from seqexpr.interpretation.measured_effects import (
    MeasuredEffect,
    regress_each,
    regress_robustly,
)
from seqexpr.interpretation.motif_sites import GAP_BINS, MotifSites, find_sites, pair_counts
from seqexpr.interpretation.scanning import window_scores

__all__ = [
    "FEWEST_SEEN",
    "MOST_SEEN",
    "MotifEvidence",
    "PairEvidence",
    "weigh_motifs",
    "weigh_positional_motifs",
]

Floats = npt.NDArray[np.float64]

PairKey: TypeAlias = tuple[int, int, int, int | None]
"""Two motifs, the smallest gap and the largest."""

FEWEST_SEEN, MOST_SEEN = 200, 5_000
"""Rows of training that are enough to choose what to test, and that are looked at."""
FEWEST_WITH = 8
"""Rows that must have a pair for it to be tested."""


@dataclass(frozen=True)
class PairEvidence:
    """What two motifs do together beyond what each does.

    Attributes
    ----------
    first, second : int
        Which motifs.
    min_gap : int
        Fewest bases between them.
    max_gap : int or None
        Most; None = any number.
    effect : MeasuredEffect
        What a pair adds to the effects of its two motifs.
    q_value : float
        False discovery rate at which it is called, among all pairs and ranges of gaps.
    """

    first: int
    second: int
    min_gap: int
    max_gap: int | None
    effect: MeasuredEffect
    q_value: float


@dataclass(frozen=True, eq=False)
class MotifEvidence:
    """What measurements say of m motifs.

    Attributes
    ----------
    effects : list of MeasuredEffect, length m
        Of one more site of each, beside the others: on average over the company it
        keeps.
    alone : list of MeasuredEffect, length m
        The same without the pairs that are called: of a site whose partners are not
        there.
    q_values : ndarray of float64, shape (m,)
        False discovery rates.
    pairs : list of PairEvidence
        Those called at `fdr` among motifs that are, the surest range of gaps of each, the
        surest pair first.
    n : int
        Rows looked at.
    """

    effects: list[MeasuredEffect]
    alone: list[MeasuredEffect]
    q_values: Floats
    pairs: list[PairEvidence]
    n: int


def weigh_motifs(
    sequences: Sequence[str],
    y: Floats,
    motifs: Sequence[Motif],
    *,
    min_scores: Sequence[float] | None = None,
    both_strands: bool = False,
    weights: Floats | None = None,
    seen: tuple[Sequence[str], Floats] | None = None,
    fdr: float = 0.05,
) -> MotifEvidence:
    """Regress measurements on the sites of motifs and on pairs of them.

    Parameters
    ----------
    sequences : sequence of str, length n
        DNA that neither the model nor the motifs were made from.
    y : ndarray of float64, shape (n,)
        What was measured, on the model's scale; NaN = not measured.
    motifs : sequence of Motif, length m
        The most important first.
    min_scores : sequence of float, length m, optional
        As for :func:`seqexpr.interpretation.motif_sites.find_sites`.
    both_strands : bool
        Whether sites on the other strand count. Default False.
    weights : ndarray of float64, shape (n,), optional
        Of the rows.
    seen : tuple of (sequence of str, ndarray of float64), optional
        Other rows, on which model and motifs were found. The pairs and gaps that they
        call are the ones that are tested; by default all are, which costs power.
    fdr : float
        At which pairs are called. Default 0.05.

    Returns
    -------
    MotifEvidence
        Composition (GC, length, CpG) is held equal throughout.
    """
    measured = np.flatnonzero(np.isfinite(y)).tolist()
    own, target = [sequences[row] for row in measured], np.asarray(y)[measured]
    share = None if weights is None else np.asarray(weights)[measured]
    m = len(motifs)
    if not m or len(own) < m + 8:
        nothing = MeasuredEffect(np.nan, np.nan, np.nan, 1.0, 0)
        return MotifEvidence([nothing] * m, [nothing] * m, np.ones(m), [], len(own))
    sites = find_sites(own, motifs, min_scores=min_scores, both_strands=both_strands)
    counts, composition = sites.counts.astype(float), Composition().transform(own)
    beside = np.hstack([counts, composition])
    effects = regress_robustly(beside, target, names=m, weights=share)
    q_values = _q_values([effect.p_value for effect in effects])
    kept = np.flatnonzero(q_values <= fdr).tolist()
    wanted = None
    if seen is not None and len(seen[0]) >= FEWEST_SEEN:
        wanted = _pairs_worth_testing(
            seen, motifs, kept, min_scores=min_scores, both_strands=both_strands
        )
    pairs = _weigh_pairs(
        _count_among(sites, kept), beside, target, share=share, fdr=fdr, wanted=wanted
    )
    columns = [column for _, column in pairs]
    design = np.column_stack([counts, *columns, composition])
    joint = regress_robustly(design, target, names=m + len(columns), weights=share)
    together = [
        replace(pair, effect=effect) for (pair, _), effect in zip(pairs, joint[m:], strict=True)
    ]
    return MotifEvidence(effects, joint[:m], q_values, together, len(own))


def weigh_positional_motifs(
    sequences: Sequence[str],
    y: Floats,
    found: Sequence[FoundMotif],
    *,
    weights: Floats | None = None,
) -> MotifEvidence:
    """Regress measurements on how good the site at each place is.

    For libraries of variants of one sequence: every sequence has each site, more
    or less intact. A site's column is its score, as a share of the way from the
    mean score to the best there can be.

    Parameters
    ----------
    sequences, y, weights
        As for :func:`weigh_motifs`; all sequences of one length.
    found : sequence of FoundMotif, length m
        Each at one place.

    Returns
    -------
    MotifEvidence
        The effect of a motif is that of the best site beside the average one.
        There are no pairs.
    """
    measured = np.flatnonzero(np.isfinite(y)).tolist()
    if not found or len(measured) < len(found) + 8:
        nothing = MeasuredEffect(np.nan, np.nan, np.nan, 1.0, 0)
        none = [nothing] * len(found)
        return MotifEvidence(none, none, np.ones(len(found)), [], len(measured))
    codes = base_matrix([sequences[row] for row in measured])
    share = None if weights is None else np.asarray(weights)[measured]
    columns = []
    for item in found:
        first = int(item.starts[0])
        scores = window_scores(codes[:, first : first + len(item.motif)], item.motif)[:, 0]
        usable = np.isfinite(scores)
        mean = float(scores[usable].mean()) if usable.any() else 0.0
        best = float(window_scores(item.motif.frequencies.argmax(axis=0)[None], item.motif)[0, 0])
        columns.append(np.where(usable, (scores - mean) / max(best - mean, 1e-9), 0.0))
    design = np.column_stack(columns)
    effects = regress_robustly(design, np.asarray(y)[measured], names=len(found), weights=share)
    q_values = _q_values([effect.p_value for effect in effects])
    return MotifEvidence(effects, effects, q_values, [], len(measured))


def _q_values(p_values: list[float]) -> Floats:
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(p_values)) if p_values else np.zeros(0)


def _count_among(
    sites: MotifSites, kept: Sequence[int]
) -> dict[tuple[int, int], npt.NDArray[np.int64]]:
    """Count the pairs of some of the motifs by their gaps."""
    return {both: table for both, table in pair_counts(sites).items() if set(both) <= set(kept)}


def _pairs_worth_testing(
    seen: tuple[Sequence[str], Floats],
    motifs: Sequence[Motif],
    kept: Sequence[int],
    *,
    min_scores: Sequence[float] | None,
    both_strands: bool,
) -> set[PairKey]:
    """Return the pairs, each with its range of gaps, that rows of training call."""
    known = np.flatnonzero(np.isfinite(seen[1]))[:MOST_SEEN].tolist()
    own, y = [seen[0][row] for row in known], np.asarray(seen[1])[known]
    sites = find_sites(own, motifs, min_scores=min_scores, both_strands=both_strands)
    beside = np.hstack([sites.counts.astype(float), Composition().transform(own)])
    called = _weigh_pairs(_count_among(sites, kept), beside, y, share=None, fdr=0.05)
    return {(pair.first, pair.second, pair.min_gap, pair.max_gap) for pair, _ in called}


def _weigh_pairs(
    counted: dict[tuple[int, int], npt.NDArray[np.int64]],
    beside: Floats,
    y: Floats,
    *,
    share: Floats | None,
    fdr: float,
    wanted: set[PairKey] | None = None,
) -> list[tuple[PairEvidence, Floats]]:
    """Test each two motifs at each range of gaps; of those called, the surest of each two stays."""
    tested: list[tuple[PairEvidence, Floats]] = []
    for (first, second), table in counted.items():
        ranges = [
            (low, high)
            for low in range(len(GAP_BINS))
            for high in range(low, len(GAP_BINS))
            if wanted is None or (first, second, GAP_BINS[low][0], GAP_BINS[high][1]) in wanted
        ]
        columns = np.array([table[:, low : high + 1].sum(axis=1) for low, high in ranges])
        columns = columns.reshape(len(ranges), len(y)).T.astype(float)
        effects = regress_each(columns, beside, y, weights=share)
        tested += [
            (PairEvidence(first, second, GAP_BINS[low][0], GAP_BINS[high][1], effect, 1.0), column)
            for (low, high), effect, column in zip(ranges, effects, columns.T, strict=True)
            if effect.n_with >= FEWEST_WITH
        ]
    q_values = _q_values([pair.effect.p_value for pair, _ in tested])
    surest: dict[tuple[int, int], tuple[PairEvidence, Floats]] = {}
    for place in np.argsort([pair.effect.p_value for pair, _ in tested], kind="stable").tolist():
        pair, column = tested[place]
        if q_values[place] <= fdr and (pair.first, pair.second) not in surest:
            called = replace(pair, q_value=float(q_values[place]))
            surest[pair.first, pair.second] = called, column
    return sorted(surest.values(), key=lambda item: item[0].q_value)
