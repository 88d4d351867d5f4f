"""seqexpr design, as a person would run it."""

from __future__ import annotations

import json

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def start(library):
    return library["sequence"].iloc[0]


def test_designs_controls_and_a_summary(seqexpr, trained, start, library_csv, tmp_path):
    done = seqexpr(
        "design", trained, "-n", 4, "--start", start, "--from", "library.csv", "--forbid", "EcoRI",
        "--gc", "0.3-0.7", "--max-homopolymer", 5, "--max-changes", 8, "--fixed", "1-5",
        "--controls", 1, "--iterations", 10, "--outside-domain", "-o", "designs.csv", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    table = pd.read_csv(tmp_path / "designs.csv")
    assert summary["n_designs"] == (table["role"] == "design").sum() == 4
    assert set(table["role"]) == {"design", "control:scramble", "control:start"}
    assert (table["sequence"].str[:5] == start[:5]).all()
    assert table.loc[table["role"] == "design", "n_changes"].between(1, 8).all()
    assert "to raise expression, by its bound, anywhere; greedy search" in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--forbid", "EcoR1"), "no restriction enzyme 'EcoR1'; did you mean 'EcoRI'"),
        (("--start", "nowhere.fasta"), "no such file is there"),
        (("--time", "soon"), "'soon' is no time; write 90s, 20m or 1h30m"),
        (("--json",), "write the designs to a file with -o"),
        (("-o", "designs.doc", "--gc", "0.4-0.6"), "the name does not say a format"),
    ],
)
def test_mistakes_are_told_in_one_line(seqexpr, trained, tmp_path, options, message):
    done = seqexpr("design", trained, *options)
    assert done.returncode == 2
    assert message in done.stderr.replace("\n", " ")
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert not list(tmp_path.glob("designs*"))
