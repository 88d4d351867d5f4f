from __future__ import annotations

import json
import shutil


def test_runs_are_compared_in_words_and_in_json(seqexpr, trained, tmp_path):
    shutil.copytree(trained, tmp_path / "first")
    shutil.copytree(trained, tmp_path / "second")
    done = seqexpr("compare", "first", "second")
    assert done.returncode == 0, done.stderr
    assert "+0.000 (+0.000, +0.000)" in done.stdout
    assert "1.000" in done.stdout
    document = json.loads(seqexpr("compare", "first", "second", "--json").stdout)
    assert set(document["runs"]) == {"first", "second"}
    assert {row["metric"] for row in document["comparisons"]} == {"r2", "pearson"}


def test_one_run_is_a_usage_error(seqexpr, trained):
    done = seqexpr("compare", trained)
    assert done.returncode == 2
    assert done.stderr.startswith("error: compare needs at least two different run folders")
