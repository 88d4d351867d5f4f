"""Models are called as their folders are, each by a name of its own."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from seqexpr.bundle.store import load_bundle
from seqexpr.errors import BundleError, InputError
from seqexpr.serve.batching import BusyError, Rows
from seqexpr.serve.limits import Limits
from seqexpr.serve.models import load_models, predict_rows


@pytest.fixture
def load():
    """Give a function that loads models, and close them afterwards."""
    loaded = []

    def run(*sources):
        models = load_models(list(map(str, sources)), limits=Limits())
        loaded.extend(models.values())
        return models

    yield run
    for model in loaded:
        model.close()


def test_names_come_from_folders_archives_and_the_user(load, runs, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", runs.lac / "model")
    models = load(runs.lac, f"again={runs.lac}", f"inner={runs.lac / 'model'}", archive)
    assert list(models) == ["lac", "again", "inner", "packed"]
    assert models["lac"].report == runs.lac / "report.html"
    assert models["inner"].report == runs.lac / "report.html"
    assert models["packed"].report is None
    assert list(load(runs.yeast / "model")) == ["yeast"]


def test_a_folder_with_an_equals_sign_is_a_folder(load, runs, tmp_path):
    place = tmp_path / "a=b"
    shutil.copytree(runs.lac, place)
    with pytest.raises(InputError, match="'a=b' cannot be the name of a model"):
        load(place)
    assert list(load(f"good={place}")) == ["good"]


def test_two_models_of_one_name_are_an_error(load, runs):
    with pytest.raises(
        InputError, match=r"two models are called 'lac': .* give one of them another name: lac-2="
    ):
        load(runs.lac, runs.lac / "model")


def test_what_is_no_model_is_said(load, tmp_path):
    with pytest.raises(BundleError, match="does not exist"):
        load(tmp_path / "nothing")
    with pytest.raises(InputError, match="no model to serve"):
        load()


def test_rows_wait_no_longer_than_is_allowed(load, runs):
    model = load(runs.lac)["lac"]
    assert 0 < model.batcher.rate < np.inf
    model.batcher.rate = 100.0
    model.admit(1_000_000)  # nothing waits before it
    with pytest.raises(BusyError, match="no room for 10000") as refused:
        model.admit(1)
    assert refused.value.seconds == 10_000
    model.waiting = 99
    model.admit(1)
    assert model.waiting == 100


def test_rows_are_predicted_as_the_bundle_does(runs):
    bundle = load_bundle(runs.lac)
    columns = predict_rows(bundle, Rows(runs.sequences[:5]))
    expected = bundle.predict_table(runs.sequences[:5])
    for name in ("predicted", "lower", "upper", "domain_score"):
        np.testing.assert_allclose(columns[name], expected[name])
    assert columns["in_domain"] == expected["in_domain"].tolist()
    assert columns["problem"] == [None] * 5
