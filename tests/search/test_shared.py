"""Trials whose folds are fitted side by side: what becomes of them, whichever fold ends when."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from seqexpr.search import portfolio, proposals
from seqexpr.search import search as search_module
from seqexpr.search.learners import LEARNERS
from seqexpr.search.proposals import BASELINES
from seqexpr.search.search import Search
from seqexpr.search.shared import SharedTrial
from seqexpr.search.trials import Outcome, mean_r2

Y = np.arange(6.0)[:, None]
FOLDS = np.array([0, 0, 1, 1, 2, 2])
PREDICTED = Y + np.array([[0.1, -0.2, 0.0, 0.3, -0.1, 0.2]]).T


def of_fold(fold, **given):
    held = np.where((fold == FOLDS)[:, None], PREDICTED, np.nan)
    return Outcome("open", given.pop("scores", {}), seconds=2.0, out_of_fold=held, **given)


@pytest.fixture
def trial():
    return SharedTrial(of_fold(0, scores={"fold": 0.5}, fit_seconds=1.5), waiting=[1, 2])


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2])))
def test_the_outcome_does_not_depend_on_which_fold_ends_first(trial, order):
    assert [trial.begin(), trial.begin()] == [1, 2]
    for fold in order:
        assert not trial.is_over
        trial.add(fold, of_fold(fold))
    assert trial.is_over
    ended = trial.ended(Y)
    assert (ended.state, ended.seconds, ended.fit_seconds) == ("complete", 6.0, 1.5)
    np.testing.assert_array_equal(ended.out_of_fold, PREDICTED)
    assert ended.scores == {"fold": 0.5, "all": mean_r2(Y, PREDICTED)}


def test_a_fold_whose_process_has_ended_is_the_next(trial):
    trial.give_back(trial.begin())
    assert trial.begin() == 1


def test_without_all_folds_it_is_partial(trial):
    trial.begin()
    trial.add(1, of_fold(1))
    ended = trial.ended(Y)
    assert (ended.state, "all" in ended.scores) == ("partial", False)
    np.testing.assert_array_equal(np.isfinite(ended.out_of_fold[:, 0]), FOLDS < 2)


def test_the_first_failure_is_what_is_told(trial):
    assert [trial.begin(), trial.begin()] == [1, 2]
    trial.add(2, Outcome("failed", {}, message="out of memory"))
    assert not trial.is_over  # the other is still being fitted
    trial.add(1, Outcome("failed", {}, message="another"))
    assert trial.is_over
    ended = trial.ended(Y)
    assert (ended.state, ended.message, ended.out_of_fold) == ("failed", "out of memory", None)


def test_what_ends_after_it_was_pruned_changes_nothing(trial):
    trial.begin()
    trial.prune()
    trial.add(1, of_fold(1))
    assert trial.is_over
    assert (trial.ended(Y).state, trial.ended(Y).out_of_fold) == ("pruned", None)


@pytest.fixture
def networks(monkeypatch, small_space):
    """Let searches have three networks among their starts, told apart by their size."""
    monkeypatch.setattr(proposals, "LEARNERS", LEARNERS)
    monkeypatch.setattr(proposals, "has_extra", lambda extra: True)
    starts = tuple({"learner": "network", "size": size} for size in (16, 17, 18))
    monkeypatch.setattr(portfolio, "LONG_STARTS", starts)
    return (16, 17, 18)


def search_with(scores, folder, material, monkeypatch, seconds=1e9):
    """Run a search whose networks score as given, and return it and the folds that were fitted."""
    fitted = []

    def held(fold):
        return np.where((material.folds == fold)[:, None], material.targets, np.nan)

    def trial(folder, choices, library, *, rounds, seconds_left, **given):
        if choices.get("learner") != "network":
            values = np.zeros_like(material.targets)
            return Outcome("complete", {"fold": 0.0, "all": 0.0}, out_of_fold=values)
        fitted.append((choices["size"], 0, rounds, seconds_left))
        score = scores[choices["size"]]
        return Outcome("open", {"fold": score}, fit_seconds=5.0, out_of_fold=held(0))

    def fold(folder, choices, library, *, fold, **given):
        fitted.append((choices["size"], fold, None, None))
        return Outcome("open", {}, out_of_fold=held(fold))

    monkeypatch.setattr(search_module, "try_candidate", trial)
    monkeypatch.setattr(search_module, "try_fold", fold)
    search = Search(material, folder, n_trials=6)
    assert len(search.apart) == 3
    search.run(lambda: seconds, on_state=lambda state: None)
    search.close()
    assert len(search.tried) == 6 + len(BASELINES)
    states = {
        t.candidate.choices["size"]: t.outcome.state
        for t in search.tried.values() if t.candidate.kind == "network"
    }  # fmt: skip
    return states, fitted


def test_a_network_that_another_is_clearly_better_than_is_given_up(
    networks, tmp_path, make_material, monkeypatch, in_threads
):
    """All show what they can without the first fold; the best is then fitted without the others."""
    scores = {16: 0.5, 17: 0.495, 18: 0.48}
    states, fitted = search_with(scores, tmp_path, make_material(), monkeypatch)
    assert states == {16: "complete", 17: "complete", 18: "pruned"}
    order = [(size, fold) for size, fold, *_ in fitted]
    assert order[:3] == [(size, 0) for size in networks]
    assert order[3:] == [(16, 1), (16, 2), (17, 1), (17, 2)]


def test_only_the_first_network_is_begun_without_time_for_all_folds(
    networks, tmp_path, make_material, monkeypatch, in_threads
):
    """Three folds on one process are three rounds, beside the two that the best is owed."""
    scores = dict.fromkeys(networks, 0.5)
    _, fitted = search_with(scores, tmp_path, make_material(), monkeypatch, seconds=100.0)
    begun = [(rounds, left) for _, fold, rounds, left in fitted if fold == 0]
    assert begun == [(1, 100.0), (3, 90.0), (3, 90.0)]
