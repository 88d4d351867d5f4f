"""What does it cost to train on, and to predict, millions of sequences?

A simulated library (each 6-mer adds its part, and noise) of so many rows is written to
Parquet, and each command runs in a process of its own, whose wall-clock time, processor time
and peak memory are measured:

    python benchmarks/bench_scale.py predict --rows 10000 100000 1000000 10000000
    python benchmarks/bench_scale.py train --rows 1000000 10000000 --memory 4G
    python benchmarks/bench_scale.py ray --rows 1000000

With several sizes the exponent of time by rows is fitted, 1 being linear growth.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

LENGTH = 110
CHUNK = 200_000


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds by the clock, of processors with those it started, peak MB."""

    seconds: float
    processor: float
    megabytes: float


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


def run(*arguments: str) -> Cost:
    """Run seqexpr, and measure the process and what it started."""
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "seqexpr", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    peak = 0.0
    while True:
        ended, status, used = os.wait4(child.pid, os.WNOHANG)
        if ended:
            break
        peak = max(peak, peak_mb(child.pid))
        time.sleep(0.05)
    if status:
        raise SystemExit(f"seqexpr {' '.join(arguments)}: failed")
    return Cost(time.perf_counter() - began, used.ru_utime + used.ru_stime, peak)


def peak_mb(process: int) -> float:
    """Return the peak memory of a process (Linux), without that of the one that started it."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) / 1024 if lines else 0.0


def report(name: str, n: int, cost: Cost) -> None:
    print(
        f"{name:<16} {n:>12,} rows {cost.seconds:>8.1f} s {cost.processor:>8.1f} processor s "
        f"{cost.megabytes:>7,.0f} MB {n / cost.seconds:>10,.0f} rows/s",
        flush=True,
    )


def exponent(sizes: list[int], costs: list[Cost]) -> float:
    """Return the slope of log time by log rows, of sizes that take ten seconds and more."""
    seen = [(n, c.seconds) for n, c in zip(sizes, costs, strict=True) if c.seconds >= 10]
    if len(seen) < 2:
        return float("nan")
    x, y = np.log(np.array(seen)).T
    return float(np.polyfit(x, y, 1)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["predict", "train", "ray"])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--memory", default="4G")
    parser.add_argument("--models", default="mean,gc,ridge")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-scale-") as folder:
        place = Path(folder)
        costs = [measure(asked, place, n) for n in asked.rows]
    if asked.what != "ray":
        print(f"exponent of time by rows: {exponent(asked.rows, costs):.2f}")


def measure(asked: argparse.Namespace, place: Path, n: int) -> Cost:
    """Measure one size, and print it."""
    if asked.what == "train":
        table = write_library(place / f"{n}.parquet", n)
        cost = run(
            "train", str(table), "-o", str(place / f"run-{n}"), "--memory", asked.memory,
            "--models", asked.models,
        )  # fmt: skip
        report("train", n, cost)
        table.unlink()
        return cost
    model = place / "model"
    if not model.exists():
        small = write_library(place / "train.parquet", 10_000)
        run("train", str(small), "-o", str(model), "--models", "ridge")
    if asked.what == "predict":
        table = write_library(place / f"{n}.parquet", n)
        cost = run("predict", str(model), str(table), "-o", str(place / "out.parquet"))
        report("predict", n, cost)
        table.unlink()
        return cost
    table = write_library(place / f"{n}", n, files=10)
    plain = run("predict", str(model), str(table), "-o", str(place / "plain"))
    report("blocks, local", n, plain)
    one, two = (
        run("predict", str(model), str(table), "-o", str(place / f"ray-{k}"), "--backend", "ray",
            "--workers", str(k))
        for k in (1, 2)
    )  # fmt: skip
    report("Ray, 1 worker", n, one)
    report("Ray, 2 workers", n, two)
    print(f"two workers: {one.seconds / two.seconds:.2f} times one")
    return two


if __name__ == "__main__":
    main()
