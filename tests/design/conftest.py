"""A small world whose truth is known, and a model of it that was calibrated."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from seqexpr.bundle.store import load_bundle, save_bundle
from seqexpr.data.checks import build_dataset
from seqexpr.data.landscape import EXAMPLE_LANDSCAPE
from seqexpr.data.table import read_table
from seqexpr.design.constraints import Constraints
from seqexpr.design.objective import Judge, Objective, View
from seqexpr.design.starts import Starts, make_spaces
from seqexpr.evaluation.calibration import Calibration, calibrate
from seqexpr.evaluation.evaluation import Evaluation, ModelSummary
from seqexpr.models.fitting import fit_model
from seqexpr.models.registry import MODELS, make_model
from seqexpr.models.targets import TargetTransform
from seqexpr.recipe import Recipe


def made(name, fast):
    model = make_model(name)
    return model if fast is None else model.set_params(regressor__training=fast)


def out_of_fold(make, sequences, y, folds):
    found = np.full(y.shape, np.nan)
    for fold in range(int(folds.max()) + 1):
        train, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        model = fit_model(make(), [sequences[i] for i in train], y[train])
        found[held] = model.predict([sequences[i] for i in held])
    return found


def bundle_of(
    folder: Path, table, *, name="ridge", target=("expression",), calibrated=True, fast=None
):
    """Fit and calibrate a model, and write it as a bundle, without all that training does beside."""
    path = folder / "library.parquet"
    table.to_parquet(path)
    dataset, _ = build_dataset(read_table(path, target=target))
    sequences = list(dataset.sequences)
    y = dataset.targets if len(target) > 1 else dataset.targets[:, 0]
    model = fit_model(made(name, fast), sequences, y)
    calibration = Calibration(None, None)
    if calibrated:
        rng = np.random.default_rng(0)
        folds = rng.permutation(len(y)) % 3
        held = out_of_fold(lambda: made(name, fast), sequences, y, folds).reshape(
            dataset.targets.shape
        )
        calibration = calibrate(
            dataset.targets, held, sequences=dataset.sequences, folds=folds, rng=rng
        )
    targets = [{"name": one, "unit": ""} for one in target]
    evaluation = Evaluation(
        dataset={
            "source": "library.parquet", "n_rows": len(dataset), "n_sequences": len(dataset),
            "sha256": dataset.sha256, "targets": targets, "lengths": {},
        },
        split={}, selected=name, rows=(), predictions=None,
        models=(ModelSummary(name, MODELS[name].title, "", False, 1, 1, 0.1),),
    )  # fmt: skip
    save_bundle(
        folder / "model", model, recipe=Recipe.create(table=str(path), target=target),
        evaluation=evaluation, dataset=dataset, calibration=calibration,
        transform=TargetTransform.fit(dataset.targets, "none"),
    )  # fmt: skip
    return load_bundle(folder / "model")


def space_of(constraints=None, *, starts=None, length=40, n=3, seed=0, train=None):
    rng = np.random.default_rng(seed)
    if starts is None:
        starts = ["".join(row) for row in rng.choice(list("ACGT"), size=(n, length))]
    names = tuple(f"s{i}" for i in range(len(starts)))
    spaces, _ = make_spaces(
        Starts(names, tuple(starts), "given"), constraints or Constraints(), train=train, rng=rng
    )
    return spaces[0]


def judge_of(bundle, goal="max", **choices):
    views = choices.pop("views", (View(0),))
    return Judge(bundle, Objective(goal, **choices), views)


@pytest.fixture(scope="session")
def world():
    return EXAMPLE_LANDSCAPE


@pytest.fixture(scope="session")
def library(world):
    """1,000 sequences of 60 bases, measured with noise."""
    return world.measure(1000, rng=np.random.default_rng(1), length=60)


@pytest.fixture(scope="session")
def ridge(library, tmp_path_factory):
    return bundle_of(tmp_path_factory.mktemp("ridge"), library[["id", "sequence", "expression"]])


@pytest.fixture(scope="session")
def bare(library, tmp_path_factory):
    """A model without intervals and without a domain."""
    table = library[["id", "sequence", "expression"]].head(200)
    return bundle_of(tmp_path_factory.mktemp("bare"), table, calibrated=False)


@pytest.fixture(scope="session")
def twofold(library, tmp_path_factory):
    """A model of two targets: the expression, and how often CACGTG and GGGCGG are there."""
    table = library[["id", "sequence", "expression"]].head(600).copy()
    table["other"] = table["sequence"].str.count("A") / 10 + table["expression"] / 2
    return bundle_of(
        tmp_path_factory.mktemp("twofold"),
        table,
        name="ridge_onehot",
        target=("expression", "other"),
    )


@pytest.fixture(scope="session")
def tools():
    return SimpleNamespace(bundle_of=bundle_of, judge_of=judge_of, space_of=space_of)
