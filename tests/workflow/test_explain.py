"""Explaining trained models: from the table to the folder."""

from __future__ import annotations

import json
from importlib.util import find_spec
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from seqexpr.data.motifs import Motif, read_motifs
from seqexpr.data.planting import PlantedMotif
from seqexpr.data.simulate import simulate_library
from seqexpr.errors import InputError, MissingExtraError, OutputError, UnknownNameError
from seqexpr.workflow.explain import explain, place_beside
from seqexpr.workflow.train import train

ABSENT = Motif.from_consensus("CCCCGGGG")
MOTIFS = (PlantedMotif("TGACTCAG", 1.5, share=0.3), PlantedMotif("GGGCGGAA", -1.0, share=0.3))


@pytest.fixture(scope="module")
def planted():
    made = simulate_library(1200, rng=np.random.default_rng(3), length=60, motifs=MOTIFS)
    return made.table[["id", "sequence", "expression"]].copy()


@pytest.fixture(scope="module")
def run(planted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    planted.to_csv(folder / "library.csv", index=False)
    choices = {"target": "expression", "models": ("ridge",), "split": "random"}
    train(folder / "library.csv", output=folder / "run", nested=False, **choices)
    return folder / "run"


@pytest.fixture(scope="module")
def explained(run, planted):
    del planted
    known = [Motif.from_consensus("TGACTCAG", name="AP1"), ABSENT]
    steps = []
    found = explain(run, output=run / "explanation", n=400, motifs=known, on_step=steps.append)
    assert any(step.text == "Motifs" for step in steps)
    return found


def test_the_planted_motifs_are_shown_with_every_check(explained):
    item = explained.explanations["expression"]
    confirmed = {motif.name: motif for motif in item.motifs if motif.is_confirmed}
    assert confirmed["AP1"].measured.low - 0.1 <= 1.5 <= confirmed["AP1"].measured.high + 0.1
    assert [check.name for check in item.checks] == [
        "signal", "sum", "agreement", "members", "twin", "evidence",
    ]  # fmt: skip
    assert explained.is_trusted
    words = [item.name for item in explained.coefficients["expression"][:10]]
    assert any(word in "TGACTCAG" for word in words)


def test_named_motifs_are_measured_whatever_the_model_shows(explained, run):
    (one,) = explained.explanations["expression"].known  # the other one is in no sequence
    assert one.motif.name == "AP1"
    assert one.is_confirmed
    assert one.is_in_model
    assert one.measured.low < 1.5 < one.measured.high + 0.1
    table = pd.read_csv(run / "explanation" / "known_motifs.tsv", sep="\t")
    assert table["name"].tolist() == ["AP1"]
    assert table["measured_effect"].tolist() == pytest.approx([one.measured.value])
    record = json.loads((run / "explanation" / "explanation.json").read_text())
    (told,) = record["targets"]["expression"]["known_motifs"]
    assert told["n_with"] == one.measured.n_with
    page = (run / "explanation" / "report.html").read_text()
    assert "What known motifs do" in page
    assert '<a href="#target-1-known">' in page
    ET.parse(run / "explanation" / "figures" / "known.svg")


def test_each_target_is_explained(planted, tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.2, len(planted))
    table = planted.assign(other=noise - planted["expression"])
    choices = {"target": ("expression", "other"), "models": ("tutorial",), "split": "random"}
    train(table, output=tmp_path / "run", nested=False, **choices)
    found = explain(tmp_path / "run", table, target=("expression", "other"), n=60, twin=False,
                    motifs=[Motif.from_consensus("TGACTCAG")], output=tmp_path / "out")  # fmt: skip
    assert list(found.explanations) == ["expression", "other"]
    one, other = (item.attributions.contributions for item in found.explanations.values())
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] < -0.9
    frame = pd.read_parquet(tmp_path / "out" / "attributions.parquet")
    assert frame["target"].value_counts().tolist() == [3600, 3600]
    assert "target-2" in (tmp_path / "out" / "report.html").read_text()


def test_held_out_rows_are_those_the_model_was_not_fitted_on(explained, planted):
    evidence = explained.explanations["expression"].checks[-1].text
    n_test = len(planted) - explained.bundle.manifest.data.n_train
    assert f"in {n_test:,} measurements" in evidence
    assert 0.6 < explained.is_seen.mean() < 0.95


def test_the_folder_holds_what_other_tools_read(explained, run, planted):
    folder = run / "explanation"
    names = {file.name for file in folder.iterdir()}
    assert names >= {
        "report.html", "explanation.json", "attributions.parquet", "motifs.tsv", "motifs.meme",
        "sites.bed", "pairs.tsv", "coefficients.tsv", "figures",
    }  # fmt: skip
    frame = pd.read_parquet(folder / "attributions.parquet")
    one = frame[frame["id"] == frame["id"].iloc[0]]
    item = explained.explanations["expression"].attributions
    assert "".join(one["base"]) == item.sequences[0]
    np.testing.assert_allclose(one["contribution"], item.contributions[0], rtol=1e-5, atol=1e-6)
    meme = read_motifs(folder / "motifs.meme")
    table = pd.read_csv(folder / "motifs.tsv", sep="\t")
    assert len(meme) == len(table)
    sequences = planted.set_index("id")["sequence"]
    bed = pd.read_csv(folder / "sites.bed", sep="\t", header=None)
    first = bed[bed[3].astype(str) == str(table["motif"].iloc[0])].iloc[:20]
    width = len(table["consensus"].iloc[0])
    assert all(len(sequences[row[0]][row[1] : row[2]]) == width for row in first.to_numpy())
    document = json.loads((folder / "explanation.json").read_text())
    assert document["format_version"] == 1
    assert document["targets"]["expression"]["motifs"]
    drawn = {file.name for file in (folder / "figures").iterdir()}
    assert drawn >= {"logo-1.svg", "effects.svg", "sequence-1.svg"}
    ET.parse(folder / "figures" / "logo-1.svg")


def test_the_same_seed_writes_the_same(run, tmp_path):
    for name in ("one", "again"):
        explain(run, output=tmp_path / name, n=40, motifs=[ABSENT], twin=False)
    for name in ("report.html", "explanation.json", "sites.bed", "attributions.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_a_table_that_is_gone_is_asked_for(planted, tmp_path):
    planted.to_csv(tmp_path / "library.csv", index=False)
    train(tmp_path / "library.csv", target="expression", models=("tutorial",), split="random",
          nested=False, output=tmp_path / "run")  # fmt: skip
    (tmp_path / "library.csv").unlink()
    with pytest.raises(InputError, match="name the sequences to explain: seqexpr explain MODEL"):
        explain(tmp_path / "run")
    found = explain(
        tmp_path / "run", planted, target="expression", twin=False, n=50, motifs=[ABSENT]
    )
    assert found.explanations["expression"].attributions.method == "mutagenesis"


def test_too_few_sequences_are_refused(run, planted):
    with pytest.raises(InputError, match="explain at least 10"):
        explain(run, n=5)
    with pytest.raises(InputError, match="the model predicts 1 targets"):
        explain(
            run, planted.assign(other=planted["expression"] * 2), target=("expression", "other")
        )


def test_what_cannot_be_done_says_why_and_leaves_all_as_it_was(run, planted, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="notes is a folder but not an explanation"):
        explain(run, output=tmp_path / "notes")
    assert (tmp_path / "notes" / "mine.txt").read_text() == "mine"
    with pytest.raises(OutputError, match=r"mine\.txt is a file"):
        explain(run, output=tmp_path / "notes" / "mine.txt")
    with pytest.raises(InputError, match="2 sequences; explain at least 10"):
        explain(run, planted[["id", "sequence"]].iloc[:2], output=tmp_path / "few")
    with pytest.raises(UnknownNameError, match="no taxon 'fungus'"):
        explain(run, motifs="fungus", output=tmp_path / "few")
    with pytest.raises(InputError, match="is for a network"):
        explain(run, method="deeplift", twin=False, motifs=[ABSENT], output=tmp_path / "few")
    assert not (tmp_path / "few").exists()


def test_without_the_extra_motifs_have_no_names_and_it_is_said(run, monkeypatch):
    from seqexpr.workflow import explain as room

    monkeypatch.setattr(room, "has_extra", lambda extra: False)
    found = explain(run, n=100, twin=False)
    assert all(not motif.matches for motif in found.explanations["expression"].motifs)
    assert "seqexpr[motifs]" in found.notes[0]


def test_where_no_motifs_are_named_those_of_all_organisms_are_compared_and_it_is_said():
    from seqexpr.workflow import explain as room

    known, notes = room._known_motifs(None)
    fungi, silent = room._known_motifs("fungi")
    assert {motif.name for motif in fungi} < {motif.name for motif in known}
    assert "--motifs fungi" in notes[0]
    assert silent == []


@pytest.mark.skipif(find_spec("modiscolite") is not None, reason="modisco-lite is installed")
def test_without_modisco_the_error_comes_before_any_work(run, tmp_path):
    steps = []
    with pytest.raises(MissingExtraError, match=r'pip install "seqexpr\[modisco\]"'):
        explain(run, output=tmp_path / "out", discovery="modisco", on_step=steps.append)
    assert steps == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["run", "model"])
def test_the_place_beside_a_model(run, name):
    model = run if name == "run" else run / "model"
    assert place_beside(model) == run / "explanation"
