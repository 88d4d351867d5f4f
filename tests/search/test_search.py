from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest

from seqexpr.search import portfolio
from seqexpr.search import search as search_module
from seqexpr.search.proposals import BASELINES
from seqexpr.search.search import Search
from seqexpr.search.workers import try_candidate

pytestmark = pytest.mark.usefixtures("small_space")
N_TRIALS = 8  # with four baselines: 7 starts, then 5 proposals
N = N_TRIALS + len(BASELINES)


def forever():
    return 1e9


def ignore(state):
    pass


def finished(found):
    """Everything of the trials that time has no part in."""
    return [
        (i, found[i].candidate.choices, found[i].outcome.state, dict(found[i].outcome.scores))
        for i in sorted(found)
    ]


@pytest.fixture
def searching(make_material):
    """Give a function that makes a search, closed at the end."""
    opened = []

    def make(folder, **given):
        opened.append(Search(make_material(n=90), folder, **{"n_trials": N_TRIALS} | given))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture(scope="module")
def undisturbed():
    """What the first search of this module found."""
    return {}


@pytest.fixture
def expected(searching, tmp_path, undisturbed, thread_pool, monkeypatch):
    """The trials of a search that nothing disturbs, run once for all tests."""
    if not undisturbed:
        with monkeypatch.context() as patch:
            patch.setattr(search_module, "start_workers", thread_pool)
            search = searching(tmp_path / "expected")
            search.run(forever, on_state=ignore)
            search.stop_workers()
        undisturbed["trials"] = finished(search.tried)
        undisturbed["predictions"] = {i: t.outcome.out_of_fold for i, t in search.tried.items()}
    return undisturbed


def test_a_search_ends_after_its_trials(expected):
    trials = expected["trials"]
    assert [index for index, *_ in trials] == list(range(N))
    assert {state for _, _, state, _ in trials} <= {"complete", "pruned"}
    assert [choices["model"] for _, choices, _, _ in trials[:4]] == list(BASELINES)


def test_the_trials_depend_neither_on_processes_nor_on_their_end(searching, tmp_path, expected):
    """Two processes side by side, one of which is killed at work."""
    search, states, killed = searching(tmp_path, n_jobs=2), [], []

    def watch(state):
        states.append(state)
        if state.n_finished >= 4 and not killed and os.name == "posix":
            killed.append(next(iter(search.executor._processes)))
            os.kill(killed[0], signal.SIGKILL)

    search.run(forever, on_state=watch)
    assert finished(search.tried) == expected["trials"]
    for index, tried in search.tried.items():
        np.testing.assert_array_equal(tried.outcome.out_of_fold, expected["predictions"][index])
    assert states[-1].n_finished == N
    assert states[-1].best.index == search.best.index
    numbers = [state.n_finished for state in states]
    assert numbers == sorted(numbers)
    best = max(s["all"] for _, _, state, s in expected["trials"] if state == "complete")
    assert states[-1].best.outcome.scores["all"] == best


def test_a_search_goes_on_where_it_was_stopped(searching, tmp_path, expected, in_threads):
    first = searching(tmp_path)

    class Stopped(BaseException):
        pass

    def stop(state):
        if state.n_finished >= 9:
            raise Stopped

    with pytest.raises(Stopped):
        first.run(forever, on_state=stop)
    first.close()
    kept = finished(first.tried)
    assert len(kept) == 9

    second = searching(tmp_path)
    assert (second.n_resumed, finished(second.tried)) == (len(kept), kept)
    assert second.spent == max(t.elapsed for t in first.tried.values())
    second.run(forever, on_state=ignore)
    assert finished(second.tried) == expected["trials"]
    assert all(second.tried[i].elapsed >= second.spent for i in range(N) if i not in first.tried)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_processes_that_end_between_two_trials_are_replaced(searching, tmp_path):
    search = searching(tmp_path, n_trials=1)
    executor = search.executor
    executor.submit(os.getpid).result()
    for pid in list(executor._processes):
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while executor._flags.broken is None and time.monotonic() < deadline:
        time.sleep(0.05)
    search.run(forever, on_state=ignore)
    assert [t.outcome.state for t in search.tried.values()] == ["complete"] * 5


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_trial_that_ends_its_process_fails_alone(searching, tmp_path, monkeypatch):
    def deadly(folder, choices, library, **given):
        import os

        from seqexpr.search.workers import try_candidate

        if choices.get("onehot") == "left":
            os.kill(os.getpid(), 9)
        return try_candidate(folder, choices, library, **given)

    monkeypatch.setattr(search_module, "try_candidate", deadly)
    search = searching(tmp_path, n_jobs=2, n_trials=2)
    search.run(forever, on_state=ignore)
    states = {i: t.outcome.state for i, t in search.tried.items()}
    assert states == dict.fromkeys(range(5), "complete") | {5: "failed"}
    assert "its process ended" in search.tried[5].outcome.message


def test_the_others_do_not_wait_for_a_long_start(searching, tmp_path, thread_pool, monkeypatch):
    """Nothing is learnt from it, so the trials are those of a search in which it is quick."""
    long = {"learner": "ridge", "kmers": "1-5"}
    monkeypatch.setattr(portfolio, "LONG_STARTS", (long,))
    monkeypatch.setattr(search_module, "start_workers", thread_pool)
    quick = searching(tmp_path / "quick")
    quick.run(forever, on_state=ignore)
    (place,) = quick.apart
    choices_of_long = quick.tried[place].candidate.choices
    others_done = threading.Event()

    def held_up(folder, choices, library, **given):
        if choices == choices_of_long:
            assert others_done.wait(timeout=60)
        return try_candidate(folder, choices, library, **given)

    monkeypatch.setattr(search_module, "try_candidate", held_up)
    slow = searching(tmp_path / "slow", n_jobs=2)

    def watch(state):
        if set(range(N)) - {place} <= set(slow.tried):
            others_done.set()

    slow.run(forever, on_state=watch)
    assert others_done.is_set()
    assert finished(slow.tried) == finished(quick.tried)


def test_a_search_ends_when_time_is_up(searching, tmp_path, in_threads):
    search = searching(tmp_path, n_trials=None)
    search.run(lambda: 1e9 if len(search.tried) < 6 else -1.0, on_state=ignore)
    assert 6 <= len(search.tried) <= 7
    assert finished(search.log.read()) == finished(search.tried)


def test_a_search_does_not_end_without_a_model(searching, tmp_path, in_threads):
    """Even with no time at all, for a run must end with something."""
    search = searching(tmp_path, n_trials=None)
    search.run(lambda: -5.0, on_state=ignore)
    assert search.may_end
    complete = [t for t in search.tried.values() if t.outcome.state == "complete"]
    assert any(not t.candidate.is_baseline for t in complete)
    assert len(search.tried) <= len(BASELINES) + 1


def test_a_search_in_which_nothing_can_be_fitted_ends(searching, tmp_path, in_threads, monkeypatch):
    def hopeless(folder, choices, library, **given):
        from seqexpr.search.trials import Outcome

        return Outcome("failed", {}, message="ValueError: no")

    monkeypatch.setattr(search_module, "try_candidate", hopeless)
    search = searching(tmp_path, n_trials=None)
    search.run(lambda: -5.0, on_state=ignore)
    assert len(search.tried) == len(search.starts) == 7
    assert search.best is None


def test_scores_that_are_no_numbers_are_not_the_best(searching, tmp_path, made_up):
    from seqexpr.search.triallog import TriedCandidate

    search = searching(tmp_path)
    for index, score in enumerate([np.nan, 0.2, 0.4, 0.4, np.nan]):
        search.tried[index] = TriedCandidate(index, search.starts[index], made_up(score), 1.0)
    assert search.best.index == 2
