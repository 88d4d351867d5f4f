import time
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import peer_networks
from benchmarks.accuracy import systems
from benchmarks.accuracy.boosting import RandomSearch
from benchmarks.accuracy.problems import HeldOut, Problem
from benchmarks.accuracy.systems import Settings, fit_flaml, fit_hgb, fit_peer
from seqexpr.data.simulate import simulate_library


@pytest.fixture(scope="module")
def problem():
    library = simulate_library(700, rng=np.random.default_rng(0), length=60).table
    sequences = library["sequence"].to_numpy(object)
    target = library["expression"].to_numpy(np.float64)
    groups = np.repeat(np.arange(250).astype(str), 2).astype(object)
    tests = {"it": HeldOut(sequences[500:], target[500:])}
    return Problem(sequences[:500], target[:500], tests, groups)


def learns(fitted, problem):
    test = problem.tests["it"]
    return np.corrcoef(fitted.predict(test.sequences), test.observed)[0, 1] > 0.3


def test_boosting_learns_in_time(problem):
    fitted = fit_hgb(problem, Settings("2s", 2.0, jobs=1))
    assert learns(fitted, problem)
    assert 1 <= fitted.notes["candidates"] <= 100  # each takes a tenth of a second and more


def test_a_search_without_time_still_gives_a_model():
    X = np.random.default_rng(0).normal(size=(90, 3)).astype(np.float32)
    search = RandomSearch(deadline=time.perf_counter(), seed=0)
    search.fit(X, X[:, 0].astype(np.float64))
    assert search.notes["candidates"] == 1
    assert np.corrcoef(search.predict(X), X[:, 0])[0, 1] > 0.5


def test_a_peer_sees_whole_groups_and_no_measured_test(problem, monkeypatch):
    given = {}

    def run(peer, data, *, seconds, seed):
        given.update(data)
        return np.arange(len(data["test"]), dtype=float), {"rate": 1e-3}

    monkeypatch.setattr(systems, "run_peer", run)
    fitted = fit_peer("grelu", problem, Settings("2s", 2.0))
    assert set(given) == {"train", "y_train", "validation", "y_validation", "test"}
    group = dict(zip(problem.sequences, problem.groups, strict=True))
    train, held = ({group[row] for row in given[part]} for part in ("train", "validation"))
    assert not train & held
    assert 30 <= len(given["validation"]) <= 70
    assert len(given["train"]) + len(given["validation"]) == 500
    rows = problem.tests["it"].sequences
    assert fitted.predict(rows[::-1]).tolist() == list(range(len(rows)))[::-1]


def test_a_peer_gets_sequences_of_one_length(problem, monkeypatch):
    given = {}

    def run(peer, data, *, seconds, seed):
        given.update(data)
        return np.zeros(len(data["test"])), {"rate": 1e-3}

    monkeypatch.setattr(systems, "run_peer", run)
    short = np.array([row[: 60 - place % 7] for place, row in enumerate(problem.sequences)], object)
    fit_peer("crested", replace(problem, sequences=short), Settings("2s", 2.0))
    assert {len(row) for part in ("train", "validation", "test") for row in given[part]} == {60}
    assert sorted(row.strip("N") for part in ("train", "validation") for row in given[part]) == (
        sorted(short.tolist())
    )


def test_a_peer_that_is_not_installed_says_how(monkeypatch, tmp_path):
    monkeypatch.setattr(peer_networks, "PYTHON", tmp_path / "none")
    with pytest.raises(RuntimeError, match=r"make \.venv-peers"):
        peer_networks.run_peer("grelu", {}, seconds=1)


@pytest.mark.filterwarnings("ignore")  # FLAML's own
def test_flaml_learns_with_groups(problem):
    pytest.importorskip("flaml", reason="FLAML is in the bench extra")
    fitted = fit_flaml(problem, Settings("3s", 3.0, jobs=1))
    assert learns(fitted, problem)
    assert fitted.notes["selected"] in fitted.notes["learners"]
