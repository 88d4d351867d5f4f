"""Changes of a wild type, and tables of pairs."""

import numpy as np
import pandas as pd
import pytest

from seqexpr.errors import ColumnError, InputError, OutputError, SequenceError
from seqexpr.variants.sequence_variants import score_changes, score_table

WILD = "ACGTACGTACTATAAACGTACGATCGATCG"


def test_changes_are_what_their_sequences_predict(bundle):
    frame, summary = score_changes(bundle, WILD.lower(), ["A1C", "del11-16", "ins3:GG; A9T"])
    changed = ["C" + WILD[1:], WILD[:10] + WILD[16:], WILD[:3] + "GG" + WILD[3:8] + "T" + WILD[9:]]
    expected = (bundle.predict(changed) - bundle.predict([WILD]))[:, 0]
    np.testing.assert_allclose(frame["effect"].astype(float), expected, atol=1e-12)
    assert frame["id"].tolist() == ["A1C", "del11-16", "ins3:GG; A9T"]
    assert (summary.n_rows, summary.n_scored, summary.problems) == (3, 3, ())
    assert summary.pairing == "related"
    assert frame["effect"][1] < -1  # the TATA box is gone
    assert frame["effect_upper"][1] < 0
    assert summary.n_beyond_zero >= 1


def test_every_single_change_by_default(bundle):
    frame, summary = score_changes(bundle, WILD)
    assert summary.n_scored == len(frame) == 3 * len(WILD)
    assert frame["id"][0] == "A1C"
    from seqexpr.interpretation.mutagenesis import mutation_effects

    changes = mutation_effects(bundle.model, [WILD])[0]
    expected = [changes["ACGT".index(name[-1]), int(name[1:-1]) - 1] for name in frame["id"]]
    np.testing.assert_allclose(frame["effect"].astype(float), expected, atol=1e-8)


def test_what_does_not_fit_keeps_its_row(bundle):
    frame, summary = score_changes(bundle, WILD, ["A1C", "T1C", "what", "del1-30"])
    assert frame["problem"].isna().tolist() == [True, False, False, False]
    assert frame["effect"].isna().tolist() == [False, True, True, True]
    assert "found A at base 1, not T" in frame["problem"][1]
    (problem,) = summary.problems
    assert (problem.n_rows, problem.examples) == (3, ("T1C", "what", "del1-30"))


def test_bad_input_is_told(bundle):
    with pytest.raises(SequenceError, match="the wild type is not DNA"):
        score_changes(bundle, "MKV!", ["A1C"])
    with pytest.raises(InputError, match="there are no changes"):
        score_changes(bundle, WILD, [])
    with pytest.raises(InputError, match="no covariate 'dose'; it reads none"):
        score_changes(bundle, WILD, ["A1C"], covariates={"dose": 1})


@pytest.fixture
def table(loci, tmp_path):
    rows = loci["sequence"].tolist()
    frame = pd.DataFrame({"name": ["a", "b", "c"], "wt": rows[:9:3], "mut": rows[1:9:3]})
    frame.loc[1, "mut"] = "AC-GX!"
    frame.loc[2, "wt"] = frame.loc[2, "wt"].lower()
    frame.to_csv(tmp_path / "pairs.csv", index=False)
    return tmp_path / "pairs.csv", frame


def test_a_table_keeps_its_rows_and_order(bundle, table, tmp_path):
    path, frame = table
    summary = score_table(bundle, path, tmp_path / "out.tsv", batch_size=2)
    out = pd.read_csv(tmp_path / "out.tsv", sep="\t")
    assert out["id"].tolist() == ["a", "b", "c"]
    assert "mut: not DNA" in out["problem"][1]
    expected = bundle.predict([frame["mut"][2]]) - bundle.predict([frame["wt"][2]])
    assert out["effect"][2] == pytest.approx(expected[0, 0])
    assert (summary.n_rows, summary.n_scored) == (3, 2)
    assert summary.problems[0].reason == "a sequence is missing or not DNA"


def test_columns_can_be_named_and_are_asked_for(bundle, loci, tmp_path):
    rows = loci["sequence"].tolist()
    pd.DataFrame({"one": rows[:2], "other": rows[2:4]}).to_parquet(tmp_path / "p.parquet")
    with pytest.raises(ColumnError, match="which column holds the reference sequence"):
        score_table(bundle, tmp_path / "p.parquet", tmp_path / "o.csv")
    with pytest.raises(ColumnError, match="no column 'on'; did you mean 'one'"):
        score_table(bundle, tmp_path / "p.parquet", tmp_path / "o.csv", reference="on")
    assert not (tmp_path / "o.csv").exists()
    score_table(
        bundle, tmp_path / "p.parquet", tmp_path / "o.csv", reference="one", alternative="other"
    )
    assert pd.read_csv(tmp_path / "o.csv")["id"].tolist() == ["row 1", "row 2"]


def test_a_format_without_columns_is_refused(bundle, table, tmp_path):
    with pytest.raises(OutputError, match="the name does not say a format"):
        score_table(bundle, table[0], tmp_path / "o.vcf")
