"""Time and memory of scoring a VCF, beside predicting the same sequences in memory.

    python -m benchmarks.bench_variants [--rows 10000,100000,1000000]

Prints a Markdown table: for each number of variants, seconds and peak memory of `score_vcf` from a
VCF to a compressed VCF in a process of its own, and the seconds that `Bundle.predict_table` takes
for the two sequences of each variant when they are in memory already (measured on 20,000 of them).
The model is a ridge on 1- to 6-mers; windows have 150 bases.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks.processes import peak_megabytes
from benchmarks.record import Ratio, record

LENGTH = 150
N_BASES = 5_000_000
SAMPLE = 20_000


def make_genome(path: Path, rng: np.random.Generator) -> str:
    bases = rng.choice(np.frombuffer(b"ACGT", dtype=np.uint8), N_BASES).tobytes().decode()
    lines = [bases[i : i + 80] for i in range(0, len(bases), 80)]
    path.write_text(">chr1\n" + "\n".join(lines) + "\n")
    return bases


def make_vcf(path: Path, bases: str, n: int, *, rng: np.random.Generator) -> None:
    places = np.sort(rng.integers(LENGTH, len(bases) - LENGTH, n)).tolist()
    with path.open("w") as stream:
        stream.write(f"##fileformat=VCFv4.2\n##contig=<ID=chr1,length={len(bases)}>\n")
        stream.write("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        for place in places:
            old = bases[place]
            new = "ACGT"[("ACGT".index(old) + 1) % 4]
            stream.write(f"chr1\t{place + 1}\t.\t{old}\t{new}\t.\t.\t.\n")


def make_model(folder: Path, rng: np.random.Generator) -> Path:
    import pandas as pd

    from seqexpr import train

    rows = ["".join(rng.choice(list("ACGT"), LENGTH)) for _ in range(2_000)]
    values = [row.count("TATA") + rng.normal() for row in rows]
    frame = pd.DataFrame({"sequence": rows, "expression": values})
    train(
        frame, output=folder / "run", target="expression", models=("ridge",), split="random",
        nested=False,
    )  # fmt: skip
    return folder / "run"


def score(folder: Path, n: int) -> None:
    """Score one VCF, and print seconds and the peak memory in MB: run in a process of its own."""
    from seqexpr import load, score_vcf
    from seqexpr.variants.regions import Placement

    bundle = load(folder / "run")
    started = time.perf_counter()
    score_vcf(
        bundle, folder / f"{n}.vcf", folder / "out.vcf.gz", genome=folder / "genome.fa",
        placement=Placement(LENGTH),
    )  # fmt: skip
    print(time.perf_counter() - started, peak_megabytes())


def bare_seconds(run: Path, bases: str, rng: np.random.Generator) -> float:
    """Return the seconds that predicting both sequences of a variant takes, of a sample."""
    from seqexpr import load

    bundle = load(run)
    starts = rng.integers(0, len(bases) - LENGTH, SAMPLE).tolist()
    sequences = [bases[start : start + LENGTH] for start in starts]
    changed = [row[:75] + "A" + row[76:] for row in sequences]
    bundle.predict_table(sequences[:100])
    started = time.perf_counter()
    for start in range(0, SAMPLE, 5_000):
        bundle.predict_table(sequences[start : start + 5_000] + changed[start : start + 5_000])
    return (time.perf_counter() - started) / SAMPLE


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", default="10000,100000,1000000")
    parser.add_argument("--score", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = [int(size) for size in options.rows.split(",")]
    if options.score:
        score(options.score, sizes[0])
        return
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bases = make_genome(folder / "genome.fa", rng)
        run = make_model(folder, rng)
        bare = bare_seconds(run, bases, rng)
        print("| variants | seconds | variants a second | times bare prediction | peak MiB |")
        print("|--:|--:|--:|--:|--:|")
        for n in sizes:
            make_vcf(folder / f"{n}.vcf", bases, n, rng=rng)
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.bench_variants", "--score", folder,
                 "--rows", str(n)],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            seconds, peak = map(float, done.stdout.split()[-2:])
            print(
                f"| {n:,} | {seconds:.1f} | {n / seconds:,.0f} | {seconds / n / bare:.2f} | "
                f"{peak:,.0f} |",
                flush=True,
            )
        record(Ratio("variants: bare prediction to score_vcf", bare * n / seconds))


if __name__ == "__main__":
    main()
