from __future__ import annotations

import numpy as np
import pytest

from seqexpr.data.dataset import Dataset
from seqexpr.models.registry import make_model
from seqexpr.workflow import crossfit
from seqexpr.workflow.crossfit import CrossFit, choose_in_each_fold, count_fits, cross_fit

OPTIONS = {"seed": 0, "jobs": 1}


@pytest.fixture
def data(library):
    table = library.table.head(60)
    return Dataset(table["sequence"], table["expression"].to_numpy(), target_names=("y",))


@pytest.fixture
def folds():
    rng = np.random.default_rng(0)
    return np.stack([rng.permutation(60) % 4 for _ in range(2)])


def test_every_row_is_predicted_without_its_fold(data, folds):
    """Against fits written out."""
    fit = cross_fit("gc", data, folds, units=np.arange(60), **OPTIONS)

    def fitted_without(*out):
        rows = ~np.isin(folds[1], out)
        return make_model("gc").fit(list(data.sequences[rows]), data.targets[rows, 0])

    for k in range(4):
        held = folds[1] == k
        direct = fitted_without(k).predict(list(data.sequences[held]))
        np.testing.assert_allclose(fit.outer[1, held, 0], direct)
        assert np.isnan(fit.inner[1, k, held]).all()
        for j in {0, 1, 2, 3} - {k}:
            held = folds[1] == j
            direct = fitted_without(k, j).predict(list(data.sequences[held]))
            np.testing.assert_allclose(fit.inner[1, k, held, 0], direct)


def test_the_choice_for_a_fold_depends_on_no_target_of_it(data, folds):
    rng = np.random.default_rng(1)
    changed = data.targets.copy()
    changed[folds[0] == 2] = rng.normal(100, 50, size=(int((folds[0] == 2).sum()), 1))
    other = Dataset(data.sequences, changed[:, 0], target_names=("y",))
    fits, again = (
        {n: cross_fit(n, d, folds, units=np.arange(60), **OPTIONS) for n in ("gc", "tutorial")}
        for d in (data, other)
    )
    for name, fit in fits.items():
        np.testing.assert_array_equal(fit.inner[0, 2], again[name].inner[0, 2])
        held = folds[0] == 2
        np.testing.assert_array_equal(fit.outer[0, held], again[name].outer[0, held])
        assert not np.array_equal(fit.inner[0, 1], again[name].inner[0, 1], equal_nan=True)
    options = {"candidates": ["gc", "tutorial"]}
    first = choose_in_each_fold(fits, data.targets, folds, **options)
    second = choose_in_each_fold(again, changed, folds, **options)
    assert first.chosen[0][2] == second.chosen[0][2]


class Memory:
    """Knows what it has seen by heart, and says 0 for what it has not."""

    def __init__(self, data):
        self.seen = dict(zip(data.sequences, data.targets[:, 0], strict=True))

    def __getitem__(self, steps):
        raise AttributeError("it has no features to count")

    def predict(self, sequences):
        return [self.seen.get(sequence, 0.0) for sequence in sequences]


def test_a_model_that_learns_by_heart_has_never_seen_what_it_predicts(data, folds, monkeypatch):
    monkeypatch.setattr(crossfit, "fit_rung", lambda name, rows, **options: Memory(rows))
    fit = cross_fit("gc", data, folds, units=np.arange(60), **OPTIONS)
    assert (fit.outer == 0).all()
    assert (fit.inner[np.isfinite(fit.inner)] == 0).all()


def test_one_fit_serves_both_folds_of_a_pair(data, folds):
    ticks = []
    cross_fit("mean", data, folds, units=np.arange(60), **OPTIONS, tick=lambda: ticks.append(1))
    assert len(ticks) == count_fits(4, 2) == 2 * (4 + 6)


def test_each_fold_is_predicted_by_the_model_that_is_best_outside_it():
    """By hand: a is right everywhere but in fold 0, b only there."""
    folds = np.array([[0, 0, 1, 1, 2, 2]])
    y = np.array([1.0, 2, 3, 4, 5, 6])
    right = {"a": folds[0] != 0, "b": folds[0] == 0}
    fits = {}
    for name, good in right.items():
        outer = np.where(good, y, -y)[None, :, None]
        inner = np.stack([np.where(folds[0] == k, np.nan, outer[0, :, 0]) for k in range(3)])
        fits[name] = CrossFit(outer, inner[None, :, :, None], 0.0, None)
    found = choose_in_each_fold(fits, y[:, None], folds, candidates=["a", "b"])
    assert found.chosen == (("a", "a", "a"),)
    assert found.times() == {"a": 3}
    np.testing.assert_array_equal(found.predicted[0, :, 0], [-1, -2, 3, 4, 5, 6])


def test_the_best_of_many_that_know_nothing_scores_nothing_when_the_choice_is_nested():
    """Pure noise, 10 models: the best looks good, the nested score is near 0 on average."""
    rng = np.random.default_rng(2)
    best, nested = [], []
    for _ in range(200):
        folds = (rng.permutation(60) % 5)[None]
        y = rng.normal(size=60)
        fits = {}
        for model in range(10):
            p = 0.3 * rng.normal(size=(1, 60, 1))
            inner = np.stack([np.where((folds[0] == k)[:, None], np.nan, p[0]) for k in range(5)])
            fits[str(model)] = CrossFit(p, inner[None], 0.0, None)
        found = choose_in_each_fold(fits, y[:, None], folds, candidates=list(fits))
        nested.append(np.corrcoef(found.predicted[0, :, 0], y)[0, 1])
        best.append(max(np.corrcoef(fit.outer[0, :, 0], y)[0, 1] for fit in fits.values()))
    error = np.std(nested) / np.sqrt(len(nested))
    assert abs(np.mean(nested)) < 3 * error < 0.05
    assert np.mean(best) > 0.15


def test_kept_and_restored(data, folds, tmp_path):
    fit = cross_fit("mean", data, folds, units=np.arange(60), **OPTIONS)
    fit.keep(tmp_path / "mean.npz")
    again = CrossFit.restore(tmp_path / "mean.npz")
    np.testing.assert_array_equal(fit.outer, again.outer)
    np.testing.assert_array_equal(fit.inner, again.inner)
    assert (fit.seconds, fit.n_features, fit.warnings) == (
        again.seconds, again.n_features, again.warnings,
    )  # fmt: skip
