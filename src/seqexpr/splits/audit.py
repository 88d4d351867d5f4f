"""Audit of a split, whoever made it: how near each test sequence is to train.

Sequences of common positions (short ones, and variants of one sequence) are
compared base by base, exactly; others are aligned by MMseqs2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.data.homology import MIN_COVERAGE, MIN_IDENTITY, SHORTEST, search
from seqexpr.errors import InputError
from seqexpr.sequences import encode, reverse_complement

__all__ = ["EDGES", "LeakageAudit", "NearestTrain", "audit_leakage", "nearest_train"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Strings = npt.NDArray[np.object_]

EDGES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Borders of the bins of identity; a bin holds its lower border, the last one both."""
_DENSE = 0.7  # the best of 20,000 unrelated sequences of 75 bases shares about half
_BLOCK = 2**21  # numbers of a block of comparisons: 8 MB, about what a cache holds


@dataclass(frozen=True, eq=False)
class NearestTrain:
    """The nearest train sequence of each of m test sequences, over both strands.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Which test sequences were looked at, sorted.
    identity : ndarray of float64, shape (m,)
        Share of equal bases in the alignment, in [0, 1]; NaN where nothing
        was found: then it is below the method's reach, not 0.
    coverage : ndarray of float64, shape (m,)
        Share of the test sequence that is aligned, in [0, 1]; NaN as above.
    nearest : ndarray of int64, shape (m,)
        Position of the train sequence; -1 = none found.
    strand : ndarray of int64, shape (m,)
        +1 or -1; 0 = none found.
    method : {"hamming", "mmseqs"}
        Exact, base by base without gaps; or aligned by MMseqs2.
    n_test : int
        Test sequences there are.
    """

    rows: Ints
    identity: Floats
    coverage: Floats
    nearest: Ints
    strand: Ints
    method: str
    n_test: int


@dataclass(frozen=True)
class LeakageAudit:
    """How many test sequences have a near relative in train.

    Attributes
    ----------
    n_test, n_looked_at, n_not_found : int
        Test sequences; those looked at; those among them whose nearest train
        sequence is below the method's reach.
    edges, counts : tuple
        Histogram of identity among those found.
    n_near : int
        Those looked at with at least `min_identity` over `min_coverage`.
    min_identity, min_coverage : float
        What counts as near.
    method : {"hamming", "mmseqs"}
        How they were compared.
    """

    n_test: int
    n_looked_at: int
    n_not_found: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    n_near: int
    min_identity: float
    min_coverage: float
    method: str

    def to_dict(self) -> dict[str, Any]:
        """Return what evaluation.json holds of it."""
        return {
            "n_test": self.n_test,
            "n_looked_at": self.n_looked_at,
            "n_not_found": self.n_not_found,
            "edges": list(self.edges),
            "counts": list(self.counts),
            "n_near": self.n_near,
            "share_near": self.n_near / self.n_looked_at if self.n_looked_at else None,
            "min_identity": self.min_identity,
            "min_coverage": self.min_coverage,
            "method": self.method,
        }


def nearest_train(
    train_sequences: Strings,
    test_sequences: Strings,
    *,
    max_test: int = 5_000,
    rng: np.random.Generator,
    threads: int = 1,
) -> NearestTrain:
    """Find the train sequence nearest to each test sequence, on both strands.

    Sequences of one length that mostly share 70% of their bases with a train
    sequence at the same places, and sequences of under 30 bases (median), are
    compared base by base from the first one, without gaps; identity is the
    number of equal bases over the longer length, and an unknown base equals
    none. All others are aligned by MMseqs2 over at least half of both, and the
    nearest is the one with the most equal bases.

    Parameters
    ----------
    train_sequences, test_sequences : array of str, shapes (n,) and (m,)
        DNA.
    max_test : int
        Test sequences to look at, at least 1; more are sampled. Default 5,000.
    rng : numpy.random.Generator
        Draws the sample.
    threads : int
        Threads of MMseqs2. Default 1.

    Returns
    -------
    NearestTrain
        One entry for each test sequence looked at.

    Raises
    ------
    InputError
        If there is no train or no test sequence.
    MissingExtraError
        If MMseqs2 is needed and not installed.

    References
    ----------
    Steinegger & Söding, Nature Biotechnology 35 (2017) 1026-1028 (MMseqs2).

    Examples
    --------
    >>> train = np.array(["ACGTACGT", "TTTTTTTT"], dtype=object)
    >>> near = nearest_train(train, np.array(["AAAAAAAC"], dtype=object),
    ...                      rng=np.random.default_rng(0))
    >>> near.identity.tolist(), near.nearest.tolist(), near.strand.tolist()
    ([0.875], [1], [-1])
    """
    if len(train_sequences) == 0 or len(test_sequences) == 0:
        raise InputError("an audit of a split needs a train and a test sequence; one set is empty")
    if max_test < 1:
        raise InputError(f"max_test = {max_test}: must be at least 1")
    n_test = len(test_sequences)
    rows = np.arange(n_test)
    if n_test > max_test:
        rows = np.sort(rng.choice(n_test, max_test, replace=False))
    looked_at = test_sequences[rows]
    if _have_common_positions(train_sequences, looked_at, rng):
        found, method = _by_position(train_sequences, looked_at), "hamming"
    else:
        found, method = _by_alignment(train_sequences, looked_at, threads), "mmseqs"
    identity, coverage, nearest, strand = found
    return NearestTrain(rows, identity, coverage, nearest, strand, method=method, n_test=n_test)


def audit_leakage(
    near: NearestTrain,
    *,
    min_identity: float = MIN_IDENTITY,
    min_coverage: float = MIN_COVERAGE,
) -> LeakageAudit:
    """Count the test sequences by their identity to the nearest train sequence.

    Parameters
    ----------
    near : NearestTrain
        From :func:`nearest_train`.
    min_identity, min_coverage : float
        What counts as near, in [0, 1]. Default 0.8 and 0.5.

    Examples
    --------
    >>> train = np.array(["ACGTACGT", "TTTTTTTT"], dtype=object)
    >>> test = np.array(["AAAAAAAC", "GGGGGGGG"], dtype=object)
    >>> audit = audit_leakage(nearest_train(train, test, rng=np.random.default_rng(0)))
    >>> audit.n_near, audit.counts
    (1, (1, 0, 0, 0, 1, 0, 0))
    """
    found = near.nearest >= 0
    is_near = found & (near.identity >= min_identity) & (near.coverage >= min_coverage)
    counts, _ = np.histogram(near.identity[found], bins=np.array(EDGES))
    return LeakageAudit(
        n_test=near.n_test,
        n_looked_at=len(near.rows),
        n_not_found=int((~found).sum()),
        edges=EDGES,
        counts=tuple(counts.tolist()),
        n_near=int(is_near.sum()),
        min_identity=min_identity,
        min_coverage=min_coverage,
        method=near.method,
    )


def _have_common_positions(train: Strings, test: Strings, rng: np.random.Generator) -> bool:
    lengths = np.array([len(sequence) for rows in (train, test) for sequence in rows])
    if float(np.median(lengths)) < SHORTEST:
        return True
    if len(np.unique(lengths)) > 1:
        return False
    some = [
        rows[rng.choice(len(rows), most, replace=False)] if len(rows) > most else rows
        for rows, most in ((train, 20_000), (test, 200))
    ]
    return float(np.median(_by_position(*some)[0])) >= _DENSE


def _by_position(train: Strings, test: Strings) -> tuple[Floats, Floats, Ints, Ints]:
    """Compare base by base: equal bases are the product of two one-hot matrices."""
    width = max(len(sequence) for rows in (train, test) for sequence in rows)
    known = _one_hot(train, width)
    lengths = np.array([len(sequence) for sequence in train], dtype=np.float32)
    own = np.array([len(sequence) for sequence in test], dtype=np.float32)
    turned = np.array([reverse_complement(sequence) for sequence in test], dtype=object)
    identity, nearest = np.full(len(test), -1.0), np.zeros(len(test), dtype=np.int64)
    strand = np.ones(len(test), dtype=np.int64)
    step = max(1, _BLOCK // len(train))
    uneven = lengths.min() != width or own.min() != width
    for sign, rows in ((1, test), (-1, turned)):
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            equal = _one_hot(rows[part], width) @ known.T  # (step, n_train)
            if uneven:
                equal /= np.maximum(np.maximum(own[part, None], lengths), 1)
            best = equal.argmax(axis=1)
            value = equal[np.arange(len(best)), best].astype(np.float64)
            value /= 1 if uneven else max(width, 1)
            better = value > identity[part]
            nearest[part] = np.where(better, best, nearest[part])
            strand[part] = np.where(better, sign, strand[part])
            identity[part] = np.maximum(identity[part], value)
    coverage = np.minimum(1.0, lengths[nearest] / np.maximum(own, 1)).astype(np.float64)
    # Counts over lengths in single precision: back to the exact ratio.
    longer = np.maximum(np.maximum(own, lengths[nearest]), 1).astype(np.float64)
    return np.rint(identity * longer) / longer, coverage, nearest, strand


def _one_hot(sequences: Strings, width: int) -> npt.NDArray[np.float32]:
    encoded = encode(sequences.tolist())
    table = np.zeros((len(sequences), width, 5), dtype=np.float32)
    rows = np.repeat(np.arange(len(sequences)), encoded.lengths)
    places = np.arange(len(encoded.codes)) - np.repeat(encoded.offsets[:-1], encoded.lengths)
    table[rows, places, encoded.codes] = 1
    return np.ascontiguousarray(table[:, :, :4]).reshape(len(sequences), -1)


def _by_alignment(train: Strings, test: Strings, threads: int) -> tuple[Floats, Floats, Ints, Ints]:
    hits = search(test, train, min_identity=0.0, max_hits=50, threads=threads)
    hits["equal"] = hits["identity"] * hits["query_coverage"]
    best = hits.sort_values(["equal", "target"], ascending=[False, True], kind="stable")
    best = best.drop_duplicates("query")
    identity, coverage = np.full(len(test), np.nan), np.full(len(test), np.nan)
    nearest, strand = np.full(len(test), -1, np.int64), np.zeros(len(test), np.int64)
    rows = best["query"].to_numpy()
    identity[rows], coverage[rows] = best["identity"], best["query_coverage"]
    nearest[rows], strand[rows] = best["target"], best["strand"]
    return identity, coverage, nearest, strand
