"""Build the embedded lac promoter library from the mavenn 1.1.4 wheel on PyPI.

    python scripts/build_lac.py

Downloads the wheel with pip, takes the sort-seq counts of Kinney et al. (2010)
out of it and writes src/seqexpr/data/embedded/lac.tsv.gz, the same bytes at
every run. Reference and licence stand in lac.md beside it.
"""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

WHEEL = "mavenn==1.1.4"
MEMBER = "mavenn/examples/datasets/sortseq_data.csv.gz"
N_ROWS, LENGTH = 50_518, 75
OUTPUT = Path(__file__).parents[1] / "src" / "seqexpr" / "data" / "embedded" / "lac.tsv.gz"


def download(folder: str) -> pd.DataFrame:
    """Return the sort-seq table of the wheel."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
    subprocess.run([*command, "--only-binary", ":all:", WHEEL], check=True)
    [wheel] = Path(folder).glob("mavenn-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return pd.read_csv(io.BytesIO(archive.read(MEMBER)), compression="gzip")


def build(counts: pd.DataFrame) -> pd.DataFrame:
    """Return one row a sequence: the mean sort bin of its reads, and the published split."""
    bins = sorted((c for c in counts.columns if c.startswith("ct_")), key=lambda c: int(c[3:]))
    reads = counts[bins].to_numpy()
    mean_bin = reads @ np.arange(len(bins)) / reads.sum(axis=1)
    split = counts["set"].replace({"training": "train", "validation": "val"})
    return pd.DataFrame(
        {
            "id": [f"s{i}" for i in range(len(counts))],
            "sequence": counts["x"],
            "expression": mean_bin,
            "split": split,
        }
    )


def check(table: pd.DataFrame) -> None:
    """Refuse a table that is not the one that was published."""
    lengths = set(table["sequence"].str.len())
    if len(table) != N_ROWS or lengths != {LENGTH} or not table["expression"].between(0, 9).all():
        raise SystemExit(f"not the published data: {len(table):,} rows of {lengths} bases")
    if set(table["split"]) != {"train", "val", "test"}:
        raise SystemExit(f"not the published split: {sorted(set(table['split']))}")


def main() -> None:
    """Download, build, check and write."""
    with tempfile.TemporaryDirectory() as folder:
        table = build(download(folder))
    check(table)
    text = table.to_csv(sep="\t", index=False, lineterminator="\n").encode()
    with OUTPUT.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(text)
    print(f"{OUTPUT.name}: {len(table):,} rows, {OUTPUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
