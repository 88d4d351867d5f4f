from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from seqexpr.cli.train import _refuse_leak
from seqexpr.errors import LeakError
from seqexpr.evaluation.evaluation import Evaluation

SEQEXPR = str(Path(sys.executable).with_name("seqexpr"))
QUICK = (
    "--models", "mean,tutorial", "--split", "random", "--target", "expression", "--no-nested",
)  # fmt: skip


def test_training_prints_the_leaderboard_and_where_the_report_is(seqexpr, library_csv):
    done = seqexpr("train", library_csv, "-o", "run", *QUICK)
    assert done.returncode == 0, done.stderr
    assert "R² out-of-fold" in done.stdout
    assert "tutorial ◂" in done.stdout
    assert "run/report.html" in done.stdout
    assert "sequence: column 'sequence'" in " ".join(done.stderr.split())
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("status", ["ok", "leak"])
def test_a_leak_is_an_error_after_the_run_is_written(status):
    """What the controls say of a leaking model is tested beside them."""
    controls = {"rows": [], "beyond_composition": None, "status": status, "sentence": "It leaks."}
    evaluation = Evaluation({}, {}, "ridge", (), (), pd.DataFrame(), controls=controls)
    if status == "ok":
        _refuse_leak(evaluation)
        return
    with pytest.raises(LeakError, match="It leaks") as caught:
        _refuse_leak(evaluation)
    assert caught.value.exit_code == 1


def test_json_prints_one_document_and_nothing_else(seqexpr, library_csv):
    done = seqexpr("train", library_csv, "-o", "run", "--json", *QUICK)
    document = json.loads(done.stdout)
    assert document["format_version"] == 1
    assert document["selected"] == "tutorial"
    assert document["run"] == "run"


def test_a_table_from_standard_input(seqexpr, library_csv, tmp_path):
    done = seqexpr("train", "-", "-o", "run", *QUICK, stdin=library_csv.read_text())
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "report.html").exists()


def test_a_recipe_repeats_a_run_and_options_override_it(seqexpr, library_csv, tmp_path):
    assert seqexpr("train", library_csv, "-o", "run", *QUICK).returncode == 0
    done = seqexpr("train", "--recipe", "run/recipe.toml", "-o", "again", "--seed", "7")
    assert done.returncode == 0, done.stderr
    recipe = (tmp_path / "again" / "recipe.toml").read_text()
    assert "seed = 7" in recipe
    assert 'models = [\n    "mean",\n    "tutorial",\n]' in recipe


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["missing.csv", "-o", "run"], 2, "missing.csv"),
        (["library.csv"], 2, "pass -o RUN"),
        (["library.csv", "-o", "run", "--target", "expresion"], 2, "did you mean 'expression'"),
        (["library.csv", "-o", "run", "--models", "rigde"], 2, "did you mean 'ridge'"),
        (["library.csv", "-o", "run", "--preset", "fasst"], 2, "preset = 'fasst'"),
        (["library.csv", "-o", "run", "--folds", "1"], 2, "folds = 1"),
        (["library.csv", "-o", "run", "--test-size", "2"], 2, "test_size = 2"),
        (["library.csv", "-o", "run", "--budget", "soon"], 2, "write 90s, 20m or 1h30m"),
        (["library.csv", "-o", "run", "--budget", "5s"], 2, "less than 10 seconds"),
        (["library.csv", "-o", "run", "--trials", "0"], 2, "trials = 0"),
        (["library.csv", "-o", "run", "--prefer", "simpel"], 2, "prefer = 'simpel'"),
        (["library.csv", "-o", "run", "--refit", "some"], 2, "refit = 'some'"),
        (["library.csv", "-o", "run", "--preset", "best", "--models", "ridge"], 2, "models itself"),
        (["library.csv", "-o", "run", "--preset", "best", "--nested"], 2, "in every fold"),
        (["library.csv", "-o", "run", "--no-such-option"], 2, "No such option"),
        (["library.csv", "-o", "library.csv"], 2, "is a file"),
        (["library.csv", "-o", "run", "--recipe", "nothing.toml"], 2, "cannot read the recipe"),
        ([".", "-o", "run"], 2, "folder"),
        (["dataset:lca", "-o", "run"], 2, "did you mean 'lac'"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_clear_error(seqexpr, library_csv, tmp_path, arguments, code, message):
    done = seqexpr("train", *arguments)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert os.listdir(tmp_path) == ["library.csv"]


BAD_TABLES = {
    "empty.csv": b"",
    "header_only.csv": b"sequence,expression\n",
    "one_row.csv": b"sequence,expression\nACGTACGT,1\n",
    "all_equal.csv": b"sequence,expression\n"
    + b"".join(b"ACGT%s,1\n" % (b"ACGT"[i % 4 :] + b"T" * i) for i in range(20)),
    "binary.csv": bytes(range(256)) * 20,
    "not_numbers.csv": b"sequence,expression\nACGT,high\nTTGA,low\n",
    "protein.csv": b"sequence,expression\nMKVLEEQ,1\nMKPLEQF,2\nMQQLEEF,3\n",
    "web_page.csv": b"<!DOCTYPE html><html><body>Sign in</body></html>",
}


@pytest.mark.parametrize("name", sorted(BAD_TABLES))
def test_a_bad_table_is_refused_and_nothing_is_left(seqexpr, tmp_path, name):
    (tmp_path / name).write_bytes(BAD_TABLES[name])
    done = seqexpr("train", name, "-o", "run")
    assert done.returncode in (1, 2), done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("error: ")
    assert "Traceback" not in done.stderr
    assert os.listdir(tmp_path) == [name]


def test_fewer_rows_than_folds(seqexpr, tmp_path):
    rows = "".join(f"{'ACGT' * 3}{'A' * i},{i}\n" for i in range(6))
    (tmp_path / "six.csv").write_text("sequence,expression\n" + rows)
    done = seqexpr("train", "six.csv", "-o", "run", "--folds", "10")
    assert done.returncode == 2
    assert "--folds" in done.stderr
    assert os.listdir(tmp_path) == ["six.csv"]


def test_the_options_of_a_search_are_in_the_recipe(seqexpr, library_csv, tmp_path):
    """Without the preset they change nothing but the recipe and the shipped model."""
    options = ["--budget", "15m", "--trials", "3", "--prefer", "simple", "--refit", "all"]
    done = seqexpr("train", library_csv, "-o", "run", *QUICK, *options)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "run" / "recipe.toml").read_text().splitlines()
    wanted = {'budget = "15m"', "trials = 3", 'prefer = "simple"', 'refit = "all"'}
    assert wanted <= set(lines)


def test_an_existing_run_needs_overwrite(seqexpr, library_csv, trained, tmp_path):
    shutil.copytree(trained, tmp_path / "run")
    done = seqexpr("train", library_csv, "-o", "run", *QUICK)
    assert done.returncode == 2
    assert "pass --overwrite" in done.stderr
    assert seqexpr("train", library_csv, "-o", "run", "--overwrite", *QUICK).returncode == 0


def test_debug_shows_the_traceback(seqexpr):
    assert "Traceback" in seqexpr("--debug", "train", "missing.csv", "-o", "run").stderr


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_run_is_absent_and_resumes(seqexpr, tmp_path, number):
    from seqexpr.data.examples import example_path

    pd.read_csv(example_path("lac"), sep="\t").head(900).to_csv(tmp_path / "lac.csv", index=False)
    models = "mean,gc,tutorial,lightgbm"
    arguments = ["train", "lac.csv", "-o", "run", "--models", models, "--jobs", "1",
                 "--no-nested"]  # fmt: skip
    process = subprocess.Popen(
        [SEQEXPR, *arguments],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background hands down an ignored interrupt.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    unfinished = tmp_path / ".run.partial"
    deadline = time.monotonic() + 120
    while not list(unfinished.rglob("tutorial.npz")) and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert not (tmp_path / "run").exists()
    if number == signal.SIGINT:
        assert "--resume" in errors
        assert "Traceback" not in errors
    done = seqexpr(*arguments, "--resume")
    assert done.returncode == 0, done.stderr
    assert "kept from the interrupted run" in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["lac.csv", "run"]


def test_covariates_from_train_to_predict(seqexpr, library, tmp_path):
    table = library.assign(condition=["YPD", "SC-Ura"] * 100, plate=[1, 2] * 100)
    table["expression"] += table["condition"] == "YPD"
    table.to_csv(tmp_path / "library.csv", index=False)
    named = ("--covariate", "condition", "--covariate", "plate:categorical")
    done = seqexpr("check", "library.csv", *named, "--json")
    assert "'plate' is read as 2 categories: '1', '2'" in done.stdout
    done = seqexpr("train", "library.csv", *named, "--models", "covariates,tutorial", "--no-nested",
                   "--split", "random", "--jobs", "1", "-o", "run")  # fmt: skip
    assert done.returncode == 0, done.stderr
    recipe = (tmp_path / "run" / "recipe.toml").read_text()
    assert '"plate:categorical"' in recipe
    table.loc[0, "condition"] = "Gal"
    table.to_csv(tmp_path / "other.csv", index=False)
    done = seqexpr("predict", "run", "other.csv", "-o", "out.csv")
    assert "199 of 200 rows predicted" in done.stderr
    assert "condition is none that the model was trained on" in done.stderr
    table.drop(columns="condition").to_csv(tmp_path / "lacks.csv", index=False)
    done = seqexpr("evaluate", "run", "lacks.csv")
    assert done.returncode == 2
    assert "no column 'condition'" in done.stderr
