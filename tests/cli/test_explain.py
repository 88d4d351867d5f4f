from __future__ import annotations

import json

import pandas as pd


def test_a_model_is_explained_and_nothing_is_lost(seqexpr, trained, library_csv, tmp_path):
    done = seqexpr("explain", trained, library_csv, "--target", "expression", "--no-twin",
                   "--motifs", "ecoli", "-o", "out")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Motifs of expression" in done.stdout
    assert "out/report.html" in done.stdout
    assert "What each base contributes" in done.stderr
    assert len(pd.read_parquet(tmp_path / "out" / "attributions.parquet")) == 200 * 50
    again = seqexpr("explain", trained, library_csv, "-o", "out")
    assert again.returncode == 2
    assert again.stderr.startswith("error: out holds an explanation already; pass --overwrite")


def test_sequences_alone_are_enough(seqexpr, trained, tmp_path):
    (tmp_path / "some.fasta").write_text("".join(f">s{i}\n{'ACGTTGCA' * 6}\n" for i in range(12)))
    done = seqexpr("explain", trained, "some.fasta", "-o", "out", "--no-twin", "--json",
                   "--motifs", "ecoli")  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["targets"]["expression"]
    assert (
        found
        == json.loads((tmp_path / "out" / "explanation.json").read_text())["targets"]["expression"]
    )
    assert (found["checks"][-1]["name"], found["checks"][-1]["is_passed"]) == ("evidence", None)


def test_errors_end_with_two_and_one_line(seqexpr, trained):
    done = seqexpr("explain", trained, "--method", "deeplft")
    assert done.returncode == 2
    assert done.stderr.startswith("error: unknown method 'deeplft'; did you mean 'deeplift'?")
    assert "Traceback" not in done.stderr
