"""Families of related sequences: ours on both strands, and MMseqs2's own clustering.

    python -m benchmarks.bench_homology

Half of the sequences are random, the others families of five with 10% of the
bases mutated, every second member turned to the other strand. Ours is MMseqs2's
search and connected components; its own `easy-cluster` is the peer. Recall is
the share of families that are found whole.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.record import Ratio, record
from seqexpr.data.homology import find_clusters, find_mmseqs
from seqexpr.sequences import reverse_complement

SIZE = 5


def make(n: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences and the family of each."""
    rng = np.random.default_rng(0)
    family = np.concatenate([np.repeat(np.arange(n // 2 // SIZE), SIZE), np.arange(n, n + n // 2)])
    parents = rng.integers(4, size=(n // 2 // SIZE + n // 2, length), dtype=np.uint8)
    codes = parents[np.unique(family, return_inverse=True)[1]]
    mutated = rng.random(codes.shape) < 0.1
    mutated[n // 2 :] = False
    codes = (codes + mutated * rng.integers(1, 4, size=codes.shape)) % 4
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)[codes]
    rows = [row.tobytes().decode() for row in letters]
    turned = [reverse_complement(s) if i % 2 and i < n // 2 else s for i, s in enumerate(rows)]
    return np.array(turned, dtype=object), family


def whole(labels: np.ndarray, family: np.ndarray) -> float:
    """Return the share of planted families that have one label."""
    planted = labels[: len(family) // 2].reshape(-1, SIZE)
    return float((planted == planted[:, :1]).all(axis=1).mean())


def peak_mib(who: int) -> float:
    """Return the peak memory of this process' children so far."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(who).ru_maxrss * unit / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--length", type=int, default=200)
    options = parser.parse_args()
    import resource

    sequences, family = make(options.rows, options.length)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SEQEXPR_CACHE"] = folder  # nothing is taken from an earlier run
        started = time.perf_counter()
        labels = find_clusters(sequences).labels
        ours, memory = time.perf_counter() - started, peak_mib(resource.RUSAGE_CHILDREN)
        fasta = Path(folder, "rows.fasta")
        fasta.write_text("".join(f">{i}\n{s}\n" for i, s in enumerate(sequences)))
        started = time.perf_counter()
        subprocess.run(
            [find_mmseqs(), "easy-cluster", fasta, "out", "work", "--min-seq-id", "0.8", "-c",
             "0.5", "--threads", str(os.cpu_count()), "-v", "1"],
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
        peer = time.perf_counter() - started
        pairs = np.loadtxt(Path(folder, "out_cluster.tsv"), dtype=np.int64)
        theirs = np.empty(len(sequences), dtype=np.int64)
        theirs[pairs[:, 1]] = pairs[:, 0]
    print(
        f"{options.rows:,} sequences of {options.length} bases, half of them in families of "
        f"{SIZE}: 10% of the bases mutated, every second member on the other strand\n"
    )
    record(Ratio("families: MMseqs2 easy-cluster", peer / ours))
    print("| method | seconds | peak memory, MiB | families found whole |\n|---|---:|---:|---:|")
    print(f"| ours, both strands | {ours:.0f} | {memory:,.0f} | {whole(labels, family):.1%} |")
    print(f"| MMseqs2 easy-cluster | {peer:.0f} | | {whole(theirs, family):.1%} |")


if __name__ == "__main__":
    main()
