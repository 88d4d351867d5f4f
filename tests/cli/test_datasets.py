from __future__ import annotations

import json


def test_list_and_get(seqexpr, tmp_path):
    assert "lac" in seqexpr("datasets", "list").stdout
    listed = json.loads(seqexpr("datasets", "list", "--json").stdout)
    assert [d["name"] for d in listed] == ["lac"]
    done = seqexpr("datasets", "get", "lac", "-o", "lac.tsv.gz")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "lac.tsv.gz").stat().st_size < 1_000_000
    again = seqexpr("datasets", "get", "lac", "-o", "lac.tsv.gz")
    assert again.returncode == 2
    assert "--overwrite" in again.stderr


def test_an_unknown_name_gets_a_hint(seqexpr):
    done = seqexpr("datasets", "get", "lca")
    assert done.returncode == 2
    assert "did you mean 'lac'" in done.stderr
