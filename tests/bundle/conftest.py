"""A small bundle of every kind, and the means to damage it."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from seqexpr.bundle.store import save_bundle
from seqexpr.data.dataset import Dataset
from seqexpr.evaluation.evaluation import Evaluation, ModelSummary, Score
from seqexpr.models.fitting import fit_model
from seqexpr.models.registry import MODELS, make_model
from seqexpr.models.targets import TargetTransform
from seqexpr.models.training.settings import Training
from seqexpr.recipe import Recipe


class GcPlugin(RegressorMixin, BaseEstimator):
    """A model of somebody else's package: the share of G and C, times what was fitted."""

    def fit(self, X, y):
        self.scale_ = np.float64(np.mean(y))
        return self

    def predict(self, X):
        return np.array([(s.count("G") + s.count("C")) / max(1, len(s)) for s in X]) * self.scale_


def random_sequences(n: int, *, length: int = 40, seed: int = 0, vary: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    lengths = length + rng.integers(-vary, vary + 1, n)
    return ["".join(rng.choice(list("ACGT"), size)) for size in lengths]


def dataset_of(sequences: list[str], n_targets: int = 1) -> Dataset:
    measured = np.array([[s.count("GC"), s.count("TATA")][:n_targets] for s in sequences], float)
    names = ("expression", "leak")[:n_targets]
    return Dataset(
        np.array(sequences, dtype=object),
        measured,
        target_names=names,
        target_units=("a.u.",) * n_targets,
    )


def evaluation_of(name: str, dataset: Dataset) -> Evaluation:
    import pandas as pd

    targets = [
        {"name": n, "unit": u}
        for n, u in zip(dataset.target_names, dataset.target_units, strict=True)
    ]
    rows = tuple(
        Score(model, target["name"], part, metric, value, value - 0.1, value + 0.1, 20)
        for model in (name, "other")
        for target in targets
        for part in ("validation", "test")
        for metric, value in (("pearson", 0.8), ("mse", 0.25))
    )
    spec = next((MODELS[known] for known in MODELS if known == name), None)
    summary = ModelSummary(
        name,
        spec.title if spec else "Plugin",
        spec.description if spec else "A plugin.",
        False,
        1,
        4,
        0.1,
    )
    return Evaluation(
        dataset={
            "source": "library.csv", "n_rows": len(dataset), "n_sequences": len(dataset),
            "sha256": dataset.sha256, "targets": targets, "lengths": {},
        },
        split={"strategy": "random", "parameters": {}, "seed": 42, "reason": "no groups", "n_train": len(dataset), "n_test": 20, "n_folds": 5, "n_excluded": 0},
        selected=name, rows=rows, models=(summary,), predictions=pd.DataFrame(),
        warnings=("relatives may straddle the split",),
    )  # fmt: skip


def save(folder: Path, model: object, dataset: Dataset, *, name: str = "ridge") -> Path:
    return save_bundle(
        folder, model, recipe=Recipe.create(table="library.csv", target=dataset.target_names),
        evaluation=evaluation_of(name, dataset), dataset=dataset,
        transform=TargetTransform.fit(dataset.targets, "none"),
    )  # fmt: skip


def fitted(name: str, dataset: Dataset):
    targets = dataset.targets[:, 0] if dataset.targets.shape[1] == 1 else dataset.targets
    model = make_model(name)
    if MODELS[name].extra == "deep":
        model.set_params(regressor__training=Training(n_epochs=2))
    return fit_model(model, list(dataset.sequences), targets)


@pytest.fixture(scope="session")
def training_set() -> Dataset:
    """60 sequences of 30 to 50 bases, one of them with an N."""
    sequences = random_sequences(59, vary=10)
    return dataset_of([*sequences, "ACGTNACGTACGTACGTAGGCATTATTACGACGATC"])


@pytest.fixture(scope="session")
def _ridge_bundle(training_set, tmp_path_factory) -> Path:
    return save(
        tmp_path_factory.mktemp("ridge") / "run" / "model",
        fitted("ridge", training_set),
        training_set,
    )


@pytest.fixture
def bundle(_ridge_bundle, tmp_path) -> Path:
    """A folder that a test may damage."""
    return Path(shutil.copytree(_ridge_bundle, tmp_path / "model"))


def rewrite_manifest(folder: Path, edit: Callable[[dict], None]) -> None:
    """Change the manifest and put its own digest right, as a forger would."""
    path = folder / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content.pop("sha256")
    edit(content)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    content["sha256"] = hashlib.sha256(canonical.encode()).hexdigest()
    path.write_text(json.dumps(content), encoding="utf-8")


def replace_file(folder: Path, name: str, data: bytes) -> None:
    """Replace a file and record its new digest and size in the manifest."""
    (folder / name).write_bytes(data)
    record = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    rewrite_manifest(folder, lambda content: content["files"].__setitem__(name, record))


def craft(
    data: bytes,
    edit: Callable[[dict], None] = lambda schema: None,
    *,
    files: dict[str, bytes] | None = None,
    compression: int = zipfile.ZIP_STORED,
) -> bytes:
    """Edit the schema of a .skops file, and add or replace files in it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(content.pop("schema.json"))
    edit(schema)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression=compression) as archive:
        for name, value in (content | (files or {})).items():
            archive.writestr(name, value)
        archive.writestr("schema.json", json.dumps(schema))
    return buffer.getvalue()


@pytest.fixture(scope="session")
def tools() -> SimpleNamespace:
    """The functions above, for the tests."""
    return SimpleNamespace(
        GcPlugin=GcPlugin, craft=craft, dataset_of=dataset_of, evaluation_of=evaluation_of, fitted=fitted,
        random_sequences=random_sequences, replace_file=replace_file, rewrite_manifest=rewrite_manifest, save=save,
    )  # fmt: skip
