from __future__ import annotations

import io

import pandas as pd


def test_a_library_with_the_asked_motifs(seqexpr):
    arguments = (
        "simulate",
        "--rows",
        "50",
        "--length",
        "40",
        "--motif",
        "TGACTCA=2",
        "--noise",
        "0.1",
    )
    done = seqexpr(*arguments)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(io.StringIO(done.stdout))
    assert len(table) == 50
    assert set(table["sequence"].str.len()) == {40}
    assert {"id", "expression", "rep1", "rep2", "rep3"} <= set(table.columns)
    assert seqexpr(*arguments).stdout == done.stdout
    assert seqexpr(*arguments, "--seed", "1").stdout != done.stdout


def test_a_motif_that_is_none(seqexpr):
    done = seqexpr("simulate", "--motif", "TGACTCA")
    assert done.returncode == 2
    assert "SITE=EFFECT" in done.stderr
