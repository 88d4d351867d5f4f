"""Run every benchmark and write docs/benchmarks.md: `make bench`.

    python -m benchmarks.run                 everything, the page, its pictures and results.jsonl
    python -m benchmarks.run --only ridge    one section: nothing is written
    python -m benchmarks.run --guard         everything, against the last figures; writes nothing
    python -m benchmarks.run --resume        what the last call has not done: after an error

A section that fails does not stop the others; the page waits until all are there.

The guard compares ratios, never seconds: one that is less than a third of the last one, or an
exponent that has grown by .25, is a regression, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
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
DONE = ROOT / ".bench"
"""What this call has measured so far: for each section what it printed, and what it recorded."""


@dataclass(frozen=True)
class Section:
    """A part of the page: its title, the script behind it, and what that is asked."""

    title: str
    script: str
    arguments: tuple[str, ...] = ()

    @property
    def command(self) -> list[str]:
        return ["-m", f"benchmarks.{self.script}", *self.arguments]

    def file(self, suffix: str) -> Path:
        return DONE / f"{self.title.lower().replace(' ', '-')}{suffix}"


PREDICT = tuple(str(n) for n in (10**5, 10**6, 3 * 10**6, 10**7))
TRAIN = tuple(str(n) for n in (10**5, 10**6, 10**7))
SECTIONS = (
    Section("Cold start", "bench_start"),
    Section("k-mer counting", "bench_kmers"),
    Section("Motif scan", "bench_motifs"),
    Section("Ridge and its penalty", "bench_ridge"),
    Section("Boosted trees", "bench_trees"),
    Section("Networks", "bench_networks"),
    Section("Time to a score", "bench_time_to_score"),
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
    parser.add_argument("--resume", action="store_true")
    asked = parser.parse_args()
    sections = [section for section in SECTIONS if (asked.only or "") in section.script]
    if not asked.resume:
        shutil.rmtree(DONE, ignore_errors=True)
    DONE.mkdir(exist_ok=True)
    failed = [section.title for section in sections if not run(section)]
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}. Mend them, then: python -m benchmarks.run --resume")
    if asked.only:
        print("\n\n".join(part(section) for section in sections))
        return
    lines = "".join(section.file(".jsonl").read_text("utf-8") for section in sections)
    (DONE / "found.jsonl").write_text(lines, encoding="utf-8")
    if asked.guard:
        worse = regressions(record.read(FIGURES), record.read(DONE / "found.jsonl"))
        print("\n".join(worse) or "No regression.")
        sys.exit(bool(worse))
    write_page(sections)


def run(section: Section) -> bool:
    """Run one script, unless it has run, and keep what it prints; return False where it fails."""
    if section.file(".md").exists():
        return True
    print(f"{section.title}: {' '.join(section.command)}", file=sys.stderr, flush=True)
    section.file(".jsonl").write_text("", encoding="utf-8")
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *section.command], capture_output=True, text=True, check=False,
        cwd=ROOT, env={**os.environ, record.FILE: str(section.file(".jsonl"))},
    )  # fmt: skip
    seconds = time.perf_counter() - began
    print(f"  {seconds:.0f} s", file=sys.stderr, flush=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr, flush=True)
        return False
    section.file(".seconds").write_text(f"{seconds:.1f}", encoding="utf-8")
    section.file(".md").write_text(done.stdout.strip(), encoding="utf-8")
    return True


def part(section: Section) -> str:
    """Return a section of the page: its title, its command, what that printed."""
    command = f"    python {' '.join(section.command)}"
    return "\n\n".join([f"## {section.title}", command, section.file(".md").read_text("utf-8")])


def write_page(sections: list[Section]) -> None:
    """Write the page, its pictures, and the figures for the guard."""
    shutil.copyfile(DONE / "found.jsonl", FIGURES)
    ratios, points = record.read(FIGURES)
    draw_ratios(ratios, IMAGES / "benchmarks-ratios.svg")
    draw_growth(points, IMAGES / "benchmarks-growth.svg")
    seconds = sum(float(section.file(".seconds").read_text()) for section in sections)
    PAGE.write_text("\n\n".join([*head(seconds), *map(part, sections)]) + "\n", "utf-8")
    print(PAGE.relative_to(ROOT))


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
