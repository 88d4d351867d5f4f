from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.bundle.boosters import check_booster, is_booster


@pytest.fixture(scope="module")
def text() -> str:
    """What LightGBM itself writes: three trees of four leaves, one of them a stump."""
    import lightgbm

    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 5))
    booster = lightgbm.train(
        {"num_leaves": 4, "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 20},
        lightgbm.Dataset(features, features[:, 0]),
        3,
    )
    return booster.model_to_string()


def test_what_lightgbm_writes_is_well(text):
    assert is_booster(text)
    assert check_booster(text) == ""


def test_a_large_model_and_a_constant_one_are_well():
    import lightgbm

    rng = np.random.default_rng(1)
    features, target = rng.normal(size=(2000, 8)), rng.normal(size=2000)
    options = {"verbosity": -1, "num_threads": 1, "num_leaves": 31}
    assert (
        check_booster(
            lightgbm.train(options, lightgbm.Dataset(features, target), 40).model_to_string()
        )
        == ""
    )
    constant = lightgbm.train(options, lightgbm.Dataset(features, np.ones(2000)), 3)
    assert "num_leaves=1\n" in constant.model_to_string()
    assert check_booster(constant.model_to_string()) == ""


@pytest.mark.parametrize(
    ("pattern", "replacement", "problem"),
    [
        (r"left_child=-?\d+", "left_child=0", "leads back"),  # LightGBM would go round for ever
        (r"right_child=-?\d+", "right_child=3", "right child is not there"),
        (r"left_child=-?\d+", "left_child=-9", "left child is not there"),
        (r"split_feature=\d+", "split_feature=5", "a feature that is not there"),
        (r"split_feature=\d+", "split_feature=-1", "a feature that is not there"),
        (r"split_feature=\d+", "split_feature=1_0", "not a list of whole numbers"),
        (r"decision_type=\d", "decision_type=1", "categories"),
        (r"num_leaves=4", "num_leaves=5", "leaf_value has 4 numbers, not 5"),
        (r"num_leaves=4", "num_leaves=0", "has 0 leaves"),
        (r"num_cat=0", "num_cat=1", "num_cat is 1"),
        (r"is_linear=0", "is_linear=1", "is_linear is 1"),
        (r"threshold=\S+ ", "threshold=", "threshold has 2 numbers, not 3"),
        (r"leaf_value=.*", "leaf_value=", "leaf_value has 0 numbers"),
        (r"num_leaves=4", "num_leaves=4\nnum_leaves=1", "given twice"),
        (r"shrinkage=0.1", "shrinkage=é", "characters"),
        (r"shrinkage=0.1", "shrinkage=\0", "characters"),
        (r"num_class=1", "num_class=7", "num_class=7"),
        (r"num_tree_per_iteration=1", "num_tree_per_iteration=2", "num_tree_per_iteration=2"),
        (r"tree_sizes=.*\n", "", "no tree_sizes"),
        (r"max_feature_idx=4\n", "", "max_feature_idx is missing"),
    ],
)
def test_a_damaged_tree_is_told(text, pattern, replacement, problem):
    damaged = re.sub(pattern, replacement, text, count=1)
    assert damaged != text
    # The sizes in the header are put right, so that only the fault itself is left to find.
    blocks = re.findall(r"Tree=\d+\n.*?\n\n\n", damaged, flags=re.DOTALL)
    damaged = re.sub(
        r"tree_sizes=.*", f"tree_sizes={' '.join(str(len(b)) for b in blocks)}", damaged
    )
    assert problem in check_booster(damaged)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("tree_sizes=4", "tree_sizes=3", "not where the header says"),
        ("tree_sizes=", "tree_sizes=9", "given twice"),
        ("tree_sizes=", "tree_sizes=0 ", "not where the header says"),
        ("tree_sizes=", "tree_sizes=-1 ", "not where the header says"),
        ("Tree=1", "Tree=8", "not where the header says"),
        ("end of trees", "Tree=3\nend of trees", "more trees than the header says"),
    ],
)
def test_a_wrong_size_is_told(text, old, new, problem):
    assert problem in check_booster(text.replace(old, new, 1))


@given(st.text())
def test_any_other_text_is_left_alone(words):
    assert check_booster(words.replace("Tree=", "")) == ""


@given(st.text(alphabet="Tre=10\n -", max_size=80))
def test_no_text_makes_the_check_fail(words):
    assert isinstance(check_booster("tree\nTree=" + words), str)
    assert check_booster("Tree=" + words)
