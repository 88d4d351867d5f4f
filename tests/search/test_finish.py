from __future__ import annotations

import os

import numpy as np
import pytest

from seqexpr.models.blending import blending_weights
from seqexpr.search import finish
from seqexpr.search.blocks import Library
from seqexpr.search.candidates import Candidate, registered
from seqexpr.search.finish import Finalists, choose_finalists, fit_finalists, out_of_fold
from seqexpr.search.search import Search
from seqexpr.search.triallog import TriedCandidate
from seqexpr.search.trials import Outcome, mean_r2

LIBRARY = Library(200, 32, aligned=True)
RNG = np.random.default_rng(0)
Y = RNG.normal(size=(200, 1))
NOISE = RNG.normal(size=(20, 200, 1))


def tried(index, predictions, *, state="complete", **choices):
    """Return a trial with out-of-fold predictions of our own."""
    if "model" in choices:
        candidate = registered(choices["model"], LIBRARY)
    else:
        candidate = Candidate({"learner": "ridge", "kmers": "1-4"} | choices, LIBRARY)
    if state != "complete":
        outcome = Outcome(state, {"fold": 0.9}, out_of_fold=predictions)
        return TriedCandidate(index, candidate, outcome, 1.0)
    scores = {"fold": 0.0, "all": mean_r2(Y, predictions)}
    outcome = Outcome("complete", scores, fit_seconds=1.0, out_of_fold=predictions)
    return TriedCandidate(index, candidate, outcome, 1.0)


def table(*rows):
    return {row.index: row for row in rows}


def noisy(k, amount):
    return Y + amount * NOISE[k]


def test_the_best_and_the_best_of_each_kind():
    trials = table(
        tried(0, np.zeros_like(Y), model="mean"),
        tried(1, noisy(1, 0.1), model="gc"),  # a baseline, however good
        tried(2, noisy(2, 0.5)),
        tried(3, noisy(3, 0.3)),
        tried(4, noisy(4, 0.8), learner="trees"),
        tried(5, None, state="pruned"),
        tried(6, None, state="failed", learner="trees"),
    )
    found = choose_finalists(trials, Y)
    assert found.best.index == 3
    assert {t.index for t in found.of_each_kind} == {0, 1, 3, 4}
    assert {t.index for t in found.members} <= {2, 3, 4}
    order = [t.index for t in found.in_order]
    assert order[:3] == [3, *sorted([0, 1], key=order.index)]
    assert len(order) == len(set(order))


def on_some_rows(predictions, n=80):
    """Return predictions of the first n rows."""
    return np.where(np.arange(200)[:, None] < n, predictions, np.nan)


def test_a_trial_of_some_folds_counts_where_it_predicted_if_the_blend_is_better():
    trials = [tried(0, noisy(1, 0.8)), tried(1, noisy(2, 0.9), learner="trees")]
    helpful = tried(2, on_some_rows(noisy(3, 0.4)), state="partial", learner="network")
    found = choose_finalists(table(*trials, helpful), Y)
    assert found.best.index == found.members[0].index == 2
    assert found.rows.sum() == 80
    useless = tried(2, on_some_rows(0 * Y), state="partial", learner="network")
    found = choose_finalists(table(*trials, useless), Y)
    assert found.best.index == 0
    assert 2 not in {t.index for t in found.in_order}
    assert found.rows.all()


def test_where_no_trial_was_complete_the_partial_one_is_the_best():
    partial = tried(2, on_some_rows(noisy(3, 0.4)), state="partial", learner="network")
    assert choose_finalists(table(partial), Y).best.index == 2


def test_the_order_of_the_trials_does_not_matter():
    rows = [tried(i, noisy(i, 0.4 + 0.1 * (i % 3))) for i in range(6)]
    first, second = choose_finalists(table(*rows), Y), choose_finalists(table(*rows[::-1]), Y)
    assert [t.index for t in first.in_order] == [t.index for t in second.in_order]
    assert [t.index for t in first.members] == [t.index for t in second.members]


def test_among_equals_the_first_is_the_best():
    same = noisy(0, 0.5)
    assert choose_finalists(table(tried(7, same), tried(3, same)), Y).best.index == 3


def test_members_are_those_that_the_sum_needs():
    """Two views of independent noise help each other; a copy and mere noise do not."""
    trials = table(
        tried(0, noisy(1, 0.8)),
        tried(1, noisy(2, 0.8)),
        tried(2, noisy(1, 0.8)),
        tried(3, Y * 0.05 + NOISE[3]),
    )
    found = choose_finalists(trials, Y)
    kept = [t.index for t in found.members]
    assert 1 in kept
    assert len({0, 2} & set(kept)) == 1
    assert 3 not in kept
    weights = blending_weights(out_of_fold(found.members), Y)
    assert (weights > 0).all()
    assert list(weights[0]) == sorted(weights[0], reverse=True)
    blend = (weights[0][:, None] * out_of_fold(found.members)[:, :, 0]).sum(axis=0)
    assert mean_r2(Y, blend[:, None]) > found.best.outcome.scores["all"]


def test_weights_of_rows_count_in_the_choice_of_members():
    half = np.arange(200) < 100
    one = np.where(half[:, None], Y, NOISE[1])  # right in the first half only
    two = np.where(half[:, None], NOISE[2], Y)
    three = noisy(3, 0.6)
    trials = table(tried(0, one), tried(1, two), tried(2, three))
    found = choose_finalists(trials, Y, half.astype(float))
    assert [t.index for t in found.members] == [] or found.members[0].index == 0


def test_at_most_eight_members():
    trials = table(*(tried(i, noisy(i, 0.9)) for i in range(20)))
    found = choose_finalists(trials, Y)
    assert len(found.members) == 8


@pytest.mark.parametrize(
    "trials",
    [
        {},
        table(tried(0, None, state="failed")),
        table(tried(0, np.zeros_like(Y), model="mean")),
    ],
    ids=["none", "failed", "baseline"],
)
def test_without_a_complete_candidate_there_is_no_best(trials):
    found = choose_finalists(trials, Y)
    assert found.best is None
    assert found.members == ()
    assert [t.index for t in found.in_order] == [t.index for t in found.of_each_kind]


def test_a_single_candidate_is_no_blend():
    assert choose_finalists(table(tried(0, noisy(1, 0.3))), Y).members == ()


def test_rows_of_no_fold_have_no_part_in_the_choice():
    hidden = np.arange(200) < 50
    rows = []
    for i in range(3):
        p = noisy(i, 0.8)
        p[hidden] = np.nan
        rows.append(tried(i, p))
    found = choose_finalists(table(*rows), Y)
    assert len(found.members) >= 2


# --- fits on all train rows, in processes ---------------------------------------------------


@pytest.fixture
def searched(make_material, tmp_path, small_space):
    """A search with made-up trials of its starts."""
    material = make_material(n=90)
    search = Search(material, tmp_path)
    for index, candidate in enumerate(search.starts):
        score = {4: 0.5, 5: 0.4, 6: 0.3}.get(index, 0.1)
        outcome = Outcome("complete", {"all": score}, out_of_fold=material.targets + index)
        search.tried[index] = TriedCandidate(index, candidate, outcome, 1.0)
    yield search
    search.close()


def finalists_of(search, *indices):
    chosen = [search.tried[i] for i in indices]
    return Finalists(chosen[0], tuple(chosen[1:]), (), np.ones(200, dtype=bool))


def told():
    fits, failures = [], []
    hooks = {
        "on_fit": lambda t, done, total: fits.append((t.index, done, total)),
        "on_failure": lambda t, message: failures.append((t.index, message)),
    }
    return fits, failures, hooks


def test_every_finalist_is_fitted_as_in_this_process(searched):
    searched.n_jobs = 2
    fits, failures, hooks = told()
    test = ["ACGT" * 8, "TGAC" * 8]
    finalists = finalists_of(searched, 4, 0, 6)
    found = fit_finalists(searched, finalists, test, seconds_left=lambda: 1e9, **hooks)
    assert sorted(found) == [0, 4, 6]
    assert [done for _, done, _ in fits] == [1, 2, 3]
    assert {total for *_, total in fits} == {3}
    assert failures == []
    assert searched._executor is None
    material = searched.material
    for index, fit in found.items():
        model = searched.tried[index].candidate.build(random_state=material.seed, n_jobs=1)
        model.fit(material.sequences, material.targets[:, 0])
        np.testing.assert_array_equal(fit.test[:, 0], model.predict(test))
        np.testing.assert_array_equal(fit.model.predict(test), fit.test[:, 0])
    assert found[4].n_features == 4 + 16 + 64 + 256
    assert found[4].warnings == ()


def test_the_best_is_waited_for_with_no_time_left(searched, in_threads):
    _, _, hooks = told()
    finalists = finalists_of(searched, 6, 0, 1, 4, 5)
    found = fit_finalists(searched, finalists, ["ACGT" * 8], seconds_left=lambda: -1.0, **hooks)
    assert list(found) == [6]


def deadly_for(choice, error=None):
    """A function that ends its process, or raises, for candidates with a choice."""
    name, value = choice

    def fit(folder, choices, library, **given):
        import os

        from seqexpr.search.workers import fit_finally

        if choices.get(name) == value:
            if error is not None:
                raise ValueError(error)
            os.kill(os.getpid(), 9)
        return fit_finally(folder, choices, library, **given)

    return fit


def test_a_finalist_that_cannot_be_fitted_is_left_out(searched, in_threads, monkeypatch):
    _, failures, hooks = told()
    monkeypatch.setattr(finish, "fit_finally", deadly_for(("kmers", "1-4"), error="no"))
    finalists = finalists_of(searched, 4, 0, 5)
    # No time is left, so the next best is what is waited for.
    found = fit_finalists(searched, finalists, ["ACGT" * 8], seconds_left=lambda: -1.0, **hooks)
    assert failures == [(4, "ValueError: no")]
    assert 4 not in found
    assert found


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_finalist_that_ends_its_process_does_not_take_others_with_it(searched, monkeypatch):
    searched.n_jobs = 2
    _, failures, hooks = told()
    monkeypatch.setattr(finish, "fit_finally", deadly_for(("onehot", "left")))
    finalists = finalists_of(searched, 4, 5, 0, 6)
    found = fit_finalists(searched, finalists, ["ACGT" * 8], seconds_left=lambda: 1e9, **hooks)
    assert sorted(found) == [0, 4, 6]
    [(index, message)] = failures
    assert index == 5
    assert "its process ended" in message


def test_nothing_to_fit_is_nothing(searched):
    _, _, hooks = told()
    nothing = Finalists(None, (), (), np.ones(0, dtype=bool))
    assert fit_finalists(searched, nothing, [], seconds_left=lambda: 1e9, **hooks) == {}
