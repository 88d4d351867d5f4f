from __future__ import annotations

import json

import numpy as np
import pandas as pd


def test_predictions_keep_the_order_and_equal_the_model(
    seqexpr, trained, library_csv, library, tmp_path
):
    import seqexpr as package

    done = seqexpr("predict", trained, library_csv, "-o", "out.csv")
    assert done.returncode == 0, done.stderr
    assert "200 of 200 rows predicted" in done.stderr
    out = pd.read_csv(tmp_path / "out.csv")
    assert out["id"].tolist() == library["id"].tolist()
    expected = package.load(trained).predict(library["sequence"].tolist())
    np.testing.assert_allclose(out["predicted"], np.ravel(expected), rtol=1e-6)


def test_standard_input_to_standard_output(seqexpr, trained):
    done = seqexpr("predict", trained / "model", "-", stdin=">a\nACGTACGTACGT\n>b\nTTTTTTTTTT\n")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("id,predicted")
    assert [line.split(",")[0] for line in lines[1:]] == ["a", "b"]


def test_bad_rows_are_told_and_keep_their_place(seqexpr, trained, tmp_path):
    (tmp_path / "in.csv").write_text("id,sequence\na,ACGTACGTAC\nb,\nc,AC!T\nd,TTTTTTTTTT\n")
    done = seqexpr("predict", trained, "in.csv", "-o", "out.csv")
    assert done.returncode == 0, done.stderr
    assert "2 of 4 rows predicted" in done.stderr
    out = pd.read_csv(tmp_path / "out.csv")
    assert out["id"].tolist() == ["a", "b", "c", "d"]
    assert out["predicted"].isna().tolist() == [False, True, True, False]


def test_json_summary(seqexpr, trained, library_csv):
    done = seqexpr("predict", trained, library_csv, "-o", "out.parquet", "--json")
    assert json.loads(done.stdout)["n_predicted"] == 200
    done = seqexpr("predict", trained, library_csv, "--json")
    assert done.returncode == 2
    assert "-o" in done.stderr


def test_a_model_that_is_none(seqexpr, library_csv, tmp_path):
    for model in ("missing", library_csv, tmp_path):
        done = seqexpr("predict", model, library_csv)
        assert done.returncode == 2
        assert done.stderr.startswith("error: ")
        assert "Traceback" not in done.stderr
