"""What is kept of a search's budget for what comes after it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from seqexpr.search.blocks import Library
from seqexpr.search.candidates import Candidate
from seqexpr.search.triallog import TriedCandidate
from seqexpr.search.trials import Outcome
from seqexpr.workflow import reserve
from seqexpr.workflow.budget import Budget
from seqexpr.workflow.reserve import BLEND, Reserve

LIBRARY = Library(90, 30, aligned=True)
Y = np.random.default_rng(0).normal(size=(90, 1))
RIDGE = {"learner": "ridge", "kmers": "1-4"}
NETWORK = {"learner": "network", "size": 16}
SECONDS = 8.0  # of a fit on two thirds of the rows: 12 on all


def tried(index, choices, noise, seconds=SECONDS):
    predicted = Y + noise * np.random.default_rng(index).normal(size=Y.shape)
    scores = {"fold": 1 - noise, "all": 1 - noise}
    outcome = Outcome("complete", scores, fit_seconds=seconds, out_of_fold=predicted)
    return TriedCandidate(index, Candidate(choices, LIBRARY), outcome, 1.0)


@pytest.fixture
def keeper():
    """A search on two cores that found a ridge and a network that is better, within 1,000 s."""
    material = SimpleNamespace(
        targets=Y, weights=None, units=np.arange(90), folds=np.arange(90) % 3, covariates=None,
        sequences=["A" * 30] * 90,
    )  # fmt: skip
    found = {0: tried(0, RIDGE, 0.5), 1: tried(1, NETWORK, 0.2)}
    search = SimpleNamespace(tried=found, material=material, n_jobs=2)
    return Reserve(search, Budget(1_000.0), refits=False)


def test_a_network_is_not_reckoned_to_be_faster_on_two_cores(keeper, monkeypatch):
    """One fit may take 1.5% of the budget, cores added up: 7.5 s on two."""
    assert keeper.dear == {BLEND, "network_1"}  # 12 s
    monkeypatch.setattr(reserve, "_STAND_IN_SHARE", 0.0239)
    assert keeper.dear == {BLEND, "network_1"}
    monkeypatch.setattr(reserve, "_STAND_IN_SHARE", 0.0241)
    assert keeper.dear == {BLEND}


def test_what_comes_after_is_reckoned_with_the_best_that_is_quick(keeper, monkeypatch):
    monkeypatch.setattr(reserve, "_FIXED_SECONDS", 0.0)
    monkeypatch.setattr(reserve, "_SECONDS_A_ROW", 0.0)
    assert keeper.appraisal() == pytest.approx(8 * 12 / 2)  # eight fits of the ridge
    monkeypatch.setattr(reserve, "_STAND_IN_SHARE", 1.0)
    assert keeper.appraisal() == pytest.approx(8 * 12)  # of the network


def test_a_trial_that_ends_too_late_to_be_fitted_changes_nothing(keeper, monkeypatch):
    """It would be the best, and its fit on all rows would take the time of all others."""
    before = keeper.finalists()
    left = keeper.seconds_left()
    assert left > 0
    keeper.search.tried[2] = tried(2, RIDGE | {"kmers": "1-6"}, 0.1, seconds=1_000.0)
    assert keeper.finalists() is before
    assert keeper.seconds_left() == pytest.approx(left, abs=1)
    keeper.search.tried[3] = tried(3, RIDGE | {"kmers": "1-5"}, 0.3)  # for this one there is time
    assert {t.index for t in keeper.finalists().in_order} == {1, 3}
    assert keeper.seconds_left() > 0


def test_the_first_model_is_chosen_however_late(keeper):
    del keeper.search.tried[0], keeper.search.tried[1]
    assert keeper.finalists().best is None
    keeper.search.tried[2] = tried(2, RIDGE, 0.5, seconds=10_000.0)
    assert keeper.finalists().best.index == 2
    assert keeper.seconds_left() < 0
