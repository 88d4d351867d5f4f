"""What does it cost to train on, and to predict, millions of sequences?

A simulated library (each 6-mer adds its part, and noise) of so many rows is written to
Parquet, and each command runs in a process of its own, whose wall-clock time, processor time
and peak memory are measured:

    python -m benchmarks.bench_scale predict --rows 10000 100000 1000000 10000000
    python -m benchmarks.bench_scale train --rows 1000000 10000000 --memory 4G
    python -m benchmarks.bench_scale network --rows 100000 1000000 --memory 1G
    python -m benchmarks.bench_scale ray --rows 1000000

"network" is an epoch of the compact network over all rows, and the reading and checking before it.
Prints a Markdown table. The exponent of time by rows, 1 being linear growth, is fitted to the
sizes that take ten seconds and more: start and report count little there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from benchmarks.processes import Cost, run, seqexpr
from benchmarks.record import Point, Ratio, exponent, record

LENGTH = 110
CHUNK = 200_000


def write_library(path: Path, n: int, *, files: int = 1) -> Path:
    """Write n sequences of 110 bases with expression, to a file or a folder of them."""
    rng = np.random.default_rng(0)
    effects = rng.normal(size=4**6)
    if files > 1:
        path.mkdir(parents=True)
    for number in range(files):
        at = path / f"part-{number:04d}.parquet" if files > 1 else path
        left = n // files
        with parquet.ParquetWriter(at, _chunk(1, rng, effects).schema, compression="zstd") as out:
            while left:
                size = min(CHUNK, left)
                out.write_table(_chunk(size, rng, effects), row_group_size=100_000)
                left -= size
    return path


def _chunk(n: int, rng: np.random.Generator, effects: np.ndarray) -> pa.Table:
    codes = rng.integers(0, 4, (n, LENGTH), dtype=np.uint8)
    words = np.zeros((n, LENGTH - 5), dtype=np.int32)
    for place in range(6):
        words = words * 4 + codes[:, place : LENGTH - 5 + place]
    y = effects[words].sum(axis=1) / 10 + 0.5 * rng.normal(size=n)
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)[codes].tobytes()
    ends = np.arange(0, (n + 1) * LENGTH, LENGTH, dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(letters)]
    return pa.table({"sequence": pa.Array.from_buffers(pa.string(), n, buffers), "expression": y})


HEADER = """| command | rows | seconds | processor seconds | peak MiB | rows a second |
|---|--:|--:|--:|--:|--:|"""
LONG = 10.0
"""Seconds from which a command counts for the exponent."""


def report(name: str, n: int, cost: Cost) -> None:
    print(
        f"| {name} | {n:,} | {cost.seconds:.1f} | {cost.processor:.1f} | "
        f"{cost.megabytes:,.0f} | {n / cost.seconds:,.0f} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=[*WORK, "ray"])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--memory", default="4G")
    parser.add_argument("--models", default="mean,gc,ridge")
    asked = parser.parse_args()
    print(f"Sequences of {LENGTH} bases, Parquet to {PRODUCTS[asked.what]}\n\n{HEADER}")
    with tempfile.TemporaryDirectory(prefix="bench-scale-") as folder:
        if asked.what == "ray":
            by_workers(Path(folder), asked.rows)
            return
        points = []
        for n in asked.rows:
            table = write_library(Path(folder, f"{n}.parquet"), n)
            cost = WORK[asked.what](Path(folder), table, asked)
            report(asked.what, n, cost)
            table.unlink()
            points.append(Point(f"seqexpr {asked.what}", "rows", n, cost.seconds))
    record(*points)
    found = exponent(points, least=LONG)
    if found == found:
        print(f"\nExponent of time by rows: {found:.2f}")


PRODUCTS = {
    "predict": "Parquet", "train": "a run folder", "network": "a fitted network",
    "ray": "a folder of Parquet",
}  # fmt: skip


def train(folder: Path, table: Path, asked: argparse.Namespace) -> Cost:
    return seqexpr(
        "train", str(table), "-o", str(folder / "run"), "--overwrite", "--memory", asked.memory,
        "--models", asked.models,
    )  # fmt: skip


def predict(folder: Path, table: Path, _: argparse.Namespace) -> Cost:
    return seqexpr(
        "predict", str(small_model(folder)), str(table), "-o", str(folder / "out.parquet"),
    )  # fmt: skip


EPOCH = """
import sys
from seqexpr.recipe import Recipe
from seqexpr.workflow import streamed_networks
from seqexpr.workflow.progress import ignore
from seqexpr.workflow.streamed_models import fit_streamed
from seqexpr.workflow.train import stream_for

streamed_networks._MOST_SEEN = 1  # one epoch
table, memory, output = sys.argv[1:]
recipe = Recipe.create(table=table, memory=memory, models=("cnn",), jobs=2)
with stream_for(recipe, None, output) as stream:
    held = stream.scan(ignore)
    fit_streamed(stream, held.frame[["expression"]].to_numpy(), on_step=ignore)
"""


def network(folder: Path, table: Path, asked: argparse.Namespace) -> Cost:
    return run([sys.executable, "-c", EPOCH, str(table), asked.memory, str(folder / "run")])


def small_model(folder: Path) -> Path:
    """Return a ridge on 1- to 6-mers, trained on 10,000 rows the first time."""
    model = folder / "model"
    if not model.exists():
        small = write_library(folder / "train.parquet", 10_000)
        seqexpr("train", str(small), "-o", str(model), "--models", "ridge")
    return model


def by_workers(folder: Path, sizes: list[int]) -> None:
    """Predict ten files in blocks here, and on Ray with one worker and with two."""
    model = small_model(folder)
    said = []
    for n in sizes:
        table = write_library(folder / f"{n}", n, files=10)
        command = ("predict", str(model), str(table), "-o")
        here = seqexpr(*command, str(folder / f"here-{n}"))
        one, two = (
            seqexpr(*command, str(folder / f"ray-{n}-{k}"), "--backend", "ray", "--workers", str(k))
            for k in (1, 2)
        )
        for name, cost in (("blocks, local", here), ("Ray, 1 worker", one), ("Ray, 2", two)):
            report(name, n, cost)
        said.append(f"{n:,} rows: two workers {one.seconds / two.seconds:.2f} times one.")
        record(Ratio(f"Ray, two workers to one, {n:,} rows", one.seconds / two.seconds))
    print("\n" + " ".join(said))


WORK = {"predict": predict, "train": train, "network": network}

if __name__ == "__main__":
    main()
