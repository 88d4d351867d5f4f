"""Tables that do not fit in memory: the same rows, the same sets, the same model as by hand."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import seqexpr
from seqexpr.data.simulate import simulate_library
from seqexpr.errors import CheckFailedError, InputError, SplitError
from seqexpr.models.registry import make_model
from seqexpr.recipe import Recipe
from seqexpr.sequences import reverse_complement
from seqexpr.workflow import streamed_models, streaming
from seqexpr.workflow.streamed_models import fit_streamed
from seqexpr.workflow.train import read_held, stream_for, train


@pytest.fixture(scope="module")
def library() -> pd.DataFrame:
    """3,000 rows, some of them copies and reverse complements of others."""
    table = simulate_library(2_400, rng=np.random.default_rng(3), length=40, noise=0.3).table
    copies = table.iloc[:300].copy()
    turned = table.iloc[300:600].copy()
    turned["sequence"] = [reverse_complement(row) for row in turned["sequence"]]
    rows = pd.concat([table, copies, turned])[["sequence", "expression"]]
    return rows.sample(frac=1, random_state=1).reset_index(drop=True)


@pytest.fixture
def holds(monkeypatch):
    """Let a stream hold 800 rows, read 500 at a time, and count words of up to 3 bases."""
    monkeypatch.setattr(streaming, "_MOST", 800)
    monkeypatch.setattr(streaming, "BATCH", 500)
    monkeypatch.setattr(streamed_models, "LONGEST", 3)


def write(library: pd.DataFrame, folder, *, parts: int = 3):
    folder.mkdir()
    for number, rows in enumerate(np.array_split(np.arange(len(library)), parts)):
        library.iloc[rows].to_parquet(folder / f"part-{number}.parquet", index=False)
    return folder


def canonical(rows) -> set[str]:
    return {min(row, reverse_complement(row)) for row in rows}


def test_streamed_train_but_those_that_are_held_or_test(library, holds, tmp_path):
    folder = write(library, tmp_path / "table")
    run = train(folder, output=tmp_path / "run", memory="1G", models=("mean", "ridge"))
    told, split = run.evaluation.dataset, run.evaluation.split
    assert told["n_rows"] == 3_000
    assert told["n_held"] + told["n_streamed"] == 3_000
    assert 700 <= told["n_held"] <= 800
    assert split["n_test"] == pytest.approx(400, abs=10)
    # Nobody else's rows: the streamed ones are no kin of the held ones.
    assert len(streamed_rows(run, library)) == told["n_streamed"]


def streamed_rows(run, library: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are no kin of any that the run holds."""
    held = canonical(run.evaluation.predictions.merge(_ids(library), on="id")["sequence"])
    return library[[min(row, reverse_complement(row)) not in held for row in library["sequence"]]]


def _ids(library: pd.DataFrame) -> pd.DataFrame:
    return library.assign(id=[f"row {number}" for number in range(1, len(library) + 1)])


def test_more_rows_are_worth_it_and_the_bundle_serves_them(library, holds, tmp_path, monkeypatch):
    folder = write(library, tmp_path / "table")
    monkeypatch.setattr(streamed_models, "LONGEST", 5)
    run = train(folder, output=tmp_path / "run", memory="1G", models=("mean", "ridge"))
    scores = {
        (row.model, row.metric): row.value for row in run.evaluation.rows if row.set == "test"
    }
    assert run.evaluation.selected == "ridge_streamed"
    assert scores["ridge_streamed", "r2"] > scores["ridge", "r2"]
    # It is ridge on just the streamed rows, with its penalty; RidgePathRegressor itself ends
    # its iterations a thousandth from where the exact solution is.
    rest, by_hand = streamed_rows(run, library), make_model("ridge")
    alpha = float(run.model["regressor"].alpha_[0])
    by_hand.set_params(features__k=(1, 5), regressor__alphas=[alpha])
    by_hand.fit(rest["sequence"], rest["expression"])
    some = library["sequence"].iloc[:200].tolist()
    assert np.abs(run.predict(some) - by_hand.predict(some)).max() < 0.01
    bundle = seqexpr.load(tmp_path / "run")
    assert bundle.count_seen(rest["sequence"]) == len(rest)  # its training data, all of it
    assert np.allclose(bundle.predict(some)[:, 0], run.predict(some))
    stated = json.loads((tmp_path / "run" / "evaluation.json").read_text())
    assert "read one by one" in stated["split"]["reason"]
    assert stated["dataset"]["n_streamed"] > 2_000
    # What is fitted anew for controls and curves is the held rows' own ridge.
    assert stated["controls"] is not None
    assert not list(tmp_path.glob(".seqexpr-rows-*"))


def test_the_order_of_the_rows_and_their_files_does_not_matter(library, holds, tmp_path):
    one = write(library, tmp_path / "one", parts=1)
    turned = write(library.iloc[::-1], tmp_path / "other", parts=4)
    runs = [train(table, memory="1G", models=("ridge",)) for table in (one, turned)]
    some = library["sequence"].iloc[:50].tolist()
    assert np.allclose(runs[0].predict(some), runs[1].predict(some), atol=1e-6)
    assert runs[0].evaluation.split["n_test"] == runs[1].evaluation.split["n_test"]


def test_trees_are_grown_on_as_many_rows_as_there_is_memory_for(library, holds, tmp_path):
    folder = write(library, tmp_path / "table")
    run = train(folder, memory="1G", models=("mean", "lightgbm"), nested=False, folds=3)
    assert [model.name for model in run.evaluation.models] == [
        "mean", "lightgbm", "lightgbm_streamed",
    ]  # fmt: skip
    scores = {row.model: row.value for row in run.evaluation.rows
              if (row.set, row.metric) == ("test", "r2")}  # fmt: skip
    assert scores["lightgbm_streamed"] > scores["lightgbm"]
    assert f"{run.evaluation.dataset['n_streamed']:,} streamed rows" in (
        run.evaluation.models[-1].description
    )


def test_with_less_memory_trees_take_whole_units_of_fewer_rows(
    library, holds, tmp_path, monkeypatch
):
    monkeypatch.setattr(streamed_models, "_SHARE_OF_BINS", 1_000 * 1_364 / 1024**3)
    folder = write(library, tmp_path / "table")
    recipe = Recipe.create(table=str(folder), memory="1G", models=("lightgbm",))
    with stream_for(recipe, None, tmp_path / "run") as stream:
        held = stream.scan(lambda step: None).frame
        (spec,) = fit_streamed(stream, held[["expression"]].to_numpy(), on_step=lambda step: None)
    n = int(spec.description.split("Fitted on ")[1].split()[0].replace(",", ""))
    assert 900 < n < 1_100
    assert n < stream.n_streamed


def test_groups_and_the_tables_own_sets_are_kept(library, holds, tmp_path):
    rng = np.random.default_rng(0)
    labelled = library.assign(
        family=[f"f{number}" for number in rng.integers(0, 400, len(library))],
    )
    train(write(labelled, tmp_path / "grouped"), output=tmp_path / "a", memory="1G",
          models=("ridge",), group="family")  # fmt: skip
    predictions = pd.read_parquet(tmp_path / "a" / "predictions.parquet")
    families = predictions.merge(_ids(labelled), on="id")
    tested = set(families.loc[families["set"] == "test", "family"])
    assert tested
    assert not tested & set(families.loc[families["set"] == "validation", "family"])

    sets = np.where(rng.random(len(library)) < 0.2, "test", "train")
    own = library.assign(set=sets)
    run = train(write(own, tmp_path / "own"), memory="1G", models=("ridge",), split="column:set")
    rows = run.evaluation.predictions.merge(_ids(own), on="id")
    assert set(rows.loc[rows["set_x"] == "test", "set_y"]) == {"test"}
    assert set(rows.loc[rows["set_x"] == "validation", "set_y"]) == {"train"}
    assert "the table's own sets" in run.evaluation.split["reason"]


def test_a_copy_in_another_group_is_streamed_past_no_model(library, holds, tmp_path):
    rng = np.random.default_rng(0)
    labelled = library.assign(family=[f"f{k}" for k in rng.integers(0, 400, len(library))])
    folder = write(labelled, tmp_path / "table")
    recipe = Recipe.create(table=str(folder), memory="1G", group="family", target=("expression",))
    with stream_for(recipe, None, tmp_path / "run") as stream:
        held = stream.scan(lambda step: None).frame
        assert held.equals(read_held(recipe).frame)  # what explain looks at
        streamed = [row for batch in stream.streamed() for row in batch.sequences]
    assert len(streamed) > 1_000
    assert not canonical(streamed) & canonical(held["sequence"])


def test_more_test_rows_than_are_held_leave_nothing_to_stream(library, holds, tmp_path):
    own = library.assign(set=np.where(np.arange(len(library)) < 2_700, "test", "train"))
    run = train(write(own, tmp_path / "own"), memory="1G", models=("ridge",), split="column:set")
    assert run.evaluation.dataset["n_streamed"] == 0
    assert [model.name for model in run.evaluation.models] == ["ridge"]


def test_a_negative_weight_far_down_is_told(library, holds, tmp_path):
    weighted = library.assign(weight=1.0)
    weighted.loc[2_222, "weight"] = -1
    with pytest.raises(CheckFailedError, match="weight"):
        train(write(weighted, tmp_path / "table"), memory="1G", weight="weight", models=("ridge",))


def test_fold_numbers_cannot_be_known_row_by_row(library, holds, tmp_path):
    folded = library.assign(fold=np.arange(len(library)) % 5)
    with pytest.raises(SplitError, match="and no fold numbers"):
        train(write(folded, tmp_path / "table"), memory="1G", split="column:fold")


def test_several_targets_weights_and_scales(library, holds, tmp_path):
    rng = np.random.default_rng(0)
    wide = library.assign(
        other=np.where(rng.random(len(library)) < 0.5, np.nan, 3 * library["expression"] + 10),
        weight=rng.integers(1, 4, len(library)),
    )
    run = train(write(wide, tmp_path / "table"), memory="1G", models=("mean", "ridge"),
                target=("expression", "other"), weight="weight", transform="zscore")  # fmt: skip
    assert run.model["regressor"].coef_.shape[0] == 2
    scores = {(r.model, r.target): r.value for r in run.evaluation.rows
              if (r.set, r.metric) == ("test", "r2")}  # fmt: skip
    assert min(v for (m, _), v in scores.items() if m == "ridge_streamed") > 0.3


def test_a_table_that_fits_is_read_as_ever(library, tmp_path):
    file = tmp_path / "library.csv"
    library.to_csv(file, index=False)
    whole = train(file, models=("mean", "ridge"), seed=1, nested=False)
    limited = train(file, models=("mean", "ridge"), seed=1, nested=False, memory="2G")
    assert limited.evaluation.rows == whole.evaluation.rows
    assert limited.evaluation.split == whole.evaluation.split


def test_csv_streams_too_and_a_mistake_far_down_is_told_with_its_row(library, holds, tmp_path):
    file = tmp_path / "library.csv"
    broken = library.astype({"expression": object})
    broken.loc[2_345, "expression"] = "n/d"
    broken.to_csv(file, index=False)
    with pytest.raises(CheckFailedError, match=r"row 2,?346, 'n/d'"):
        train(file, memory="1G", models=("ridge",))
    run = train(file, memory="1G", models=("ridge",), on_missing="drop")
    told = run.evaluation.dataset
    assert any("1 of 3,000 rows were left out" in text for text in run.evaluation.warnings)
    assert told["n_held"] + told["n_streamed"] == 2_999
    assert told["n_rows"] == 3_000


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"preset": "tutorial"}, "no place for the preset 'tutorial'"),
        ({"split": "homology"}, "not by homology"),
        ({"weighting": "inverse-variance"}, "leave out weighting"),
        ({"covariate": ("dose",)}, "without covariates"),
        ({"nested": True}, "leave out nested"),
        ({"memory": "12"}, "no size"),
        ({"memory": "100M"}, "less than 1G"),
    ],
)
def test_what_cannot_be_streamed_is_said(library, tmp_path, choices, message):
    file = tmp_path / "library.csv"
    library.assign(dose=1.5 + np.arange(len(library)) % 7).to_csv(file, index=False)
    with pytest.raises(InputError, match=message):
        train(file, **{"memory": "1G", **choices})


def test_standard_input_cannot_be_read_twice():
    with pytest.raises(InputError, match="standard input"):
        train("-", memory="1G")


def test_memory_is_a_key_of_the_recipe():
    recipe = Recipe.create(table="a.parquet", memory="4G")
    assert recipe.memory_bytes == 4 * 1024**3
    assert Recipe.from_toml(recipe.to_toml()) == recipe
