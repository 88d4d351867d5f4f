from __future__ import annotations

import json


def test_scores_with_intervals(seqexpr, trained, library_csv):
    done = seqexpr("evaluate", trained, library_csv, "--target", "expression")
    assert done.returncode == 0, done.stderr
    assert "pearson" in done.stdout
    assert "training data" in " ".join(done.stdout.split())
    done = seqexpr("evaluate", trained, library_csv, "--target", "expression", "--json")
    assert {r["metric"] for r in json.loads(done.stdout)["rows"]} >= {"mse", "r2", "spearman"}
