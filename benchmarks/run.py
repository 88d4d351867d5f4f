"""Run every benchmark and write docs/benchmarks.md: `make bench`.

    python -m benchmarks.run                 everything, the page, its pictures and benchmarks.json
    python -m benchmarks.run --only ridge    one section: nothing is written
    python -m benchmarks.run --guard         everything, against the last figures; writes nothing

The guard compares ratios, never seconds: one that is less than a third of the last one, or an
exponent that has grown by .25, is a regression, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import record
from benchmarks.guard import regressions
from benchmarks.pictures import draw_growth, draw_ratios

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
FIGURES = ROOT / "benchmarks" / "results.jsonl"
IMAGES = ROOT / "docs" / "images"


@dataclass(frozen=True)
class Section:
    """A part of the page: its title, the script behind it, and what that is asked."""

    title: str
    script: str
    arguments: tuple[str, ...] = ()

    @property
    def command(self) -> list[str]:
        return ["-m", f"benchmarks.{self.script}", *self.arguments]


PREDICT = tuple(str(n) for n in (10**4, 10**5, 10**6, 10**7))
TRAIN = tuple(str(n) for n in (10**5, 10**6, 10**7))
SECTIONS = (
    Section("Cold start", "bench_start"),
    Section("k-mer counting", "bench_kmers"),
    Section("Motif scan", "bench_motifs"),
    Section("Ridge and its penalty", "bench_ridge"),
    Section("Boosted trees", "bench_trees"),
    Section("Networks", "bench_networks"),
    Section("Networks of others", "bench_peers"),
    Section("In-silico mutagenesis", "bench_mutagenesis"),
    Section("Families of related sequences", "bench_homology"),
    Section("Variants", "bench_variants", ("--rows", "10000,100000")),
    Section("The whole run", "bench_train"),
    Section("Growth", "bench_growth"),
    Section("Prediction of ten million sequences", "bench_scale", ("predict", "--rows", *PREDICT)),
    Section("Training on ten million sequences", "bench_scale", ("train", "--rows", *TRAIN)),
    Section("Ray", "bench_scale", ("ray", "--rows", str(10**6))),
)
PACKAGES = (
    "numpy", "scikit-learn", "numba", "lightgbm", "FLAML", "pykmertools", "torch", "tangermeme",
    "ray",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", help="sections whose script's name holds this")
    parser.add_argument("--guard", action="store_true")
    asked = parser.parse_args()
    sections = [section for section in SECTIONS if (asked.only or "") in section.script]
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        found = Path(folder, "found.jsonl")
        parts = [run(section, found) for section in sections]
        lines = found.read_text(encoding="utf-8") if found.exists() else ""
        ratios, points = record.read(found)
    if asked.guard:
        worse = regressions(record.read(FIGURES), (ratios, points))
        print("\n".join(worse) or "No regression.")
        sys.exit(bool(worse))
    if asked.only:
        print("\n\n".join(parts))
        return
    FIGURES.write_text(lines, encoding="utf-8")
    draw_ratios(ratios, IMAGES / "benchmarks-ratios.svg")
    draw_growth(points, IMAGES / "benchmarks-growth.svg")
    PAGE.write_text("\n\n".join([*head(time.perf_counter() - began), *parts]) + "\n", "utf-8")
    print(PAGE.relative_to(ROOT))


def run(section: Section, found: Path) -> str:
    """Run one script; what it prints is the part of the page."""
    print(f"{section.title}: {' '.join(section.command)}", file=sys.stderr, flush=True)
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *section.command], capture_output=True, text=True, check=False,
        cwd=ROOT, env={**os.environ, record.FILE: str(found)},
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    print(f"  {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    command = f"    python {' '.join(section.command)}"
    return "\n\n".join([f"## {section.title}", command, done.stdout.strip()])


def head(seconds: float) -> list[str]:
    return [
        "# Benchmarks",
        (
            "Ratios against what a user would otherwise pick, measured side by side in one run. "
            f"`make bench` ran all of it in {seconds / 60:.0f} minutes and wrote this page; "
            "`make bench-guard` runs it again and compares the ratios with these."
        ),
        (
            f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}, "
            f"Python {platform.python_version()}, {', '.join(filter(None, map(named, PACKAGES)))}."
        ),
        "![How many times our time others take](images/benchmarks-ratios.svg)",
        "![Seconds by the number of sequences and by their length](images/benchmarks-growth.svg)",
    ]


def named(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    main()
