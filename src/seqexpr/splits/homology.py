"""Split by homology: families of related sequences stay on one side.

Relatives share motifs by descent. A model that has seen one of them can look up
the others, and a random split scores that as if it were knowledge.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqexpr.data.dataset import Dataset
from seqexpr.data.homology import SHORTEST, Clusters, find_clusters
from seqexpr.splits.units import find_units

__all__ = ["GIANT", "find_families", "why_no_families"]

Ints = npt.NDArray[np.int64]

GIANT = 0.5
"""Share of the rows in one family beyond which the library is one neighbourhood."""
_SAMPLE = 1_000


def find_families(
    dataset: Dataset, *, rng: np.random.Generator, threads: int | None = None
) -> tuple[Ints | None, Clusters | None, str]:
    """Return the units of a homology split, or say why there can be none.

    Before a library of more than 2,000 rows is searched, 1,000 of its rows
    are: a dense library (variants of one promoter) is recognised in seconds.

    Parameters
    ----------
    dataset : Dataset
        n rows.
    rng : numpy.random.Generator
        Draws the sample.
    threads : int, optional
        Threads of MMseqs2. Default all cores that the process may use.

    Returns
    -------
    units : ndarray of int64, shape (n,), or None
        Families united with copies, reverse complements and groups.
    clusters : Clusters or None
        The families alone.
    why : str
        Why there are none; empty where there are.

    Raises
    ------
    MissingExtraError
        If MMseqs2 is not installed.
    """
    sequences = dataset.sequences
    length = float(np.median([len(sequence) for sequence in sequences]))
    if length < SHORTEST:
        return None, None, (
            f"the sequences are too short to tell families from chance (median {length:g} bases, "
            f"needs {SHORTEST})"
        )  # fmt: skip
    if len(sequences) > 2 * _SAMPLE:
        rows = np.sort(rng.choice(len(sequences), _SAMPLE, replace=False))
        why = why_no_families(find_clusters(sequences[rows], threads=threads))
        if why:
            return None, None, why
    clusters = find_clusters(sequences, threads=threads)
    why = why_no_families(clusters)
    if why:
        return None, clusters, why
    labels = np.array([f"{label}" for label in clusters.labels], dtype=object)
    return find_units(sequences, dataset.groups, labels), clusters, ""


def why_no_families(clusters: Clusters) -> str:
    """Say that one family holds over half of the rows; empty where none does.

    Examples
    --------
    >>> why_no_families(Clusters(np.array([0, 0, 0, 1]), 2, 0.75, 0.8, 0.5))
    'one family of related sequences holds 75% of the rows, ...'
    >>> why_no_families(Clusters(np.array([0, 0, 1, 1]), 2, 0.5, 0.8, 0.5))
    ''
    """
    if clusters.largest_share <= GIANT:
        return ""
    return (
        f"one family of related sequences holds {clusters.largest_share:.0%} of the rows, so the "
        "library is one dense neighbourhood"
    )
