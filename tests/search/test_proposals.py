from __future__ import annotations

import numpy as np
import optuna
import pytest

from seqexpr.optional import has_extra
from seqexpr.search import proposals
from seqexpr.search.blocks import BLOCKS, NONE, Library
from seqexpr.search.candidates import Candidate, registered
from seqexpr.search.learners import LEARNERS
from seqexpr.search.portfolio import FREE_STARTS, FURTHER_STARTS
from seqexpr.search.proposals import (
    BASELINES,
    bars_for,
    frozen,
    learners_for,
    parameter_importance,
    portfolio,
    propose,
    quiet_optuna,
)

STARTS = (*FREE_STARTS, *FURTHER_STARTS)
ALIGNED = Library(1_000, 30, aligned=True, motifs=("ecoli",))
LOOSE = Library(1_000, 50, aligned=False)
LIBRARIES = pytest.mark.parametrize("library", [ALIGNED, LOOSE], ids=["aligned", "loose"])


def drawn(n, library=ALIGNED, *, seed=0):
    """Return n candidates that a search without knowledge would propose."""
    found = []
    for index in range(n):
        taken = [candidate.key for candidate in found]
        found.append(propose(index, {}, library=library, seed=seed, taken=taken))
    return found


@LIBRARIES
def test_every_start_is_a_point_of_the_space(library, made_up):
    candidates = portfolio(library)
    assert [c.model for c in candidates[: len(BASELINES)]] == list(BASELINES)
    assert len({c.key for c in candidates}) == len(candidates)
    if library.aligned:
        learners = [LEARNERS[str(start["learner"])] for start in STARTS]
        absent = {one.name for one in learners if one.extra and not has_extra(one.extra)}
        left_out = [one for one in learners if one.most_rows or one.name in absent]
        assert len(candidates) >= len(BASELINES) + len(STARTS) - len(left_out)
    free = portfolio(library, free_only=True)
    assert free == candidates[: len(free)]
    for candidate in candidates:
        trial = frozen(candidate, made_up(0.5))
        assert trial.state == optuna.trial.TrialState.COMPLETE
        trial._validate()
        if candidate.model is None:
            given = {k.split(".", 1)[-1]: v for k, v in trial.params.items()}
            assert given | {"learner": candidate.kind} == dict(candidate.choices)


@pytest.mark.parametrize("start", STARTS, ids=lambda start: "-".join(map(str, start.values())))
def test_starts_name_only_choices_that_exist(start):
    learner = LEARNERS[str(start["learner"])]
    for name, value in start.items():
        if name in BLOCKS:
            assert value in learner.blocks[name]
        elif name == "strands":
            assert learner.strands
            assert value in {"single", "both"}
        elif name != "learner":
            setting = learner.settings[name]
            known = setting.choices or (setting.low <= value <= setting.high)
            assert known is True or value in known


@LIBRARIES
def test_the_same_trials_lead_to_the_same_proposal(library, made_up):
    candidates = drawn(9, library)
    known = {i: (c, made_up(0.1 * i)) for i, c in enumerate(candidates)}
    backwards = dict(reversed(known.items()))
    first, second = (
        propose(20, order, library=library, seed=3, taken=()) for order in (known, backwards)
    )
    assert first.choices == second.choices
    for places in ([(21 + i, 3) for i in range(6)], [(20, 4 + i) for i in range(6)]):
        others = [propose(i, known, library=library, seed=s, taken=()).key for i, s in places]
        assert set(others) != {first.key}


def test_a_proposal_does_not_disturb_global_random_numbers(made_up):
    np.random.seed(5)  # noqa: NPY002  # that it is left alone is the point
    expected = np.random.rand()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    propose(3, {}, library=ALIGNED, seed=0, taken=())
    assert np.random.rand() == expected  # noqa: NPY002


@LIBRARIES
def test_proposals_are_new_and_sound(library):
    candidates = drawn(25, library)
    assert len({c.key for c in candidates}) == 25
    for candidate in candidates:
        assert candidate.block_choices or not LEARNERS[candidate.kind].blocks
        again = propose(3, {}, library=library, seed=1, taken=[candidate.key])
        assert again.key != candidate.key


def test_blocks_and_learners_by_position_are_for_aligned_libraries(made_up):
    by_position = {name for name, block in BLOCKS.items() if block.by_position}
    assert by_position
    for candidate in [*drawn(25, LOOSE), *portfolio(LOOSE)]:
        assert not by_position & set(candidate.choices)
    assert all(not learner.by_position for learner in learners_for(LOOSE))
    assert any(by_position & set(c.block_choices) for c in drawn(25) if c.model is None)


def test_learners_for_few_rows_are_left_out_of_large_libraries(monkeypatch):
    from dataclasses import replace

    few = replace(LEARNERS["ridge"], most_rows=1_000)
    monkeypatch.setattr(proposals, "LEARNERS", {"ridge": few, "trees": LEARNERS["trees"]})
    assert [learner.name for learner in learners_for(ALIGNED)] == ["ridge", "trees"]
    large = Library(1_001, 50, aligned=True)
    assert [learner.name for learner in learners_for(large)] == ["trees"]
    assert {c.kind for c in portfolio(large) if c.model is None} == {"trees"}


def test_the_search_goes_where_scores_are_high(made_up, small_space):
    """The better of two learners is drawn two times in three, its better choice most of them."""
    candidates = drawn(40)
    known = {
        i: (c, made_up((c.kind == "trees") + (c.choices["kmers"] == "1-4") / 2))
        for i, c in enumerate(candidates)
    }
    found = [propose(50 + i, known, library=ALIGNED, seed=0, taken=()) for i in range(40)]
    best = [c for c in found if c.kind == "trees"]
    # Binomial(40, 2/3): fewer than 18 or more than 35 once in a thousand seeds.
    assert 18 <= len(best) <= 35
    assert sum(c.choices["kmers"] == "1-4" for c in best) > len(best) / 2


@pytest.mark.parametrize(
    ("state", "expected"),
    [("complete", "COMPLETE"), ("pruned", "PRUNED"), ("slow", "FAIL"), ("failed", "FAIL")],
)
def test_states_are_told_to_optuna(state, expected, made_up):
    [candidate] = drawn(1)
    trial = frozen(candidate, made_up(0.25, state=state))
    assert trial.state.name == expected
    assert trial.value == (0.25 if state == "complete" else None)
    assert trial.intermediate_values[0] == 0.25


def test_scores_that_are_no_numbers_are_no_scores(made_up):
    [candidate] = drawn(1)
    trial = frozen(candidate, made_up(np.nan))
    assert trial.state.name == "FAIL"
    assert trial.intermediate_values == {}


def test_bars_are_the_upper_third(made_up):
    candidate = Candidate({"learner": "ridge", "kmers": "1-4"}, ALIGNED)
    known = {i: (candidate, made_up(s)) for i, s in enumerate([0.0, 0.3, 0.1, 0.2])}
    # Sorted 0, 0.1, 0.2, 0.3; two thirds of the way from the first to the last is 0.2.
    assert bars_for(known) == {"fold": pytest.approx(0.2)}
    part = {i: (candidate, made_up(0.5, part=float(i))) for i in range(4)}
    assert bars_for(part) == {"part": pytest.approx(2.0), "fold": pytest.approx(0.5)}


def test_no_bar_before_there_are_three_trials_to_compare_with(made_up):
    candidate = Candidate({"learner": "ridge", "kmers": "1-4"}, ALIGNED)
    known = {
        0: (candidate, made_up(0.1)), 1: (candidate, made_up(0.2)),
        2: (registered("gc", ALIGNED), made_up(0.9)), 3: (candidate, made_up(np.nan)),
    }  # fmt: skip
    assert bars_for(known) == {}


def test_the_choice_that_alone_matters_comes_first(made_up):
    candidates = drawn(60)
    known = {
        i: (c, made_up(0.8 if c.choices["kmers"] == NONE else 0.2))
        for i, c in enumerate(candidates)
        if "kmers" in c.choices
    }
    importance = parameter_importance(known, seed=0)
    name, share = next(iter(importance.items()))
    assert name == "kmers"
    assert share > 0.7
    assert sum(importance.values()) == pytest.approx(1.0)
    assert list(importance.values()) == sorted(importance.values(), reverse=True)
    assert importance == parameter_importance(known, seed=0)


def test_few_or_equal_trials_say_nothing_of_importance(made_up):
    candidates = drawn(12)
    assert parameter_importance({}, seed=0) == {}
    few = {i: (c, made_up(0.1 * i)) for i, c in enumerate(candidates[:9])}
    assert parameter_importance(few, seed=0) == {}
    equal = {i: (c, made_up(0.3)) for i, c in enumerate(candidates)}
    assert parameter_importance(equal, seed=0) == {}
    one = Candidate({"learner": "ridge", "kmers": "1-4"}, ALIGNED)
    assert parameter_importance({i: (one, made_up(0.1 * i)) for i in range(12)}, seed=0) == {}


def test_the_voice_of_optuna_is_left_as_it_was():
    before = optuna.logging.get_verbosity()
    with quiet_optuna():
        assert optuna.logging.get_verbosity() == optuna.logging.WARNING
    assert optuna.logging.get_verbosity() == before
