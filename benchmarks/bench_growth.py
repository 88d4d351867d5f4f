"""How time grows with the number of sequences and with their length.

    python -m benchmarks.bench_growth [--limit 40]

Each piece of work is timed on sizes that grow until one would take longer than the limit. Prints
the largest size that was reached, its time, and the exponent: the slope of log time by log size,
1 being linear. The commands as a whole, up to ten million rows, are in bench_scale.

More than 100,000 sequences are given in blocks of as many, as `seqexpr predict` gives them.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Any

os.environ.setdefault("SEQEXPR_CACHE", "")

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from benchmarks.record import TIMED, Point, exponent, record
from seqexpr.data.homology import find_clusters
from seqexpr.features.kmers import KmerCounter
from seqexpr.interpretation.mutagenesis import mutation_effects
from seqexpr.models.registry import make_model
from seqexpr.optional import has_extra

ROWS = [10**k for k in range(3, 8)]
LENGTHS = [10, 30, 100, 300, 1_000, 3_000, 10_000, 20_000]
LENGTH, BLOCK, MANY = 110, 100_000, 1_000

HEAD = "| seconds | exponent |\n|---|--:|--:|--:|"
Work = Callable[[list[str]], object]


def draw(n: int, length: int) -> list[str]:
    letters = np.random.default_rng(n + length).choice(
        np.frombuffer(b"ACGT", np.uint8), size=(n, length)
    )
    return [row.tobytes().decode() for row in letters]


def spent(work: Work, n: int, length: int) -> float:
    """Return the seconds for n sequences; drawing them does not count."""
    seconds, done = 0.0, 0
    while done < n:
        block = draw(min(BLOCK, n - done), length)
        started = time.perf_counter()
        work(block)
        seconds += time.perf_counter() - started
        done += len(block)
    return seconds


def fitted(name: str, length: int) -> Any:
    """Return a model that has seen a few random sequences: what it learned does not matter."""
    rows = draw(2_000 if length <= LENGTH else 300, length)
    model = make_model(name, n_jobs=2)
    if name == "cnn":
        model.set_params(regressor__training=one_epoch())
    return model.fit(rows, np.random.default_rng(0).normal(size=len(rows)))


def one_epoch() -> Any:
    from seqexpr.models.training.settings import Training

    return Training(n_epochs=1, batch_size=128, validation_share=0.0)


def train_network(rows: list[str]) -> None:
    from seqexpr.models.nets.configs import CompactCNN
    from seqexpr.models.neural import NeuralRegressor

    y = np.random.default_rng(0).normal(size=len(rows))
    NeuralRegressor(CompactCNN(), n_jobs=2, training=one_epoch()).fit(rows, y)


def count(rows: list[str]) -> None:
    KmerCounter(k=(1, 6), n_jobs=2).transform(rows)


def count_elsewhere(rows: list[str]) -> None:
    CountVectorizer(analyzer="char", ngram_range=(1, 6), lowercase=False).fit_transform(rows)


def by_rows() -> dict[str, tuple[Work, int]]:
    """Return the work by its name, with the largest number of rows that it is asked for."""
    ridge = fitted("ridge", LENGTH)
    found: dict[str, tuple[Work, int]] = {
        "k-mers 1 to 6, seqexpr": (count, 10**7),
        "k-mers 1 to 6, CountVectorizer": (count_elsewhere, 10**5),
        "ridge, predict": (ridge.predict, 10**7),
        "ridge, mutagenesis": (partial(mutation_effects, ridge), 10**6),
        "families of related sequences": (
            lambda rows: find_clusters(np.array(rows, dtype=object)), BLOCK,
        ),
    }  # fmt: skip
    if has_extra("deep"):
        cnn = fitted("cnn", LENGTH)
        found["cnn, predict"] = (cnn.predict, 10**6)
        found["cnn, an epoch of training"] = (train_network, 10**5)
    return found


def by_length() -> dict[str, tuple[Callable[[int], Work], int]]:
    """Return makers of work for a length, with the number of sequences that each gets."""
    found: dict[str, tuple[Callable[[int], Work], int]] = {
        "k-mers 1 to 6, seqexpr": (lambda _: count, MANY),
        "k-mers 1 to 6, CountVectorizer": (lambda _: count_elsewhere, MANY),
        "ridge, predict": (lambda length: fitted("ridge", length).predict, MANY),
        "ridge, mutagenesis": (
            lambda length: partial(mutation_effects, fitted("ridge", length)), 100,
        ),
    }  # fmt: skip
    if has_extra("deep"):
        network = fitted("cnn", LENGTH)
        found["cnn, predict"] = (lambda _: network.predict, 300)
    return found


def curve(
    what: tuple[str, str], sizes: list[int], run: Callable[[int], float], limit: float
) -> None:
    """Time the sizes in turn, as long as the next would not take longer than the limit."""
    name, axis = what
    points: list[Point] = []
    for size in sizes:
        if points and points[-1].seconds * size / points[-1].size > limit:
            break
        points.append(Point(name, axis, size, run(size)))
    record(*points)
    last = points[-1]
    steep = exponent(points)
    print(
        f"| {name} | {last.size:,} | {last.seconds:.1f} | "
        f"{'too quick to tell' if steep != steep else f'{steep:.2f}'} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, default=40.0, help="seconds for one size")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SEQEXPR_CACHE"] = folder  # nothing is taken from an earlier run
        grow_rows(options.limit)
        grow_lengths(options.limit)
    print(f"\nExponents are of the sizes that took {TIMED} s and more, where there are three.")


def grow_rows(limit: float) -> None:
    print(f"By the number of sequences of {LENGTH} bases\n\n| work | up to sequences {HEAD}")
    for name, (work, most) in by_rows().items():
        work(draw(200, LENGTH))  # what a first call loads and compiles
        sizes = [n for n in ROWS if n <= most]
        curve((name, "sequences"), sizes, lambda n, work=work: spent(work, n, LENGTH), limit)


def grow_lengths(limit: float) -> None:
    print(
        f"\nBy the length of {MANY:,} sequences (mutagenesis 100, networks 300)\n\n"
        f"| work | up to bases {HEAD}"
    )
    for name, (make, n) in by_length().items():

        def timed(length: int, make: Any = make, n: int = n) -> float:
            work = make(length)
            work(draw(20, length))
            return spent(work, n, length)

        curve((name, "bases"), LENGTHS, timed, limit)


if __name__ == "__main__":
    main()
