"""The fits of networks are kept, and their mean is what is shipped."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from seqexpr.optional import has_extra
from seqexpr.search import portfolio, trials, workers
from seqexpr.search import search as search_module
from seqexpr.search.candidates import Candidate
from seqexpr.search.kept import KeptFits, are_kept
from seqexpr.search.learners import LEARNERS
from seqexpr.search.matrices import MatrixStore
from seqexpr.search.proposals import BASELINES
from seqexpr.search.search import Search
from seqexpr.search.trials import Outcome, run_trial

pytestmark = pytest.mark.skipif(not has_extra("deep"), reason="needs PyTorch")

SMALL = {"learner": "network", "size": 8, "n_places": 2, "n_epochs": 2}


@pytest.fixture
def attempt(tmp_path):
    def run(candidate, material, **given):
        given = {"bars": {}, "fits": tmp_path} | given
        return run_trial(candidate, material, store=MatrixStore(tmp_path / "matrices"), **given)

    return run


def test_which_are_kept(make_material, aligned):
    material = make_material()
    assert are_kept(Candidate(SMALL, aligned), material)
    assert not are_kept(Candidate(SMALL | {"loss": "bins"}, aligned), material)
    assert not are_kept(Candidate({"learner": "ridge", "kmers": "1-3"}, aligned), material)


def test_what_is_shipped_is_the_mean_of_the_fits_without_a_fold_each(
    attempt, make_material, aligned, tmp_path
):
    material, candidate = make_material(), Candidate(SMALL, aligned)
    outcome = attempt(candidate, material)
    assert outcome.state == "complete"
    unfitted = candidate.build(random_state=0, n_jobs=1)[-1]
    fits = []
    for fold in range(3):
        rows = np.flatnonzero(material.folds != fold)
        fits.append(
            candidate.build(random_state=0, n_jobs=1)[-1].fit(
                [material.sequences[i] for i in rows], material.targets[rows, 0], groups=rows
            )
        )
    mean = np.mean([fit.predict(material.sequences) for fit in fits], axis=0)
    shipped = KeptFits(tmp_path, candidate).assemble(unfitted)
    np.testing.assert_allclose(shipped.predict(material.sequences), mean, atol=1e-5)
    assert shipped.n_members == 3
    # A row of a fold was predicted by the fit that had not seen it.
    held = material.folds == 1
    wanted = fits[1].predict([s for s, h in zip(material.sequences, held, strict=True) if h])
    np.testing.assert_allclose(outcome.out_of_fold[held, 0], wanted, atol=1e-5)

    material.write(tmp_path / workers.MATERIAL_FILE)
    final = workers.fit_finally(
        str(tmp_path), candidate.choices, aligned, test=material.sequences[:5], max_bytes=2**20
    )
    np.testing.assert_allclose(final.test[:, 0], mean[:5], atol=1e-5)


def test_there_is_time_for_some_folds_only(attempt, make_material, aligned, monkeypatch):
    material, candidate = make_material(), Candidate(SMALL, aligned)
    monkeypatch.setattr(trials._Trial, "_guess", lambda self: 0.0)
    monkeypatch.setattr(trials._Trial, "seconds_ahead", lambda self, stage: 1_000.0)
    clock = iter([0.0, 0.0, 0.0, 900.0, 900.0])  # the last fold has no room left
    monkeypatch.setattr(trials._Trial, "elapsed", property(lambda self: next(clock)))
    outcome = attempt(candidate, material, seconds_left=500.0)
    assert outcome.state == "partial"
    assert "all" not in outcome.scores
    known = np.isfinite(outcome.out_of_fold[:, 0])
    np.testing.assert_array_equal(known, material.folds < 2)


def test_a_network_that_could_not_be_fitted_once_is_not_begun(
    attempt, make_material, aligned, tmp_path
):
    outcome = attempt(Candidate(SMALL, aligned), make_material(), seconds_left=0.0)
    assert outcome.state == "slow"
    assert not list(tmp_path.glob("fits/*"))


@pytest.mark.parametrize(
    ("best", "state"), [(-0.5, "complete"), (np.nan, "complete"), (0.999, "pruned")]
)
def test_a_network_that_does_not_keep_up_with_another_ends_after_a_fold(
    best, state, attempt, make_material, aligned, tmp_path
):
    other = Candidate(SMALL | {"size": 9}, aligned)
    KeptFits(tmp_path, other).note_score(best)
    outcome = attempt(Candidate(SMALL, aligned), make_material())
    assert outcome.state == state
    assert len(list((tmp_path / "fits").glob("*.safetensors"))) == (3 if state == "complete" else 1)
    # Its own score is no bar to itself, when it is taken up again.
    assert KeptFits(tmp_path, other).best_other() == outcome.scores["fold"]


@pytest.fixture
def sharing(make_material, tmp_path, small_space, monkeypatch):
    """Give a function that makes a search with a network among its starts, and says its place."""
    three = {name: LEARNERS[name] for name in ("ridge", "trees", "network")}
    monkeypatch.setattr("seqexpr.search.proposals.LEARNERS", three)
    monkeypatch.setattr(portfolio, "LONG_STARTS", (SMALL | {"size": 16, "n_epochs": 4},))
    opened = []

    def make(**given):
        opened.append(Search(make_material(), tmp_path / "search", **{"n_trials": 4} | given))
        (place,) = opened[-1].apart
        return opened[-1], place

    yield make
    for one in opened:
        one.close()


def run(search, seconds_left=lambda: 1e9, watch=lambda state: None):
    search.run(seconds_left, on_state=watch)


def test_folds_fitted_side_by_side_are_those_fitted_in_turn(attempt, sharing):
    search, place = sharing(n_jobs=2)
    folds = []
    submit = search.submit

    def noted(call, candidate, **named):
        folds.append(named.get("fold"))
        return submit(call, candidate, **named)

    search.submit = noted
    run(search)
    found = search.tried[place]
    assert sorted(fold for fold in folds if fold is not None) == [1, 2]
    assert len(search.tried) == 4 + len(BASELINES)
    expected = attempt(found.candidate, search.material)
    assert (found.outcome.state, expected.state) == ("complete", "complete")
    np.testing.assert_array_equal(found.outcome.out_of_fold, expected.out_of_fold)
    assert found.outcome.scores == expected.scores
    assert len(list((search.folder / "fits").glob(f"{found.candidate.key}-*"))) == 3


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_process_that_ends_beside_others_costs_no_fold(attempt, sharing):
    search, place = sharing(n_jobs=2)
    killed = []

    def kill(state):
        if place in search._shared and search._shared[place].running and not killed:
            killed.append(next(iter(search.executor._processes)))
            os.kill(killed[0], signal.SIGKILL)

    run(search, watch=kill)
    assert killed
    expected = attempt(search.tried[place].candidate, search.material)
    np.testing.assert_array_equal(search.tried[place].outcome.out_of_fold, expected.out_of_fold)


def test_folds_that_there_is_no_time_for_are_left_out(sharing, in_threads):
    search, place = sharing(n_trials=None)
    run(search, lambda: -1.0 if place in search._shared and search.may_end else 1e9)
    found = search.tried[place].outcome
    assert found.state == "partial"
    assert "all" not in found.scores
    known = np.isfinite(found.out_of_fold[:, 0])
    assert set(search.material.folds[known]) < {0, 1, 2}


def test_a_fold_that_cannot_be_fitted_fails_its_trial(sharing, in_threads, monkeypatch):
    def broken(folder, choices, library, *, fold, **given):
        return Outcome("failed", {}, message=f"ValueError: {fold}")

    monkeypatch.setattr(search_module, "try_fold", broken)
    search, place = sharing()
    run(search)
    found = search.tried[place].outcome
    assert (found.state, found.message, found.out_of_fold) == ("failed", "ValueError: 1", None)
    assert len(search.tried) == 4 + len(BASELINES)
