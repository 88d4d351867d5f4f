"""Time and memory of `seqexpr train --preset fast`, start and report included.

    python -m benchmarks.bench_train [--rows 13000] [--length 150]

Runs the command line in a process of its own on a simulated library, with a
warm k-mer cache (the first run of an install compiles), and prints a Markdown
table. The peer is the tutorial's own code on the same table.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.processes import run
from benchmarks.record import Ratio, record

TUTORIAL = """
import sys
import pandas as pd
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.model_selection import train_test_split
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error
data = pd.read_csv(sys.argv[1])
kmers = [[s[i:i + 3] for i in range(len(s) - 2)] for s in data["sequence"]]
X = MultiLabelBinarizer().fit_transform(kmers)
y = data["expression"]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
model = LinearRegression().fit(X_train, y_train)
print(f"Mean Squared Error: {mean_squared_error(y_test, model.predict(X_test)):.2f}")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=13_000)
    parser.add_argument("--length", type=int, default=150)
    options = parser.parse_args()

    from seqexpr.data.simulate import simulate_library

    library = simulate_library(
        options.rows, rng=np.random.default_rng(0), length=options.length
    ).table
    seqexpr = str(Path(sys.executable).with_name("seqexpr"))
    with tempfile.TemporaryDirectory() as folder:
        table = str(Path(folder, "library.csv"))
        library.to_csv(table, index=False)
        run([seqexpr, "train", table, "--preset", "tutorial", "-o", f"{folder}/warm"])
        rows = {
            "the tutorial's code (one model, no intervals)": run(
                [sys.executable, "-c", TUTORIAL, table]
            ),
            "`seqexpr train --preset tutorial`": run(
                [seqexpr, "train", table, "--preset", "tutorial", "-o", f"{folder}/tutorial"]
            ),
            "`seqexpr train --preset fast`": run(
                [seqexpr, "train", table, "--preset", "fast", "-o", f"{folder}/fast"]
            ),
        }
    print(f"{options.rows:,} sequences of {options.length} bases, start and report included\n")
    print("| command | seconds | peak memory, MiB |\n|---|---:|---:|")
    for name, cost in rows.items():
        print(f"| {name} | {cost.seconds:.1f} | {cost.megabytes:,.0f} |")
    theirs, _, fast = (cost.seconds for cost in rows.values())
    record(Ratio("whole run: tutorial's code to preset fast", theirs / fast))


if __name__ == "__main__":
    main()
