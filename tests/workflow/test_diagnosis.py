"""Libraries with exactly one illness each: each must be named rightly, and only it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from seqexpr import train

LETTERS = np.array(list("ACGT"))


def additive(rng, n, length):
    """Sequences and values, each base of which adds its own part; variance 1."""
    letters = rng.choice(LETTERS, size=(n, length))
    weights = np.random.default_rng(7).normal(size=(length, 4))
    values = ((letters[:, :, None] == LETTERS) * weights).sum(axis=(1, 2))
    return letters, values / values.std()


def measured(rng, letters, values, *, noise=0.1):
    replicates = values[:, None] + noise * rng.standard_normal((len(values), 3))
    columns = {f"rep{i + 1}": replicates[:, i] for i in range(3)}
    sequences = ["".join(row) for row in letters]
    return pd.DataFrame({"sequence": sequences, "expression": replicates.mean(axis=1), **columns})


def healthy(rng):
    return measured(rng, *additive(rng, 700, 20))


def noisy(rng):
    return measured(rng, *additive(rng, 2_500, 20), noise=2.0)


def few_rows(rng):
    return measured(rng, *additive(rng, 400, 120))


def invisible(rng):
    """Half of the variance is an interaction of two bases that an additive model cannot see."""
    letters, values = additive(rng, 2_500, 20)
    same = np.isin(letters[:, 3], ["A", "C"]) == np.isin(letters[:, 12], ["A", "C"])
    return measured(rng, letters, values + 2 * same)


def composition(rng):
    gc = rng.uniform(0.2, 0.8, size=(700, 1))
    strong = rng.random((700, 60)) < gc
    letters = np.where(
        strong, rng.choice(["G", "C"], strong.shape), rng.choice(["A", "T"], strong.shape)
    )
    return measured(rng, letters, 5 * np.isin(letters, ["G", "C"]).mean(axis=1))


def shifted(rng):
    table = healthy(rng)
    table["split"] = np.where(np.arange(len(table)) < 500, "train", "test")
    later = (table["split"] == "test").to_numpy()
    table.loc[later, ["expression", "rep1", "rep2", "rep3"]] += 0.8
    return table


def at_floor(rng):
    """The sequence says which are active, and nothing of how active."""
    letters, values = additive(rng, 2_500, 20)
    level = np.where(values > np.median(values), 3 + np.abs(rng.standard_normal(2_500)), 0.0)
    return measured(rng, letters, level, noise=0.0)[["sequence", "expression"]]


@pytest.mark.parametrize(
    ("world", "expected"),
    [
        (healthy, "near-ceiling"),
        (noisy, "noise-limited"),
        (few_rows, "data-limited"),
        (invisible, "feature-limited"),
        (composition, "composition-only"),
        (shifted, "split-shift"),
        (at_floor, "floor-inflated"),
    ],
)
def test_one_illness_has_one_name(world, expected):
    table = world(np.random.default_rng(1))
    model = "ridge" if world is composition else "ridge_onehot"
    split = "column:split" if "split" in table else "random"
    run = train(
        table, target="expression", models=("mean", model), split=split, nested=False, jobs=1
    )
    found = run.evaluation.diagnosis["findings"]
    assert [finding["code"] for finding in found] == [expected]


def test_nested_runs_have_a_curve_and_no_shift():
    table = healthy(np.random.default_rng(1))[:300]
    run = train(table, target="expression", models=("mean", "ridge_onehot"), nested=True,
                folds=3, repeats=1, split="random", jobs=1)  # fmt: skip
    points = run.evaluation.learning_curve["points"]
    assert [point["fraction"] for point in points] == [0.25, 0.5, 1.0]
    assert points[-1]["n_fit"] == 200
    assert run.evaluation.diagnosis["shift"] is None
