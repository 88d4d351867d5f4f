"""Run every benchmark and write docs/benchmarks.md: `make bench`."""

from __future__ import annotations

import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from os import cpu_count
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
SECTIONS = {
    "k-mer counting": "bench_kmers.py",
    "Motif scan": "bench_motifs.py",
    "Ridge and its penalty": "bench_ridge.py",
    "In-silico mutagenesis": "bench_mutagenesis.py",
    "Families of related sequences": "bench_homology.py",
    "The whole run": "bench_train.py",
}


def main() -> None:
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("numpy", "scikit-learn", "numba", "lightgbm")
    )
    parts = [
        "# Benchmarks",
        (
            "Ratios against what a user would otherwise pick, measured side by side in one run. "
            "`make bench` runs all of it and writes this page."
        ),
        (
            f"{datetime.now(UTC):%Y-%m-%d}, {cpu_count()} cores, {platform.machine()}, "
            f"Python {platform.python_version()}, {packages}."
        ),
    ]
    for title, script in SECTIONS.items():
        print(f"{title}: {script}", flush=True)
        done = subprocess.run(
            [sys.executable, HERE / script], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        parts += [f"## {title}", f"    python benchmarks/{script}", done.stdout.strip()]
    PAGE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print(PAGE.relative_to(HERE.parent))


if __name__ == "__main__":
    main()
