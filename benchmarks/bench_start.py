"""Cold start: how long until a command answers, and what it takes of memory.

    python -m benchmarks.bench_start [--times 5]

Each command runs in a process of its own; the median is shown. The peers are what the tutorial's
code and a notebook import before their first line of work.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.processes import Cost, run
from benchmarks.record import Ratio, record
from seqexpr.data.simulate import simulate_library

TUTORIAL = (
    "import pandas, sklearn.preprocessing, sklearn.model_selection, "
    "sklearn.linear_model, sklearn.metrics"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    ours = [sys.executable, "-m", "seqexpr"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = simulate_library(500, rng=np.random.default_rng(0), length=100).table
        table.to_csv(folder / "table.csv", index=False)
        model = ["--models", "ridge", "-o", str(folder / "run")]
        run([*ours, "train", str(folder / "table.csv"), *model])
        answer = ["predict", str(folder / "run"), str(folder / "table.csv")]
        commands = {
            "`seqexpr --version`": [*ours, "--version"],
            "`seqexpr train --help`": [*ours, "train", "--help"],
            "`import seqexpr`": [sys.executable, "-c", "import seqexpr"],
            "`seqexpr predict`, 500 sequences": [
                *ours, *answer, "-o", str(folder / "out.csv"),
            ],
            "the imports of the tutorial's code": [sys.executable, "-c", TUTORIAL],
            "`import torch`": [sys.executable, "-c", "import torch"],
        }  # fmt: skip
        found = {
            said: median([run(command) for _ in range(options.times)])
            for said, command in commands.items()
            if said != "`import torch`" or has_torch()
        }
    print("| command | seconds | peak memory, MiB |\n|---|--:|--:|")
    for said, cost in found.items():
        print(f"| {said} | {cost.seconds:.2f} | {cost.megabytes:,.0f} |")
    peer = found["the imports of the tutorial's code"].seconds
    record(
        *(
            Ratio(f"start: the tutorial's imports to {said}", peer / found[said].seconds)
            for said in list(found)[:4]
        )
    )


def has_torch() -> bool:
    from importlib.util import find_spec

    return find_spec("torch") is not None


def median(costs: list[Cost]) -> Cost:
    return Cost(
        *(
            statistics.median(getattr(cost, field) for cost in costs)
            for field in ("seconds", "processor", "megabytes")
        )
    )


if __name__ == "__main__":
    main()
