"""Options of commands that work in blocks: the same for predict, variants and explain."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from seqexpr.cli.blocks import choose_backend
from seqexpr.cli.main import app
from seqexpr.errors import InputError, SeqexprError
from seqexpr.scale.backend import LocalBackend

PLAIN = {"address": None, "workers": None, "resume": False, "in_blocks": False}


@pytest.mark.parametrize(
    ("backend", "more", "message"),
    [
        ("spark", {}, "must be local or ray"),
        ("local", {"address": "auto"}, "--address is for --backend ray"),
        ("local", {"workers": 2}, "--workers is for blocks: name a folder"),
        ("local", {"resume": True}, "--resume is for blocks: name a folder"),
    ],
)
def test_what_contradicts_itself_is_told(backend, more, message):
    with pytest.raises(InputError, match=message):
        choose_backend(backend, **PLAIN | more)


def test_a_folder_means_blocks_here():
    assert choose_backend("local", **PLAIN) is None
    chosen = choose_backend("local", **PLAIN | {"in_blocks": True, "workers": 3})
    assert isinstance(chosen, LocalBackend)
    assert chosen.n_workers == 3


def test_a_missing_extra_is_told(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(SeqexprError, match=r"seqexpr\[scale\]"):
        choose_backend("ray", **PLAIN)


@pytest.fixture
def tables(trained, tmp_path, monkeypatch):
    """A table and pairs, in Parquet and in the folder in which commands run."""
    rows = ["ACGTTGACTC" * 5, "GATTACAGGC" * 5, "no DNA"]
    pd.DataFrame({"id": ["a", "b", "c"], "sequence": rows}).to_parquet(tmp_path / "t.parquet")
    pd.DataFrame({"ref": rows, "alt": rows[::-1]}).to_parquet(tmp_path / "pairs.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    app(list(map(str, arguments)), standalone_mode=False)


def test_every_row_is_explained_into_a_folder(trained, tables, capsys):
    run("explain", trained, "t.parquet", "--every-row", "-o", "out", "--resume")
    told = " ".join(capsys.readouterr().err.split())
    assert "2 of 3 rows explained → out" in told
    assert "contributions by mutagenesis" in told
    assert "1 not explained: not DNA (rows 3)" in told
    frame = pd.read_parquet(tables / "out" / "part-000000.parquet")
    assert frame["id"].tolist() == ["a", "b", "c"]
    assert [0 if one is None else len(one) for one in frame["contributions"]] == [50, 50, 0]
    run("explain", trained, "t.parquet", "--every-row", "-o", "out.parquet", "--json")
    summary = json.loads(capsys.readouterr().out)
    assert (summary["n_rows"], summary["n_explained"]) == (3, 2)
    assert summary["methods"][0]["name"] == "mutagenesis"


def test_pairs_are_scored_into_a_folder(trained, tables, capsys):
    run("variants", trained, "pairs.parquet", "-o", "out", "--workers", 1)
    assert "1 of 3 variants scored" in capsys.readouterr().err
    assert len(pd.read_parquet(tables / "out" / "part-000000.parquet")) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["explain", "RUN", "--resume"], "for blocks of rows: pass --every-row"),
        (["explain", "RUN", "--every-row"], "name a Parquet table, and where"),
        (["explain", "RUN", "t.parquet", "--every-row", "-o", "o", "--motifs", "fungi"],
         "--motifs: of the page; with --every-row there is none, leave it out"),
        (["explain", "RUN", "t.parquet", "--every-row", "-o", "o", "--method", "wieghts"],
         "did you mean 'weights'"),
        (["variants", "RUN", "--wild-type", "ACGT", "-o", "o.csv", "--resume"], "for blocks"),
        (["variants", "RUN", "t.parquet", "--resume", "-o", "o.csv"], "for blocks"),
        (["predict", "RUN", "t.parquet", "--workers", "2"], "for blocks"),
    ],
)  # fmt: skip
def test_bad_usage_is_one_clear_error(trained, tables, arguments, message):
    with pytest.raises(SeqexprError, match=message) as caught:
        run(*[trained if argument == "RUN" else argument for argument in arguments])
    assert caught.value.exit_code == 2
