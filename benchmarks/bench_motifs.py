"""Time of a motif scan, strings to features, against what a user would otherwise pick.

    python -m benchmarks.bench_motifs [--rows 5000] [--length 170] [--motifs 100]

Prints a Markdown table. Before anything is timed, the scores of Biopython and
the hits of memelite are compared with ours. Times are of one thread, after the
first call, which compiles, and of the processor, so that other work on the machine
counts little; ours is the median of several runs, half of them
before and half after the peers; a peer is timed once.

Peers, on the same random sequences and motifs, both strands:

- Biopython's ``PositionSpecificScoringMatrix.calculate`` for each motif, strand
  and sequence, and its maximum; on 1 row of 20, times 20;
- memelite's ``fimo`` (numba), which gives the hits alone; not charged for the
  one-hot array that it wants.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import numpy as np
from Bio.motifs.matrix import PositionSpecificScoringMatrix
from Bio.Seq import Seq

from benchmarks.record import Ratio, record
from seqexpr.data.motifs import Motif
from seqexpr.features.motifs import MotifScanner

try:
    from memelite import fimo
except ImportError:
    fimo = None

SHARE = 20
P_VALUE = 1e-4


def random_motifs(n: int) -> list[Motif]:
    """Make motifs of 8 to 16 positions, about as informative as JASPAR's."""
    rng = np.random.default_rng(1)
    return [
        Motif(f"motif {i}", rng.dirichlet(np.full(4, 0.2), size=rng.integers(8, 17)).T)
        for i in range(n)
    ]


def random_sequences(n: int, length: int) -> list[str]:
    letters = np.random.default_rng(42).integers(0, 4, size=(n, length))
    return ["".join(row) for row in np.array(list("ACGT"))[letters]]


def best_by_biopython(sequences: list[str], scanner: MotifScanner) -> np.ndarray:
    ends = np.cumsum(scanner.widths_)[:-1]
    columns = []
    for scores in np.split(scanner.scores_, ends, axis=1):
        pssm = PositionSpecificScoringMatrix(
            "ACGT", dict(zip("ACGT", scores.tolist(), strict=True))
        )
        strands = (pssm, pssm.reverse_complement())
        columns.append([max(one.calculate(Seq(s)).max() for one in strands) for s in sequences])
    return np.array(columns).T


def one_hot(sequences: list[str]) -> np.ndarray:
    letters = np.array([list(sequence) for sequence in sequences])
    return np.stack([letters == base for base in "ACGT"], axis=1).astype(np.int8)


def seconds(function: Callable[[], object]) -> float:
    started = time.process_time()
    function()
    return time.process_time() - started


def check_equal(sequences: list[str], motifs: list[Motif], hot: np.ndarray) -> None:
    """Compare the best scores with Biopython's, and the number of hits with memelite's."""
    scanner = MotifScanner(motifs, features=("best", "hits"), p_value=P_VALUE).fit([])
    ours = scanner.transform(sequences).reshape(len(sequences), len(motifs), 2)
    theirs = best_by_biopython(sequences[:20], scanner)
    if not np.allclose(ours[:20, :, 0], theirs, rtol=1e-4, atol=1e-4):
        raise SystemExit("Biopython gives other scores than seqexpr")
    if fimo is not None:
        n_theirs, n_ours = sum(map(len, hits_by_memelite(hot, motifs))), ours[:, :, 1].sum()
        # It rounds scores to tenths of a bit, and counts both strands of a window.
        if not 0.9 < n_theirs / n_ours < 1.2:
            raise SystemExit(f"memelite finds {n_theirs} hits, seqexpr {n_ours:.0f}")


def hits_by_memelite(hot: np.ndarray, motifs: list[Motif]) -> list:
    named = {motif.name: np.array(motif.frequencies) for motif in motifs}
    return fimo(named, hot, threshold=P_VALUE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--length", type=int, default=170)
    parser.add_argument("--motifs", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=6)
    options = parser.parse_args()
    sequences = random_sequences(options.rows, options.length)
    motifs = random_motifs(options.motifs)
    hot = one_hot(sequences)
    check_equal(sequences, motifs, hot)
    scanner = MotifScanner(motifs, p_value=P_VALUE).fit([])
    half = options.repeats // 2
    ours = [seconds(lambda: scanner.transform(sequences)) for _ in range(half)]
    few = sequences[: max(len(sequences) // SHARE, 1)]
    peers = {"Biopython, best score": SHARE * seconds(lambda: best_by_biopython(few, scanner))}
    if fimo is not None:
        peers["memelite, hits"] = seconds(lambda: hits_by_memelite(hot, motifs))
    ours += [seconds(lambda: scanner.transform(sequences)) for _ in range(half)]
    median = statistics.median(ours)
    print(
        f"{options.motifs} motifs of 8 to 16 positions on both strands of {options.rows:,} random "
        f"sequences of {options.length} bases.\n"
    )
    print("| what | time | times ours |\n| --- | --- | --- |")
    print(f"| seqexpr, best, occupancy and position | {median:.2f} s | 1 |")
    for name, taken in peers.items():
        print(f"| {name} | {taken:.1f} s | {taken / median:.1f} |")
        record(Ratio(f"motif scan: {name}", taken / median))
    print(f"\nThe best run of ours took {min(ours):.2f} s.")
    if fimo is None:
        print('\nmemelite is not installed: pip install "seqexpr[bench]"')


if __name__ == "__main__":
    main()
