from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.errors import RecipeError
from seqexpr.recipe import Recipe

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
