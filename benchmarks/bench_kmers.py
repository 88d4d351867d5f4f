"""Time of k-mer counting, strings to features, against what a user would otherwise pick.

    python -m benchmarks.bench_kmers [--rows 100000] [--length 170] [--k 3 4 5 6]

Prints a Markdown table. Before anything is timed, every peer's numbers are
compared with ours on some of the sequences. Ours is the median of several
runs, half of them before and half after the peers; a peer is timed once.

Peers, on the same list of str:

- scikit-learn's ``CountVectorizer(analyzer="char")``, to a CSR matrix;
- the tutorial's encoding: lists of k-mers and ``MultiLabelBinarizer``;
- pykmertools' ``OligoComputer.vectorise_batch`` (Rust, all cores), to lists of
  floats, 10,000 sequences at a time since it would need 13 GB at k = 6; not
  charged for making an array of them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import MultiLabelBinarizer

from benchmarks.record import Ratio, record
from seqexpr.features.kmers import KmerCounter

try:
    from pykmertools import OligoComputer
except ImportError:
    OligoComputer = None

BATCH = 10_000


def random_sequences(n: int, length: int) -> list[str]:
    rng = np.random.default_rng(42)
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)[rng.integers(0, 4, size=(n, length))]
    return letters.view(f"S{length}").ravel().astype(f"U{length}").tolist()


def count_vectorizer(sequences: list[str], k: int) -> tuple[np.ndarray, object]:
    peer = CountVectorizer(analyzer="char", ngram_range=(k, k), lowercase=False)
    matrix = peer.fit_transform(sequences)
    return peer.get_feature_names_out(), matrix


def tutorial(sequences: list[str], k: int) -> tuple[np.ndarray, object]:
    kmers = [[seq[i : i + k] for i in range(len(seq) - k + 1)] for seq in sequences]
    peer = MultiLabelBinarizer()
    matrix = peer.fit_transform(kmers)
    return peer.classes_, matrix


def pykmertools(sequences: list[str], k: int) -> tuple[np.ndarray, object]:
    peer = OligoComputer(k)
    for start in range(0, len(sequences), BATCH):
        rows = peer.vectorise_batch(sequences[start : start + BATCH], False, False)
    return np.array(peer.get_header(False)), rows


def seconds(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def check_equal(sequences: list[str], k: int, peers: dict[str, Callable]) -> None:
    """Compare every number of every peer with ours."""
    for name, peer in peers.items():
        names, matrix = peer(sequences, k)
        found = matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)
        mode = "presence" if peer is tutorial else "count"
        counter = KmerCounter(k=k, mode=mode, dense=True)
        place = {kmer: column for column, kmer in enumerate(counter.get_feature_names_out())}
        columns = [place[kmer] for kmer in names]
        ours = counter.transform(sequences)
        if not np.array_equal(ours[:, columns], found) or ours.sum() != found.sum():
            raise SystemExit(f"k = {k}: {name} gives other numbers than seqexpr")


def measure(sequences: list[str], k: int, peers: dict[str, Callable], repeats: int) -> list[str]:
    """Return the cells of one row of the table."""
    check_equal(sequences[:500], k, peers)
    ours: dict[int, list[float]] = {1: [], 2: []}

    def time_ours() -> None:
        for _ in range(-(-repeats // 2)):
            for n_jobs, times in ours.items():
                counter = KmerCounter(k=k, n_jobs=n_jobs)
                times.append(seconds(lambda counter=counter: counter.transform(sequences)))

    KmerCounter(k=k).transform(sequences)  # so that nobody pays for the first touch
    time_ours()
    others = [seconds(lambda peer=peer: peer(sequences, k)) for peer in peers.values()]
    time_ours()
    one, two = (statistics.median(ours[n_jobs]) for n_jobs in (1, 2))
    cells = [str(k), f"{one * 1e3:.0f} ms", f"{two * 1e3:.0f} ms"]
    record(
        *(
            Ratio(f"k-mers, k = {k}: {name}", other / two)
            for name, other in zip(peers, others, strict=True)
        )
    )
    cells += [f"{other:.1f} s ({other / two:.0f} times)" for other in others]
    return [*cells, f"{min(ours[2]) * 1e3:.0f} ms"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--length", type=int, default=170)
    parser.add_argument("--k", type=int, nargs="+", default=[3, 4, 5, 6])
    parser.add_argument("--repeats", type=int, default=20)
    options = parser.parse_args()
    sequences = random_sequences(options.rows, options.length)
    peers: dict[str, Callable] = {
        "CountVectorizer": count_vectorizer,
        "the tutorial's encoding": tutorial,
    }
    if OligoComputer is not None:
        peers["pykmertools"] = pykmertools
    header = ["k", "seqexpr, 1 thread", "seqexpr, 2 threads", *peers, "best of ours"]
    table = [header, ["---"] * len(header)]
    table += [measure(sequences, k, peers, options.repeats) for k in options.k]
    print(
        f"{options.rows:,} random sequences of {options.length} bases, list of str to CSR; "
        "the median of ours, and in brackets how many times the 2 threads' time a peer takes.\n"
    )
    print("\n".join("| " + " | ".join(row) + " |" for row in table))
    if OligoComputer is None:
        print('\npykmertools is not installed: pip install "seqexpr[bench]"')


if __name__ == "__main__":
    main()
