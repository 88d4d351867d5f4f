"""From which score on a window is a site: what measurements say.

A model that adds up words counts on a site with one wrong base nearly as much as
on a whole one, so what it says parts the two badly. The measurements that it was
fitted on part them better. Effects are measured on other rows, so nothing is
taken for real that was chosen here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seqexpr.data.motifs import Motif
from seqexpr.features.composition import Composition
from seqexpr.interpretation.attributions import base_matrix
from seqexpr.interpretation.discovery import FEWEST_SITES, lowest_score
from seqexpr.interpretation.motif_sites import find_sites
from seqexpr.interpretation.scanning import constant_bases, scan_windows

__all__ = ["part_sites"]

Floats = npt.NDArray[np.float64]


def part_sites(
    sequences: Sequence[str],
    y: Floats,
    motifs: Sequence[Motif],
    *,
    min_scores: Sequence[float],
    both_strands: bool = False,
) -> list[float]:
    """Return the scores of sites that best part rows by what was measured.

    Parameters
    ----------
    sequences : sequence of str, length n
        DNA that the model was fitted on.
    y : ndarray of float64, shape (n,)
        What was measured; finite.
    motifs : sequence of Motif, length m
        The most important first.
    min_scores : sequence of float, length m
        Log-odds of a site of each so far, in bits.
    both_strands : bool
        Whether sites on the other strand count. Default False.

    Returns
    -------
    list of float, length m
        No lower than `min_scores`, and such that at least ten sites are left.
    """
    if not len(motifs) or len(sequences) < 2 * len(motifs) + 8:
        return list(min_scores)
    sites = find_sites(sequences, motifs, min_scores=min_scores, both_strands=both_strands)
    counts = sites.counts.astype(float)
    design = np.column_stack([counts, Composition().transform(sequences), np.ones(len(y))])
    coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
    rest = y - design @ coefficients
    codes = base_matrix(sequences)
    varies = ~constant_bases(codes)
    found = []
    for number, (motif, limit) in enumerate(zip(motifs, min_scores, strict=True)):
        rows, _, _, scores = scan_windows(
            codes, motif, both_strands=both_strands, free=varies, min_score=limit
        )
        own = rest + coefficients[number] * counts[:, number]  # what the others leave
        without = np.setdiff1d(np.arange(len(y)), rows)
        level = own[without].mean() if len(without) else 0.0
        better = lowest_score(scores, np.sign(coefficients[number]) * (own[rows] - level))
        enough = (scores >= better).sum() >= FEWEST_SITES
        found.append(max(float(limit), better) if enough else float(limit))
    return found
