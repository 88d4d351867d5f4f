from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin

from seqexpr.features.kmers import KmerCounter
from seqexpr.features.onehot import OneHot
from seqexpr.models.ridge import RidgePathRegressor
from seqexpr.search.matrices import MatrixStore

SEQUENCES = ["ACGTACGT", "TTTTTTTT", "ACACACAC", "GGGGCCCC", "ACGTTTTT"]


class Dense(TransformerMixin, BaseEstimator):
    """Lengths and means of the training targets; counts how often it is fitted."""

    fits = 0

    def __init__(self, scale=1.0):
        self.scale = scale

    def fit(self, X, y=None):
        type(self).fits += 1
        self.mean_ = 0.0 if y is None else float(np.mean(y))
        return self

    def transform(self, X):
        return np.array([[len(x), self.mean_ * self.scale] for x in X], dtype=np.float32)


@pytest.fixture
def store(tmp_path):
    Dense.fits = 0
    return MatrixStore(tmp_path / "matrices")


def places(store):
    return sorted(p.name for p in store.folder.iterdir())


def test_what_a_matrix_is_made_of_is_its_address(store):
    rows, y = np.arange(3), np.arange(5.0)
    store.get(Dense(), SEQUENCES)
    store.get(Dense(scale=2.0), SEQUENCES)
    store.get(Dense(), [*SEQUENCES[:-1], "A"])
    store.get(Dense(), SEQUENCES, fit_rows=rows, targets=y)
    store.get(Dense(), SEQUENCES, fit_rows=rows + 1, targets=y)
    store.get(Dense(), SEQUENCES, fit_rows=rows, targets=y + 1)
    store.get(KmerCounter(k=1), SEQUENCES)
    assert len(places(store)) == 7
    assert Dense.fits == 6


def test_the_number_of_threads_is_no_part_of_the_address(store):
    first = store.get(KmerCounter(k=2, n_jobs=1), SEQUENCES)
    second = store.get(KmerCounter(k=2, n_jobs=2), SEQUENCES)
    assert len(places(store)) == 1
    np.testing.assert_array_equal(first.toarray(), second.toarray())


def test_a_matrix_is_computed_once_for_all_stores_of_a_folder(store):
    first = store.get(Dense(), SEQUENCES)
    again = MatrixStore(store.folder).get(Dense(), list(SEQUENCES))
    assert Dense.fits == 1
    np.testing.assert_array_equal(first, again)


def test_a_featurizer_that_learns_sees_its_fit_rows_alone(store):
    y = np.array([1.0, 2.0, 3.0, 1e6, 1e6])
    found = store.get(Dense(), SEQUENCES, fit_rows=np.arange(3), targets=y)
    assert found[:, 1].tolist() == [2.0] * 5


@pytest.mark.parametrize("featurizer", [KmerCounter(k=(1, 3)), OneHot(length=8), Dense()])
def test_what_comes_from_disk_is_what_was_computed(store, featurizer):
    computed = featurizer.fit(SEQUENCES).transform(SEQUENCES)
    for _ in range(2):
        found = store.get(featurizer, SEQUENCES)
        assert sparse.issparse(found) == sparse.issparse(computed)
        assert found.dtype == np.float32
        difference = found != computed
        assert difference.nnz == 0 if sparse.issparse(found) else not difference.any()


@pytest.mark.parametrize("featurizer", [KmerCounter(k=2), Dense()])
def test_models_can_use_what_is_not_writable(store, featurizer):
    y = np.arange(5.0)
    fresh = RidgePathRegressor().fit(store.get(featurizer, SEQUENCES), y)
    mapped = store.get(featurizer, SEQUENCES)
    data = mapped.data if sparse.issparse(mapped) else mapped
    assert not data.flags.writeable
    rows = np.array([4, 0, 2])
    again = RidgePathRegressor().fit(mapped, y)
    np.testing.assert_array_equal(again.predict(mapped[rows]), fresh.predict(mapped)[rows])


def size_of(store):
    return sum(f.stat().st_size for f in store.folder.rglob("*") if f.is_file())


def test_the_matrices_that_were_not_used_for_longest_make_room(tmp_path):
    sequences = ["ACGT" * 4] * 4000  # 32 kB a matrix
    store = MatrixStore(tmp_path, max_bytes=100_000)
    Dense.fits = 0
    for step, scale in enumerate((1.0, 2.0, 3.0)):
        store.get(Dense(scale=scale), sequences)
        newest = max(store.folder.iterdir(), key=lambda p: p.stat().st_mtime_ns)
        os.utime(newest, (step, step))
        assert size_of(store) <= 100_000
    store.get(Dense(scale=1.0), sequences)  # used again: now the second is the oldest
    assert Dense.fits == 3
    store.get(Dense(scale=4.0), sequences)
    assert size_of(store) <= 100_000
    assert Dense.fits == 4
    for scale in (1.0, 3.0, 4.0):
        store.get(Dense(scale=scale), sequences)
    assert Dense.fits == 4
    store.get(Dense(scale=2.0), sequences)
    assert Dense.fits == 5


def test_a_matrix_that_is_too_large_is_not_kept(tmp_path):
    store = MatrixStore(tmp_path, max_bytes=10)
    for _ in range(2):
        assert store.get(Dense(), SEQUENCES).shape == (5, 2)
    assert places(store) == []


@pytest.mark.parametrize("featurizer", [KmerCounter(k=2), Dense()])
@pytest.mark.parametrize("damage", ["truncated", "emptied", "removed", "nonsense"])
def test_a_damaged_matrix_is_computed_anew(store, featurizer, damage):
    wanted = store.get(featurizer, SEQUENCES)
    [place] = store.folder.iterdir()
    file = min(place.glob("*.npy"))
    kept = file.read_bytes()
    if damage == "removed":
        file.unlink()
    else:
        file.write_bytes({"truncated": kept[:-9], "emptied": b"", "nonsense": b"x" * 99}[damage])
    for _ in range(2):
        found = MatrixStore(store.folder).get(featurizer, SEQUENCES)
        np.testing.assert_array_equal(
            found.toarray() if sparse.issparse(found) else found,
            wanted.toarray() if sparse.issparse(wanted) else wanted,
        )
    assert file.read_bytes() == kept  # whole again
    assert len(places(store)) == 1


def test_a_half_written_matrix_is_not_taken_for_a_whole_one(store):
    store.get(Dense(), SEQUENCES)
    [place] = store.folder.iterdir()
    (place / "whole").unlink()
    MatrixStore(store.folder).get(Dense(), SEQUENCES)
    assert Dense.fits == 2


def test_stores_that_remove_each_others_matrices_do_not_stumble(tmp_path):
    sequences = ["ACGT" * 5, "TTGACA" * 4]
    sizes = [KmerCounter(k=k).fit_transform(sequences).toarray() for k in (1, 2, 3)]

    def use(number: int) -> None:
        rng = np.random.default_rng(number)
        store = MatrixStore(tmp_path / "matrices", max_bytes=600)
        for k in rng.integers(1, 4, 150).tolist():
            found = store.get(KmerCounter(k=k), sequences)
            np.testing.assert_array_equal(found.toarray(), sizes[k - 1])

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(use, number) for number in range(4)]:
            done.result()
