from __future__ import annotations

import pytest

from seqexpr.report.section_search import importance_figure, search_section, trials_figure


def trial(number, learner, fold_r2, *, r2=None, state="complete", message=""):
    choices = {"learner": learner} if learner else {"model": "mean"}
    return {
        "trial": number, "name": f"t{number}", "title": f"Title {number}", "choices": choices,
        "state": state, "part_r2": None, "fold_r2": fold_r2, "r2": r2, "seconds": 3.0,
        "message": message,
    }  # fmt: skip


@pytest.fixture
def search():
    return {
        "budget_seconds": 600, "seconds": 540.0, "n_trials": 5, "n_pruned": 1, "n_failed": 1,
        "n_resumed": 0, "ended_by": "budget", "stand_in": "t1",
        "members": [{"name": "t2", "title": "Title 2", "weight": 0.7},
                    {"name": "t1", "title": "Title 1", "weight": 0.25}],
        "importance": [{"choice": "kmers", "share": 0.8}, {"choice": "learner", "share": 0.2}],
        "trials": [
            trial(0, "", 0.0, r2=0.0), trial(1, "ridge", 0.4, r2=0.42),
            trial(2, "trees", 0.5, r2=0.52), trial(3, "trees", 0.1, state="pruned"),
            trial(4, "trees", None, state="failed", message="ValueError: <too small>"),
        ],
    }  # fmt: skip


def test_best_first_and_no_baselines(search):
    section = search_section(search)
    assert [row["title"] for row in section["rows"]] == ["Title 2", "Title 1"]
    assert [row["weight"] for row in section["members"]] == ["0.70", "0.25"]
    assert section["failed"] == [{"title": "Title 4", "message": "ValueError: <too small>"}]


def test_the_sentence_counts(search):
    text = search_section(search)["text"]
    assert text == (
        "Within 9 min 0 s the search tried 5 candidates on the train rows; 1 were stopped early "
        "and 1 failed. The blend adds up 2 of them. Controls, inflation and learning curve, which "
        "fit a model some dozen times, were measured with “Title 1” in its place."
    )
    alone = {"n_resumed": 3, "members": [], "stand_in": None}
    resumed = search_section(search | alone)["text"]
    assert resumed.endswith("3 of them are from an interrupted run.")


def test_each_scored_candidate_is_a_dot_and_a_stopped_one_is_hollow(search):
    axes = trials_figure(search).axes[0]
    dots = [line for line in axes.lines if line.get_marker() == "o" and len(line.get_xdata())]
    shown = {(x, y, line.get_markerfacecolor() == "white")
             for line in dots for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)}  # fmt: skip
    assert shown == {(1, 0.4, False), (2, 0.5, False), (3, 0.1, True)}
    steps = next(line for line in axes.lines if line.get_drawstyle() == "steps-post")
    assert list(steps.get_ydata()) == [0.4, 0.5, 0.5]  # the best so far


def test_choices_are_named_in_words(search):
    axes = importance_figure(search).axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["k-mers", "kind of model"]
    assert [bar.get_width() for bar in axes.patches] == [0.8, 0.2]


def test_what_is_not_there_is_not_drawn(search):
    assert search_section(None) is None
    assert len(search_section(search | {"importance": []})["pictures"]) == 1
    assert (
        search_section(search | {"importance": [], "trials": search["trials"][:1]})["pictures"]
        == []
    )
