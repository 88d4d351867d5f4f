"""The whole command on a small table that stands in for a measured one."""

import json

import numpy as np
import pytest

from benchmarks.accuracy import run
from seqexpr.data.simulate import simulate_library


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    table = simulate_library(400, rng=np.random.default_rng(0), length=50).table
    table["split"] = ["train"] * 300 + ["test"] * 95 + [None] * 5
    table["start"] = np.arange(400) * 100
    table["end"] = table["start"] + 50
    path = folder / "ecoli_urtecho2020_tss.tsv.gz"
    table[["id", "sequence", "expression", "split", "start", "end"]].to_csv(
        path, sep="\t", index=False
    )
    return folder


def command(data, folder, *more):
    run.main(
        ["--only", "urtecho", "--budget", "1s", "--jobs", "1", "--preset", "ridge", "--data",
         str(data), "--results", str(folder), "--page", str(folder / "page.md"), *more]
    )  # fmt: skip


def test_the_command_fits_scores_compares_and_takes_up_where_it_stopped(data, tmp_path, capsys):
    command(data, tmp_path, "--systems", "seqexpr")
    command(data, tmp_path, "--systems", "seqexpr,hgb")
    printed = capsys.readouterr().out
    assert "urtecho, seqexpr: there already" in printed
    fit = json.loads((tmp_path / "urtecho.seqexpr-ridge.1s.seed0.json").read_text())
    assert (fit["n_train"], fit["left_out"]) == (300, {"unassigned": 5})
    score = fit["scores"]["urtecho"]
    assert score["n"] == 95
    assert score["low"] < score["value"] < score["high"]
    assert fit["wall_seconds"] > fit["fit_seconds"] > 0
    assert fit["peak_mib"] > 50
    compared = tmp_path / "urtecho.seqexpr-ridge.1s.seed0.against.json"
    against = json.loads(compared.read_text())
    compared.unlink()  # as if it had been killed before the last step
    command(data, tmp_path, "--systems", "seqexpr,hgb")
    assert json.loads(compared.read_text()) == against
    other = json.loads((tmp_path / "urtecho.hgb.1s.seed0.json").read_text())
    difference = score["value"] - other["scores"]["urtecho"]["value"]
    assert against["hgb"]["urtecho"]["value"] == pytest.approx(difference)
    assert f"{score['value']:.3f} [" in (tmp_path / "page.md").read_text(encoding="utf-8")


def test_a_fit_that_fails_is_told_and_leaves_nothing(data, tmp_path, capsys):
    with pytest.raises(SystemExit, match="failed: urtecho, seqexpr"):
        command(data, tmp_path, "--systems", "seqexpr", "--preset", "bets")
    assert "preset = 'bets'" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--only", "urtecoh"], "'urtecoh' is not one of urtecho, lac"),
        (["--systems", "automl"], "'automl' is not one of seqexpr, flaml, hgb"),
        (["--budget", "20"], "'20' is not like 90s, 20m or 1h"),
        (["--data", "nowhere"], "name that of the measured data with --data"),
    ],
)
def test_mistakes_are_told(options, said, capsys):
    with pytest.raises(SystemExit, match="2"):
        run.parse(options)
    assert said in capsys.readouterr().err
