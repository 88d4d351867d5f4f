"""Two small models: one of a sequence alone, and one of two targets with covariates."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from seqexpr.bundle.store import save_bundle
from seqexpr.data.dataset import Dataset
from seqexpr.data.simulate import simulate_library
from seqexpr.evaluation.calibration import calibrate
from seqexpr.evaluation.evaluation import Evaluation, ModelSummary, Score
from seqexpr.models.fitting import fit_model
from seqexpr.models.registry import MODELS
from seqexpr.models.targets import TargetTransform
from seqexpr.models.with_covariates import build_model
from seqexpr.recipe import Recipe
from seqexpr.serve.app import create_app

LENGTH = 40
HERE = "http://127.0.0.1"


def evaluation_of(dataset: Dataset) -> Evaluation:
    names = dataset.target_names
    return Evaluation(
        dataset={
            "source": "/home/me/library.csv", "n_rows": len(dataset), "n_sequences": len(dataset),
            "sha256": dataset.sha256, "targets": [{"name": name, "unit": "a.u."} for name in names], "lengths": {},
        },
        split={"strategy": "random", "parameters": {}, "seed": 42, "reason": "no groups", "n_train": len(dataset), "n_test": 20, "n_folds": 5, "n_excluded": 0},
        selected="ridge_onehot",
        rows=tuple(Score("ridge_onehot", name, "test", "pearson", 0.8, 0.7, 0.9, 20) for name in names),
        models=(ModelSummary("ridge_onehot", "Ridge on bases by position", "A line.", False, 1, 4, 0.1),),
        predictions=pd.DataFrame(), warnings=("relatives may straddle the split",),
    )  # fmt: skip


def save(folder: Path, dataset: Dataset) -> Path:
    """Fit a ridge out of fold and on all rows, and write a run folder with a report."""
    rng = np.random.default_rng(0)
    folds = rng.integers(0, 5, len(dataset))
    out_of_fold = np.full(dataset.targets.shape, np.nan)

    def fit(rows):
        y = dataset.targets[rows]
        model = build_model(MODELS["ridge_onehot"], dataset.covariates, random_state=0, n_jobs=1)
        return fit_model(model, dataset.take(rows).inputs, y[:, 0] if y.shape[1] == 1 else y)

    for fold in range(5):
        held = np.flatnonzero(folds == fold)
        predicted = fit(np.flatnonzero(folds != fold)).predict(dataset.take(held).inputs)
        out_of_fold[held] = np.asarray(predicted).reshape(len(held), -1)
    calibration = calibrate(
        dataset.targets, out_of_fold, sequences=dataset.sequences, folds=folds, rng=rng
    )
    folder.mkdir(parents=True)
    (folder / "report.html").write_text(
        "<!DOCTYPE html><title>r</title><style>p{color:#333}</style><p>The report.</p>"
    )
    save_bundle(
        folder / "model", fit(np.arange(len(dataset))),
        recipe=Recipe.create(table="library.csv", target=dataset.target_names),
        evaluation=evaluation_of(dataset), dataset=dataset,
        transform=TargetTransform.fit(dataset.targets, "none"), calibration=calibration,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def runs(tmp_path_factory) -> SimpleNamespace:
    """Run folders: lac predicts expression; yeast predicts two targets, by condition and dose."""
    folder = tmp_path_factory.mktemp("served")
    rng = np.random.default_rng(1)
    table = simulate_library(240, rng=np.random.default_rng(5), length=LENGTH, noise=0.3).table
    sequences = table["sequence"].to_numpy(dtype=object)
    y = table["expression"].to_numpy()
    plain = Dataset(sequences, y[:, None], target_names=("expression",), target_units=("a.u.",))
    beside = pd.DataFrame(
        {"condition": rng.choice(["YPD", "SC"], 240), "dose": rng.uniform(0, 2, 240)}
    )
    both = np.column_stack([y + beside["dose"], rng.standard_normal(240)])
    rich = Dataset(
        sequences, both, target_names=("on", "off"), target_units=("a.u.", ""), covariates=beside
    )
    return SimpleNamespace(
        lac=save(folder / "lac", plain),
        yeast=save(folder / "yeast", rich),
        sequences=sequences.tolist(),
    )


@pytest.fixture(scope="session")
def app(runs, tmp_path_factory):
    """The application of one model, with jobs."""
    return create_app(runs.lac, jobs_dir=tmp_path_factory.mktemp("jobs"))


@pytest.fixture(scope="session")
def client(app):
    with TestClient(app, base_url=HERE) as client:
        yield client


@pytest.fixture(scope="session")
def two(runs):
    """A client of both models."""
    with TestClient(create_app(runs.lac, runs.yeast), base_url=HERE) as client:
        yield client


@pytest.fixture
def problem():
    """Give a function that checks a problem document and returns it."""

    def check(response, status, kind):
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        content = response.json()
        assert content["type"] == f"urn:seqexpr:problem:{kind}"
        assert content["status"] == status
        assert content["instance"].endswith(response.headers["x-request-id"])
        assert "Traceback" not in response.text
        return content

    return check
