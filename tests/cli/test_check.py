from __future__ import annotations

import json


def test_a_good_table_passes(seqexpr, library_csv):
    done = seqexpr("check", library_csv)
    assert done.returncode == 0, done.stderr
    assert "200 rows = 200 kept + 0 repaired + 0 dropped" in " ".join(done.stdout.split())


def test_errors_give_exit_code_one_with_rows_and_remedy(seqexpr, library, tmp_path):
    table = library.astype({"expression": object})
    table.loc[[2, 7], "expression"] = "n/a"
    table.loc[3, "sequence"] = table.loc[3, "sequence"].lower()
    table.to_csv(tmp_path / "bad.csv", index=False)
    done = seqexpr("check", "bad.csv")
    assert done.returncode == 1
    text = " ".join(done.stdout.split())
    assert "rows 3, 8" in text
    assert "--on-missing drop" in text
    assert "sequence-lowercase" in text


def test_json_says_the_same(seqexpr, library, tmp_path):
    table = library.astype({"expression": object})
    table.loc[[2, 7], "expression"] = "n/a"
    table.to_csv(tmp_path / "bad.csv", index=False)
    done = seqexpr("check", "bad.csv", "--json", "--on-missing", "drop")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["n_kept"] + document["n_repaired"] + document["n_dropped"] == 200
    assert document["n_dropped"] == 2
    assert [f["rows"] for f in document["findings"] if f["action"] == "dropped"] == [[3, 8]]
