"""Small libraries to search on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from seqexpr.data.simulate import PlantedMotif, simulate_library
from seqexpr.optional import has_extra
from seqexpr.search import portfolio, proposals, search
from seqexpr.search.blocks import NONE, Library
from seqexpr.search.candidates import Candidate
from seqexpr.search.learners import LEARNERS
from seqexpr.search.material import Material
from seqexpr.search.trials import Outcome


@pytest.fixture(scope="session")
def simulated():
    """Sequences and targets of 120 rows of 32 bases."""
    motifs = (PlantedMotif("TGACTCA", 2.0, start=4), PlantedMotif("CACGTG", -2.0, start=18))
    rng = np.random.default_rng(0)
    table = simulate_library(120, rng=rng, length=32, noise=0.3, motifs=motifs).table
    return table["sequence"].tolist(), table["expression"].to_numpy()[:, None]


@pytest.fixture
def make_material(simulated):
    """Give a function that makes the train rows of a search."""
    sequences, targets = simulated

    def make(*, n=120, **changed):
        rows = np.arange(n)
        given = {
            "sequences": sequences[:n], "targets": targets[:n], "weights": None,
            "folds": rows % 3, "units": rows, "seed": 0,
        }  # fmt: skip
        return Material(**given | changed)

    return make


@pytest.fixture
def aligned(simulated):
    return Library.of(simulated[0])


@pytest.fixture
def made_up():
    """Give a function that makes an outcome from its score."""

    def make(score, *, state="complete", **scores):
        scores = {"fold": score, "all": score} | scores
        if state != "complete":
            scores.pop("all")
        oof = np.full((4, 1), score) if state == "complete" else None
        return Outcome(state, scores, seconds=1.0, fit_seconds=0.25, n_features=7, out_of_fold=oof)

    return make


@pytest.fixture
def small_space(monkeypatch):
    """Let searches start with three quick candidates and choose between two learners."""
    two = {name: LEARNERS[name] for name in ("ridge", "trees")}
    monkeypatch.setattr(proposals, "LEARNERS", two)
    starts = (
        {"learner": "ridge", "kmers": "1-4"},
        {"learner": "ridge", "onehot": "left"},
        {"learner": "trees", "kmers": "1-3", "n_estimators": 100},
    )
    monkeypatch.setattr(portfolio, "FREE_STARTS", starts)
    monkeypatch.setattr(portfolio, "FURTHER_STARTS", ())
    monkeypatch.setattr(portfolio, "LONG_STARTS", ())


class InThreads(ThreadPoolExecutor):
    """Takes the place of worker processes where a test is not about processes.

    As in those, linear algebra has one thread: with more it rounds otherwise.
    """

    def submit(self, function, /, *given, **named):
        def alone():
            with threadpool_limits(1):
                return function(*given, **named)

        return super().submit(alone)

    def shutdown(self, *, wait=True, kill_workers=False):
        super().shutdown(wait=wait, cancel_futures=kill_workers)


@pytest.fixture
def thread_pool():
    """What can stand in for ``start_workers``; a thread costs nothing to start."""
    return InThreads


@pytest.fixture
def in_threads(monkeypatch, thread_pool):
    """Let searches work in a thread."""
    monkeypatch.setattr(search, "start_workers", thread_pool)


@pytest.fixture
def default_of():
    """Give a function that makes the candidate of a learner with its first choices."""

    def make(name, library, **changed):
        extra = LEARNERS[name].extra
        if extra is not None and not has_extra(extra):
            pytest.skip(f'needs more: pip install "seqexpr[{extra}]"')
        if LEARNERS[name].transfers:
            pytest.skip("needs a network of another run: see tests/workflow/test_networks.py")
        blocks = {block: choices[0] for block, choices in LEARNERS[name].blocks.items()}
        if all(choice == NONE for choice in blocks.values()):
            blocks = {
                block: next(c for c in choices if c != NONE)
                for block, choices in list(LEARNERS[name].blocks.items())[:1]
            }
        return Candidate({"learner": name} | blocks | changed, library)

    return make
