"""Motifs by TF-MoDISco: windows that contribute much, clustered by what they contribute.

The work is modisco-lite's. Its patterns are trimmed as motifs found from words are, and get the
same evidence. It needs a hundred windows of a sign, of 21 bases and ten at either side; in
sequences of 120 bases it loses motifs without a word (docs/interpretation.md).

References
----------
Shrikumar et al. (2018), Technical note on transcription factor motif discovery from importance
scores (TF-MoDISco), arXiv:1811.00416. Its implementation: Schreiber, tfmodisco-lite.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seqexpr.data.motifs import Motif
from seqexpr.errors import InputError
from seqexpr.interpretation.attributions import Attributions
from seqexpr.interpretation.discovery import (
    FEWEST_SITES,
    FoundMotif,
    Windows,
    align_sites,
    conserved_stretch,
    make_windows,
    read_again,
)
from seqexpr.interpretation.scanning import window_sums
from seqexpr.optional import require

__all__ = ["find_patterns"]

WINDOW, FLANK = 21, 10
"""Bases of a window, and beside it, by modisco-lite's defaults."""


def find_patterns(attributions: Attributions, *, both_strands: bool = False) -> list[FoundMotif]:
    """Find motifs by TF-MoDISco.

    Parameters
    ----------
    attributions : Attributions
        Of n sequences, by a method that says what each of the four bases would contribute:
        mutagenesis, or DeepLIFT and integrated gradients of a network.
    both_strands : bool
        Whether sites on the other strand count when they are measured. TF-MoDISco itself always
        looks at both. Default False.

    Returns
    -------
    list of FoundMotif
        By the number of their windows, the most first; named "1", "2", ….

    Raises
    ------
    InputError
        If the method says nothing of absent bases, or the sequences are shorter than a window.
    MissingExtraError
        If modisco-lite is not installed.
    """
    if attributions.method in ("weights", "trees"):
        raise InputError(
            f"TF-MoDISco needs what absent bases would contribute, which {attributions.method!r} "
            "does not say; pass --method mutagenesis"
        )
    width = attributions.values.shape[2]
    if width < WINDOW + 2 * FLANK:
        raise InputError(
            f"TF-MoDISco needs sequences of at least {WINDOW + 2 * FLANK} bases, the longest has "
            f"{width}; leave --discovery as it is"
        )
    modisco = require("modiscolite.tfmodisco", extra="modisco")
    values = np.ascontiguousarray(np.moveaxis(attributions.values, 1, 2), dtype=np.float32)
    present = np.ascontiguousarray(np.moveaxis(attributions.present, 1, 2), dtype=np.float32)
    patterns = [
        pattern for of_a_sign in modisco.TFMoDISco(present, values) for pattern in of_a_sign or ()
    ]
    windows = make_windows(attributions, both_strands=both_strands)
    patterns.sort(key=lambda pattern: -len(pattern.seqlets))
    found: list[FoundMotif] = []
    for pattern in patterns:
        item = _trim(windows, pattern, name=str(len(found) + 1))
        if item is not None:
            found.append(item)
    return found


def _trim(windows: Windows, pattern: Any, *, name: str) -> FoundMotif | None:
    """Return the stretch of a pattern that is conserved and contributes, and its windows."""
    rows, starts, ends = (
        np.array([getattr(one, key) for one in pattern.seqlets], dtype=np.int64)
        for key in ("example_idx", "start", "end")
    )
    reverse = np.array([one.is_revcomp for one in pattern.seqlets], dtype=bool)
    if len(rows) < FEWEST_SITES:
        return None
    width = int(ends[0] - starts[0])
    bases, amounts = align_sites(windows, rows, starts, reverse, width=width)
    counts = (bases[:, None, :] == np.arange(4)[:, None]).sum(axis=0)
    first, last = conserved_stretch(counts, amounts, windows.background)
    if last - first < 4:
        return None
    motif = Motif.from_counts(name, counts[:, first:last] + windows.background[:, None])
    sign = float(np.sign(amounts[:, first:last].sum())) or 1.0
    rows, starts, reverse, sums, limit = read_again(windows, motif, sign)
    if len(rows) < FEWEST_SITES:
        return None
    deviation = float(window_sums(windows.amounts, len(motif)).std()) or 1.0
    mean = float(sums.mean())
    return FoundMotif(
        motif, rows, starts, reverse, limit, sign * mean, mean * len(sums) ** 0.5 / deviation
    )
