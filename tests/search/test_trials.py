from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit, cross_val_predict

from seqexpr.models.fitting import fit_model
from seqexpr.search import trials
from seqexpr.search.blocks import Library
from seqexpr.search.candidates import Candidate, registered
from seqexpr.search.learners import LEARNERS
from seqexpr.search.material import Material
from seqexpr.search.matrices import MatrixStore
from seqexpr.search.proposals import portfolio
from seqexpr.search.trials import mean_r2, run_trial, stages_of


@pytest.fixture
def attempt(tmp_path):
    """Give a function that runs a trial."""
    store = MatrixStore(tmp_path / "matrices")

    def run(candidate, material, *, bars=None, **given):
        return run_trial(candidate, material, store=store, bars=bars or {}, **given)

    return run


RIDGE = {"learner": "ridge", "kmers": "1-4"}


def test_out_of_fold_predictions_are_those_of_scikit_learn(attempt, make_material, aligned):
    material = make_material()
    candidate = Candidate(RIDGE, aligned)
    outcome = attempt(candidate, material)
    model = candidate.build(random_state=0, n_jobs=1)
    wanted = cross_val_predict(
        model, np.array(material.sequences, dtype=object), material.targets[:, 0],
        cv=PredefinedSplit(material.folds), params={"regressor__groups": material.units},
    )  # fmt: skip
    assert outcome.state == "complete"
    np.testing.assert_allclose(outcome.out_of_fold[:, 0], wanted, rtol=1e-9)
    # R² by hand: one minus the share of the variance that is left.
    y = material.targets[:, 0]
    by_hand = 1 - ((y - wanted) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    assert outcome.scores["all"] == pytest.approx(by_hand, rel=1e-9)


LIBRARY = Library(120, 32, aligned=True)


def quickened(candidate):
    """Let a network train for an epoch: for how long it does is no question here."""
    if candidate.choices.get("learner") != "network":
        return candidate
    return Candidate(candidate.choices | {"n_epochs": 1}, candidate.library)


@pytest.mark.parametrize(
    "candidate",
    [quickened(one) for one in portfolio(LIBRARY)],
    ids=lambda candidate: candidate.title,
)
def test_a_trial_predicts_what_its_pipeline_does(candidate, attempt, make_material):
    """The features of a trial come from the store, those of the shipped model from a pipeline."""
    material = make_material(folds=np.arange(120) % 2)
    outcome = attempt(candidate, material)
    assert outcome.state == "complete", outcome.message
    fit, held = np.flatnonzero(material.folds == 1), np.flatnonzero(material.folds == 0)
    model = candidate.build(random_state=material.seed, n_jobs=1)
    fit_model(
        model, [material.sequences[i] for i in fit], material.targets[fit, 0],
        groups=material.units[fit],
    )  # fmt: skip
    predicted = model.predict([material.sequences[i] for i in held])
    np.testing.assert_allclose(outcome.out_of_fold[held, 0], predicted, rtol=1e-6, atol=1e-9)
    if candidate.model is None and candidate.block_choices:
        assert outcome.n_features == model[:-1].transform(material.sequences[:2]).shape[1]


@pytest.mark.parametrize("name", list(LEARNERS))
def test_no_row_has_a_part_in_its_own_prediction(name, attempt, make_material, default_of, aligned):
    """New targets in one fold change the predictions of the other folds only."""
    material = make_material()
    changed = material.targets.copy()
    inside = material.folds == 1
    changed[inside] = 50 - 3 * changed[inside]
    first, second = (
        attempt(default_of(name, aligned), m) for m in (material, make_material(targets=changed))
    )
    assert first.state == second.state == "complete"
    np.testing.assert_array_equal(first.out_of_fold[inside], second.out_of_fold[inside])
    assert not np.isclose(first.out_of_fold[~inside], second.out_of_fold[~inside]).all()


@pytest.mark.parametrize(
    ("n_rows", "n_folds", "names"),
    [
        (100, 3, ["fold", "all"]),
        (4_999, 5, ["fold", "all"]),
        (5_000, 5, ["part", "fold", "all"]),
        (100, 1, ["all"]),
    ],
)
def test_stages_follow_the_number_of_rows_and_folds(n_rows, n_folds, names):
    stages = stages_of(n_rows, n_folds)
    assert [stage.name for stage in stages] == names
    assert stages[-1].folds == tuple(range(n_folds))
    assert all(stage.folds == (0,) for stage in stages[:-1])


@pytest.mark.parametrize(
    ("bars", "state", "scores"),
    [
        ({}, "complete", {"part", "fold", "all"}),
        ({"part": 2.0}, "pruned", {"part"}),
        ({"fold": 2.0}, "pruned", {"part", "fold"}),
        ({"part": -99.0, "fold": -99.0}, "complete", {"part", "fold", "all"}),
    ],
)
def test_a_trial_ends_below_the_bar(
    bars, state, scores, attempt, make_material, aligned, monkeypatch
):
    monkeypatch.setattr(trials, "ENOUGH_FOR_A_PART", 100)
    outcome = attempt(Candidate(RIDGE, aligned), make_material(), bars=bars)
    assert outcome.state == state
    assert set(outcome.scores) == scores
    assert (outcome.out_of_fold is not None) == (state == "complete")


def test_a_trial_that_cannot_end_in_time_says_so(attempt, make_material, aligned):
    outcome = attempt(Candidate(RIDGE, aligned), make_material(), seconds_left=0.0)
    assert outcome.state == "slow"
    assert set(outcome.scores) == {"fold"}
    assert outcome.out_of_fold is None
    assert outcome.fit_seconds > 0


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"learner": "ridge"}, "Error"),  # no features
        ({"learner": "ridge", "gapped": "4,6"}, "InputError"),
        ({"learner": "trees", "kmers": "1-3", "num_leaves": -5}, "num_leaves"),
    ],
)
def test_what_cannot_be_fitted_is_an_outcome(choices, message, attempt, make_material, aligned):
    outcome = attempt(Candidate(choices, aligned), make_material())
    assert outcome.state == "failed"
    assert message in outcome.message
    assert outcome.out_of_fold is None


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_prediction_that_is_no_number_fails_the_trial(
    value, attempt, make_material, aligned, monkeypatch
):
    class Overflows:
        def fit(self, X, y):
            return self

        def predict(self, X):
            return np.where(np.arange(len(X)) == 3, value, 1.0)

    candidate = registered("mean", aligned)
    monkeypatch.setattr(Material, "build", lambda self, candidate: Overflows())
    outcome = attempt(candidate, make_material())
    assert (outcome.state, outcome.message) == (
        "failed", "ValueError: a prediction is not a finite number",
    )  # fmt: skip


def test_a_lack_of_memory_is_an_outcome(attempt, make_material, aligned, monkeypatch):
    def build(self, candidate):
        raise MemoryError

    monkeypatch.setattr(Material, "build", build)
    outcome = attempt(registered("mean", aligned), make_material())
    assert (outcome.state, outcome.message) == ("failed", "out of memory")


def test_rows_of_no_fold_are_fitted_on_and_never_predicted(attempt, make_material, aligned):
    folds = np.arange(120) % 4 - 1
    material = make_material(folds=folds)
    candidate = registered("mean", aligned)
    outcome = attempt(candidate, material)
    np.testing.assert_array_equal(np.isnan(outcome.out_of_fold[:, 0]), folds == -1)
    for fold in range(3):
        wanted = material.targets[folds != fold].mean()
        np.testing.assert_allclose(outcome.out_of_fold[folds == fold], wanted)


def test_each_target_is_fitted_on_its_measured_rows(attempt, make_material, aligned):
    y = make_material().targets[:, 0]
    holes = np.where(np.arange(120) % 4 == 0, np.nan, -y)
    both = attempt(Candidate(RIDGE, aligned), make_material(targets=np.column_stack([y, holes])))
    assert both.state == "complete", both.message
    assert np.isfinite(both.out_of_fold).all()
    alone = attempt(Candidate(RIDGE, aligned), make_material())
    np.testing.assert_allclose(both.out_of_fold[:, 0], alone.out_of_fold[:, 0], rtol=1e-9)
    measured = np.isfinite(holes)
    second = 1 - (
        np.sum((holes - both.out_of_fold[:, 1])[measured] ** 2)
        / np.sum((holes[measured] - holes[measured].mean()) ** 2)
    )
    assert both.scores["all"] == pytest.approx((alone.scores["all"] + second) / 2, rel=1e-9)


def test_weights_reach_the_model(attempt, make_material, aligned):
    weights = np.where(np.arange(120) < 60, 0.0, 2.0)
    material = make_material(weights=weights)
    outcome = attempt(registered("mean", aligned), material)
    counted = (material.folds != 0) & (weights > 0)
    np.testing.assert_allclose(
        outcome.out_of_fold[material.folds == 0], material.targets[counted].mean()
    )


def test_a_part_keeps_units_whole():
    rng = np.random.default_rng(0)
    units = rng.integers(0, 40, size=500)
    rows = np.flatnonzero(rng.random(500) < 0.8)
    part = trials._part_of(rows, units, share=0.25, seed=1)
    kept = set(units[part])
    assert len(kept) == np.ceil(0.25 * len(set(units[rows])))
    assert set(part) == {row for row in rows if units[row] in kept}
    np.testing.assert_array_equal(part, trials._part_of(rows, units, share=0.25, seed=1))
    assert set(units[trials._part_of(rows, units, share=0.25, seed=2)]) != kept


@pytest.mark.parametrize("weights", [None, np.linspace(0, 2, 120)])
def test_material_goes_through_a_file(weights, make_material, tmp_path):
    material = make_material(weights=weights, seed=7, folds=np.arange(120) % 4 - 1)
    material.sequences[5] = ""
    material.write(tmp_path / "material.npz")
    again = Material.read(tmp_path / "material.npz")
    assert again.sequences == material.sequences
    assert (again.seed, again.n_folds) == (7, 3)
    for name in ("targets", "weights", "folds", "units"):
        one, two = getattr(material, name), getattr(again, name)
        if one is None:
            assert two is None
        else:
            np.testing.assert_array_equal(one, two)


def test_mean_r2_averages_over_targets_that_vary():
    y = np.array([[0.0, 1.0, 5.0], [1.0, 3.0, 5.0], [2.0, np.nan, 5.0]])
    p = np.array([[0.0, 2.0, 4.0], [1.0, 2.0, 4.0], [3.0, 9.0, 4.0]])
    # first: 1 - 1/2; second: the mean, 0; the third does not vary
    assert mean_r2(y, p) == pytest.approx(0.25)
    assert np.isnan(mean_r2(y[:, 2:], p[:, 2:]))
