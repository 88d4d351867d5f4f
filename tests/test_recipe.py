from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.errors import RecipeError
from seqexpr.recipe import Recipe, read_duration

names = st.text(min_size=1, max_size=20)


@given(
    table=names,
    target=st.lists(names, max_size=3).map(tuple),
    column=names,
    test_size=st.floats(0.01, 0.99),
    folds=st.integers(2, 50),
    seed=st.integers(0, 2**31),
    transform=st.sampled_from(["none", "log2", "zscore", "rank"]),
)
def test_toml_gives_back_the_recipe(table, target, column, test_size, folds, seed, transform):
    recipe = Recipe.create(
        table=table, target=target, split=f"column:{column.strip() or 'x'}".replace("\n", " "),
        test_size=test_size, folds=folds, seed=seed, transform=transform,
    )  # fmt: skip
    assert Recipe.from_toml(recipe.to_toml()) == recipe


def test_a_recipe_goes_through_a_file(tmp_path):
    recipe = Recipe.create(table="a.csv", target=("x", "y"), jobs=2)
    recipe.write(tmp_path / "recipe.toml")
    assert Recipe.read(tmp_path / "recipe.toml") == recipe


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"table": "a", "fold": 3}, "unknown key 'fold'; did you mean 'folds'"),
        ({"table": "a", "folds": 1}, "folds = 1: Input should be greater than or equal to 2"),
        ({"table": "a", "test_size": 1.5}, "test_size = 1.5"),
        ({"table": "a", "seed": -1}, "seed = -1"),
        ({"table": "a", "preset": "fsat"}, "preset = 'fsat'"),
        ({"table": "a", "split": "grup"}, "did you mean 'group'"),
        ({"table": "a", "budget": "9s"}, "budget = '9s': '9s' is less than 10 seconds"),
        ({"table": "a", "budget": "soon"}, "'soon' is no time; write 90s, 20m or 1h30m"),
        ({"table": "a", "budget": "1.5h"}, "'1.5h' is no time"),
        ({"table": "a", "budget": ""}, "'' is no time"),
        ({"table": "a", "budget": 600}, "budget = 600"),
        ({"table": "a", "trials": 0}, "trials = 0: Input should be greater than or equal to 1"),
        ({"table": "a", "prefer": "quick"}, "prefer = 'quick'"),
        ({"table": "a", "refit": "test"}, "refit = 'test'"),
        ({"table": "a", "trails": 3}, "did you mean 'trials'"),
        ({}, "table"),
    ],
)
def test_a_wrong_choice_is_one_clear_error(choices, message):
    with pytest.raises(RecipeError, match=message):
        Recipe.create(**choices)


def test_a_recipe_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Recipe.create(table="a").folds = 3


def test_a_file_that_is_no_recipe_is_refused(tmp_path):
    (tmp_path / "a.toml").write_text("not toml at all")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="not TOML"):
        Recipe.read(tmp_path / "a.toml")
    with pytest.raises(RecipeError, match="cannot read the recipe"):
        Recipe.read(tmp_path / "b.toml")
    with pytest.raises(RecipeError, match="cannot read the recipe"):
        Recipe.read(tmp_path / "missing.toml")


@given(st.integers(0, 50), st.integers(0, 200), st.integers(0, 5000))
def test_a_duration_is_the_sum_of_its_parts(hours, minutes, seconds):
    text = f"{hours}h{minutes}m{seconds}s"
    assert read_duration(text) == 3600 * hours + 60 * minutes + seconds
    assert read_duration(f" {minutes}m ") == 60 * minutes


@pytest.mark.parametrize("text", ["", "s", "10", "m5", "5s2m", "1h1h", "-5s", "1 h", "٣s m", "5S"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="is no time; write 90s"):
        read_duration(text)


def test_the_choices_of_a_search_go_through_a_file(tmp_path):
    choices = {"preset": "best", "budget": "1h30m", "trials": 7, "prefer": "simple", "refit": "all"}
    recipe = Recipe.create(table="a.csv", **choices)
    recipe.write(tmp_path / "recipe.toml")
    again = Recipe.read(tmp_path / "recipe.toml")
    assert again == recipe
    assert again.budget_seconds == 5400
    plain = Recipe.create(table="a.csv")
    assert (plain.budget, plain.trials, plain.prefer, plain.refit) == ("10m", None, "best", "train")
    assert "trials" not in plain.to_toml()
