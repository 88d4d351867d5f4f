"""Time and memory of `seqexpr train --preset fast`, start and report included.

    python benchmarks/bench_train.py [--rows 13000] [--length 150]

Runs the command line in a process of its own on a simulated library, with a
warm k-mer cache (the first run of an install compiles), and prints a Markdown
table. The peer is the tutorial's own code on the same table.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

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


def measure(command: list[str]) -> tuple[float, float]:
    """Return the wall-clock seconds and the peak memory in MiB of a command and its children."""
    started = time.perf_counter()
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    peak = 0
    while process.poll() is None:
        try:
            family = [process, *process.children(recursive=True)]
            peak = max(peak, sum(member.memory_info().rss for member in family))
        except psutil.NoSuchProcess:
            pass
        time.sleep(0.05)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}\n{process.stderr.read()}")
    return seconds, peak / 2**20


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
        measure([seqexpr, "train", table, "--preset", "tutorial", "-o", f"{folder}/warm"])
        rows = {
            "the tutorial's code (one model, no intervals)": measure(
                [sys.executable, "-c", TUTORIAL, table]
            ),
            "`seqexpr train --preset tutorial`": measure(
                [seqexpr, "train", table, "--preset", "tutorial", "-o", f"{folder}/tutorial"]
            ),
            "`seqexpr train --preset fast`": measure(
                [seqexpr, "train", table, "--preset", "fast", "-o", f"{folder}/fast"]
            ),
        }
    print(f"{options.rows:,} sequences of {options.length} bases, start and report included\n")
    print("| command | seconds | peak memory, MiB |\n|---|---:|---:|")
    for name, (seconds, memory) in rows.items():
        print(f"| {name} | {seconds:.1f} | {memory:,.0f} |")


if __name__ == "__main__":
    main()
