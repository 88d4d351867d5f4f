"""The preset "best", from the table to the run folder."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest

import seqexpr
from seqexpr.data.simulate import PlantedMotif, simulate_library
from seqexpr.errors import InputError
from seqexpr.search import search as search_module
from seqexpr.search.proposals import BASELINES
from seqexpr.workflow.reserve import BLEND
from seqexpr.workflow.train import train

N_TRIALS = 5
N = N_TRIALS + len(BASELINES)
BEST = {"preset": "best", "budget": "1h", "trials": N_TRIALS, "jobs": 1, "folds": 3}


class InThreads(ThreadPoolExecutor):
    """Takes the place of worker processes where a test is not about processes."""

    def shutdown(self, *, wait=True, kill_workers=False):
        super().shutdown(wait=wait, cancel_futures=kill_workers)


@pytest.fixture(scope="module")
def in_threads():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_module, "start_workers", InThreads)
        yield


@pytest.fixture(scope="module")
def table():
    """180 rows of 36 bases; a column says which are tested."""
    motifs = (PlantedMotif("TGACTCA", 2.0, start=5), PlantedMotif("CACGTG", -2.0, start=20))
    rng = np.random.default_rng(1)
    made = simulate_library(180, rng=rng, length=36, noise=0.3, motifs=motifs).table
    sets = np.where(np.arange(180) % 4, "train", "test")
    return made[["id", "sequence", "expression"]].assign(set=sets)


@pytest.fixture(scope="module")
def run(table, in_threads, tmp_path_factory):
    path = tmp_path_factory.mktemp("searched") / "run"
    return train(table, output=path, split="column:set", **BEST)


def trials_of(evaluation):
    """What was tried, without times."""
    return [{k: v for k, v in t.items() if k != "seconds"} for t in evaluation.search["trials"]]


def test_the_run_folder_holds_the_search(run):
    trials = pd.read_csv(run.path / "search" / "trials.csv")
    assert trials["trial"].tolist() == list(range(N))
    assert trials["title"].notna().all()
    assert (trials["r2"].notna() == (trials["state"] == "complete")).all()
    storage = optuna.storages.RDBStorage(f"sqlite:///{run.path / 'search' / 'study.sqlite3'}")
    study = optuna.load_study(study_name=None, storage=storage)
    assert len(study.trials) == N
    assert study.best_value == pytest.approx(trials["r2"].max())
    storage.engine.dispose()
    assert not list(run.path.parent.glob(".*partial*"))


def test_evaluation_json_says_what_the_search_did(run):
    document = json.loads((run.path / "evaluation.json").read_text())
    search = document["search"]
    assert (search["n_trials"], search["n_resumed"], search["n_failed"]) == (N, 0, 0)
    assert (search["budget_seconds"], search["ended_by"]) == (3600, "trials")
    assert [t["trial"] for t in search["trials"]] == list(range(N))
    assert document["cost"]["seconds"] > 0
    names = {model["name"] for model in document["models"]}
    assert {member["name"] for member in search["members"]} <= names
    assert (BLEND in names) == (len(search["members"]) > 1)
    assert all(member["weight"] >= 0 for member in search["members"])
    assert set(BASELINES) <= names
    assert sum(i["share"] for i in search["importance"]) == pytest.approx(1) or (
        search["importance"] == []
    )


def test_the_loaded_model_predicts_as_the_run_does(run, table):
    rows = table["set"] == "test"
    sequences = table.loc[rows, "sequence"].tolist()
    again = seqexpr.load(run.path).predict(sequences)
    np.testing.assert_array_equal(np.ravel(again), np.ravel(run.predict(sequences)))
    tested = run.evaluation.predictions.query("set == 'test'")
    np.testing.assert_allclose(np.ravel(again), tested["predicted"], rtol=1e-9, atol=1e-12)


def test_the_test_targets_have_no_part_in_the_search(run, table, in_threads):
    """Other test targets: the same trials, choice and predictions, and other test scores."""
    changed = table.copy()
    rows = changed["set"] == "test"
    changed.loc[rows, "expression"] = 30 - 7 * changed.loc[rows, "expression"]
    other = train(changed, split="column:set", **BEST)
    assert trials_of(other.evaluation) == trials_of(run.evaluation)
    assert other.evaluation.selected == run.evaluation.selected
    assert other.evaluation.search["members"] == run.evaluation.search["members"]
    columns = ["id", "set", "fold", "predicted", "lower", "upper", "in_domain"]
    pd.testing.assert_frame_equal(
        other.evaluation.predictions[columns], run.evaluation.predictions[columns]
    )
    assert other.evaluation.score("mse").value != run.evaluation.score("mse").value


def test_the_blend_is_made_of_its_members(run, table):
    """Its predictions by hand from those of its members, with the weights that it keeps."""
    from seqexpr.workflow.ladder import predict_targets

    if run.evaluation.selected != BLEND:
        pytest.skip("the blend was not selected")
    blend = run.model.steps[-1][1]
    sequences = table["sequence"].to_numpy()[:25]
    parts = [predict_targets(model, sequences, 1)[:, 0] for model in blend.models_]
    by_hand = blend.intercept_[0] + sum(w * p for w, p in zip(blend.coef_[0], parts, strict=True))
    np.testing.assert_allclose(np.ravel(run.predict(sequences)), by_hand, rtol=1e-12)
    weights = [member["weight"] for member in run.evaluation.search["members"]]
    np.testing.assert_allclose(blend.coef_.mean(axis=0), weights)


def test_a_refit_on_all_rows_changes_no_score(run, table, in_threads, tmp_path):
    path = tmp_path / "run"
    refitted = train(table, output=path, split="column:set", refit="all", **BEST)
    assert refitted.evaluation.rows == run.evaluation.rows
    assert refitted.evaluation.selected == run.evaluation.selected
    data = seqexpr.load(path).manifest.data
    assert (data.fitted_on, data.n_train) == ("all", len(table))
    sequences = table["sequence"].tolist()
    assert not np.allclose(refitted.predict(sequences), run.predict(sequences))


def test_several_targets_with_holes(table, in_threads):
    holes = np.where(np.arange(len(table)) % 5 == 0, np.nan, 3 - table["expression"])
    wide = table.assign(second=holes)
    run = train(wide, target=("expression", "second"), split="column:set", **BEST | {"trials": 2})
    assert run.predict(["ACGT" * 9]).shape == (1, 2)
    assert {t["state"] for t in run.evaluation.search["trials"]} == {"complete"}
    assert {row.target for row in run.evaluation.rows} == {"expression", "second"}


def test_a_search_can_prefer_the_simplest(table, in_threads):
    run = train(table, split="column:set", prefer="simple", **BEST | {"trials": 2})
    assert run.evaluation.selected == run.evaluation.simplest


def test_a_budget_that_is_far_too_short_still_gives_a_model(table, in_threads, monkeypatch):
    monkeypatch.setattr("seqexpr.workflow.reserve._FIXED_SECONDS", 1e6)
    run = train(table, split="column:set", **BEST | {"trials": None})
    assert run.evaluation.search["ended_by"] == "budget"
    assert np.isfinite(run.predict(["ACGT" * 9])).all()
    # What is not needed to use the model is left out, and that is said.
    document = run.evaluation.to_dict()
    assert run.evaluation.search["n_trials"] <= len(BASELINES) + 1
    assert document["selected"] == "tutorial"


def test_a_search_that_finds_nothing_says_why(table, in_threads, monkeypatch):
    def hopeless(folder, choices, library, **given):
        from seqexpr.search.trials import Outcome

        return Outcome("failed", {}, message="ValueError: no luck")

    monkeypatch.setattr(search_module, "try_candidate", hopeless)
    with pytest.raises(InputError, match=r"found no model.*no luck"):
        train(table, split="column:set", **BEST)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"models": ("ridge",)}, "finds its models itself"),
        ({"nested": True}, "a search would have to be repeated in every fold"),
    ],
)
def test_choices_that_contradict_a_search_are_refused(table, choices, message):
    with pytest.raises(InputError, match=message):
        train(table[["id", "sequence", "expression"]], **BEST | choices)


# --- the command line, killed ------------------------------------------------------------------


def descendants(pid):
    """Return the processes that a process has started, and theirs, that still run."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    alive = {int(p): int(pp) for p, pp, state, *_ in rows if not state.startswith("Z")}
    found, new = set(), {pid}
    while new:
        new = {p for p, parent in alive.items() if parent in new} - found
        found |= new
    return found & alive.keys()


def is_alive(pid):
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(listed.stdout.strip()) and not listed.stdout.strip().startswith("Z")


def rows_of(study, *, among=None):
    """Every trial of a study as the file holds it, but those with other numbers."""
    with sqlite3.connect(study) as file:
        trials = file.execute(
            "select trial_id, number, state, datetime_start, datetime_complete from trials"
        ).fetchall()
        notes = file.execute(
            "select trial_id, key, value_json from trial_user_attributes"
        ).fetchall()
    file.close()
    kept = sorted(row for row in trials if among is None or row[0] in among)
    ids = {row[0] for row in kept}
    return kept, sorted(row for row in notes if row[0] in ids)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_killed_search_resumes_and_ends_as_an_unbroken_one(table, tmp_path):
    seqexpr_script = str(Path(sys.executable).with_name("seqexpr"))
    table.to_csv(tmp_path / "library.csv", index=False)

    def arguments(output):
        return [
            seqexpr_script, "train", "library.csv", "-o", output, "--preset", "best", "--trials",
            "4", "--budget", "1h", "--jobs", "1", "--folds", "3", "--split", "column:set",
        ]  # fmt: skip

    process = subprocess.Popen(
        arguments("run"), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    partial, deadline = tmp_path / ".run.partial", time.monotonic() + 300
    while len(list(partial.rglob("trial-*.npy"))) < 4 and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.02)
    workers = descendants(process.pid)
    process.kill()
    process.wait()
    assert workers
    [study] = partial.rglob("study.sqlite3")
    before = rows_of(study)
    assert len(before[0]) >= 3
    assert len(before[0]) < 8, "killed too late to say anything"
    deadline = time.monotonic() + 60
    while any(map(is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(is_alive, workers))

    resumed, unbroken = (
        subprocess.run(
            [*arguments(output), *more], cwd=tmp_path, capture_output=True, text=True,
            check=False, env=os.environ | {"NO_COLOR": "1", "COLUMNS": "200"},
        )
        for output, more in (("run", ["--resume"]), ("other", []))
    )  # fmt: skip
    assert resumed.returncode == 0, resumed.stderr
    assert unbroken.returncode == 0, unbroken.stderr
    assert f"{len(before[0])} trials kept from the interrupted run" in resumed.stderr
    ids = {row[0] for row in before[0]}
    assert rows_of(tmp_path / "run" / "search" / "study.sqlite3", among=ids) == before

    def leaderboard(name):
        frame = pd.read_csv(tmp_path / name / "leaderboard.csv")
        return frame.drop(columns="fit_seconds")

    pd.testing.assert_frame_equal(leaderboard("run"), leaderboard("other"), check_exact=True)
    one, two = (
        pd.read_csv(tmp_path / name / "search" / "trials.csv").drop(columns="seconds")
        for name in ("run", "other")
    )
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert sorted(os.listdir(tmp_path)) == ["library.csv", "other", "run"]
