from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.recipe import Recipe
from seqexpr.report import asked

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0,"), min_size=1, max_size=8)


def _parse(line: str) -> Recipe:
    """Read a command back the way the command line would."""
    words = shlex.split(line)
    assert words[:2] == ["seqexpr", "train"]
    assert words[-2:] == ["-o", "RUN"]
    choices: dict = {"table": words[2]}
    options = words[3:-2]
    for option, value in zip(options[::2], options[1::2], strict=True):
        key = option.removeprefix("--").replace("-", "_")
        if key in {"target", "replicate"}:
            choices[key] = (*choices.get(key, ()), value)
        elif key == "models":
            choices[key] = tuple(value.split(","))
        else:
            choices[key] = value
    return Recipe.create(**choices)


@given(
    st.fixed_dictionaries(
        {"table": NAMES},
        optional={
            "target": st.lists(NAMES, max_size=3).map(tuple),
            "replicate": st.lists(NAMES, max_size=2).map(tuple),
            "models": st.lists(st.sampled_from(["ridge", "mean"]), max_size=2).map(tuple),
            "sequence": NAMES,
            "group": NAMES,
            "split": st.sampled_from(["auto", "random", "group"]) | NAMES.map("column:{}".format),
            "test_size": st.floats(0.01, 0.99),
            "folds": st.integers(2, 20),
            "transform": st.sampled_from(["none", "log2", "zscore", "rank"]),
            "preset": st.sampled_from(["tutorial", "fast"]),
            "on_missing": st.sampled_from(["error", "drop"]),
            "seed": st.integers(0, 10**6),
        },
    ).filter(lambda c: c["table"] not in {"-", "a DataFrame"} and "\n" not in c.get("split", ""))
)
def test_the_command_makes_the_same_recipe(choices):
    recipe = Recipe.create(**choices)
    assert _parse(asked.command(recipe)) == recipe


def test_what_a_command_cannot_repeat():
    assert asked.command(Recipe.create(table="a DataFrame")) is None
    assert asked.command(Recipe.create(table="a.csv", covariate=("dose",))) == (
        "seqexpr train a.csv --covariate dose -o RUN"
    )
    assert asked.command(Recipe.create(table="-")).endswith(" - -o RUN < TABLE")


@pytest.mark.parametrize(
    ("choices", "what", "phrase"),
    [
        ({"table": "a.xlsx", "sheet": "MPRA"}, "Table", "a.xlsx, sheet MPRA"),
        ({"values": "b.csv"}, "Measured values from", "b.csv"),
        ({}, "Learn", "y (recognised by its name), as in the table"),
        ({"target": ("a", "b"), "transform": "log2"}, "Learn", "a, b, its logarithm to base 2"),
        ({"transform": "rank"}, "Learn", "its rank"),
        ({"group": "locus"}, "Groups", "locus"),
        ({"replicate": ("r1", "r2")}, "Replicates", "r1, r2"),
        ({"models": ("ridge", "gc")}, "Models", "only ridge, gc"),
        ({"preset": "tutorial"}, "Models", "ordinary least squares"),
        ({"preset": "tutorial"}, "Held back for the test", "the tutorial's: 20%"),
        ({"split": "column:fold"}, "Held back for the test", "as column fold of the table says"),
        ({"split": "group", "test_size": 0.25}, "Held back for the test", "25% of the rows, whole"),
        ({}, "Held back for the test", "else about 20% of the rows, in whole families"),
        ({"on_missing": "drop"}, "Targets that are not numbers", "dropped"),
        ({}, "Rows whose sequence is not DNA", "an error"),
        ({"seed": 0}, "Seed of every random choice", "0"),
    ],
)
def test_choices_in_words(choices, what, phrase):
    rows = dict(asked.recipe_rows(Recipe.create(**({"table": "a.csv"} | choices)), ("y",)))
    assert phrase in rows[what]


@pytest.mark.parametrize("strategy", ["random", "group", "chromosome", "column:fold", "tutorial"])
def test_every_strategy_says_what_it_guards_against(strategy):
    guarded, open_ = asked.protection({"strategy": strategy})
    assert len(guarded) > 30
    assert len(open_) > 30


def test_an_unknown_strategy_claims_nothing():
    assert asked.protection({"strategy": "by moonlight"}) == ("", "")


def test_split_rows_tell_what_is_known():
    split = {
        "strategy": "group", "reason": "There is a group column.", "n_folds": 0,
        "parameters": {"test_size": 0.2, "column_name": None},
    }  # fmt: skip
    assert asked.split_rows(split) == [
        ("Strategy", "group"),
        ("Why", "There is a group column."),
        ("Folds inside train", "none"),
        ("Parameters", "test_size = 0.2"),
    ]
    column = {"strategy": "column", "parameters": {"test_size": 0.2, "n_folds": 1}}
    assert asked.split_rows(column) == [("Strategy", "column")]
    assert asked.split_rows({"n_folds": 1})[1][1] == "one validation set, to choose the model"
    assert asked.split_rows({}) == [("Strategy", "not recorded")]


def test_versions_are_those_installed():
    import numpy as np

    found = dict(asked.versions())
    assert found["numpy"] == np.__version__
    assert {"Python", "seqexpr", "scikit-learn", "lightgbm"} <= set(found)


def test_a_missing_package_is_left_out(monkeypatch):
    def missing(name):
        raise asked.PackageNotFoundError(name)

    monkeypatch.setattr(asked, "version", missing)
    assert [name for name, _ in asked.versions()] == ["Python"]
