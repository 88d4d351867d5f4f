from __future__ import annotations

import io
import json
import pickle
import zipfile

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from seqexpr.bundle.estimator import dump_estimator, load_estimator
from seqexpr.errors import BundleError


def ridge() -> Ridge:
    rng = np.random.default_rng(0)
    return Ridge(alpha=0.5).fit(rng.normal(size=(9, 3)), rng.normal(size=9))


def test_the_same_model_gives_the_same_bytes():
    first, second = ridge(), ridge()
    assert first.coef_ is not second.coef_
    assert dump_estimator(first) == dump_estimator(second)


def test_no_memory_address_is_left_in_the_file():
    with zipfile.ZipFile(io.BytesIO(dump_estimator(ridge()))) as archive:
        schema = archive.read("schema.json").decode()
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        names = archive.namelist()
    ids = [int(part.split(",")[0].split("}")[0]) for part in schema.split('"__id__":')[1:]]
    assert sorted(set(ids)) == list(range(1, len(set(ids)) + 1))
    assert all(len(name.partition(".")[0]) < 4 for name in names if name.endswith(".npy"))


def test_arrays_that_are_shared_stay_shared():
    model = ridge()
    model.again_ = model.coef_
    loaded, _ = load_estimator(dump_estimator(model), where="model")
    assert loaded.again_ is loaded.coef_
    np.testing.assert_array_equal(loaded.coef_, model.coef_)


def test_there_is_no_pickle_in_it():
    data = dump_estimator(ridge())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            with pytest.raises(Exception, match=r"."):
                pickle.loads(content)
            if name.endswith(".npy"):
                np.load(io.BytesIO(content), allow_pickle=False)
        assert "pickle" not in archive.read("schema.json").decode().lower()


def test_what_skops_cannot_hold_is_an_error():
    model = ridge()
    model.extra_ = (number for number in range(3))
    with pytest.raises(BundleError, match="Ridge cannot be saved without pickle"):
        dump_estimator(model)


def test_a_model_that_does_not_predict():
    scaler = StandardScaler().fit(np.zeros((2, 2)))
    with pytest.raises(BundleError, match="StandardScaler, which does not predict"):
        load_estimator(dump_estimator(scaler), where="model")


def test_an_object_that_cannot_be_built(tools):
    plugin = tools.GcPlugin().fit(["A"], np.array([1.0]))
    crafted = tools.craft(
        dump_estimator(plugin), lambda schema: schema.__setitem__("__class__", "Gone")
    )
    module = json.loads(zipfile.ZipFile(io.BytesIO(crafted)).read("schema.json"))["__module__"]
    with pytest.raises(BundleError, match=r"cannot be opened .AttributeError"):
        load_estimator(crafted, where="model", trusted=(f"{module}.Gone",))


def test_versions_of_scikit_learn_are_left_to_the_golden_predictions(tools):
    def older(schema: dict) -> None:
        schema["content"]["content"]["_sklearn_version"]["content"] = '"0.1"'

    model, _ = load_estimator(tools.craft(dump_estimator(ridge()), older), where="model")
    assert model.coef_.shape == (3,)


def test_the_cores_are_those_of_this_machine():
    model = LinearRegression(n_jobs=4000).fit(np.eye(2), [1.0, 2.0])
    loaded, _ = load_estimator(dump_estimator(model), where="model")
    assert 1 <= loaded.n_jobs < 4000
    assert model.n_jobs == 4000


def test_a_pipeline_without_its_parts_is_an_error(tools):
    data = dump_estimator(Pipeline([("regressor", Ridge())]))
    crafted = tools.craft(
        data, lambda schema: schema["content"].update(content={}, key_types=_EMPTY)
    )
    with pytest.raises(BundleError, match=r"cannot be opened .AttributeError"):
        load_estimator(crafted, where="model")


_EMPTY = {"__loader__": "ListNode", "__module__": "builtins", "__class__": "list", "content": []}
