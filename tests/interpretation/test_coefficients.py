"""Coefficients of a line, with bootstrap intervals."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.interpretation.coefficients import Coefficient, coefficient_table, in_words
from seqexpr.models.registry import make_model


def random_rows(n, length, rng):
    return ["".join(rng.choice(list("ACGT"), size=length)) for _ in range(n)]


def test_intervals_cover_and_nulls_are_called_as_often_as_they_should():
    covered, nulls = [], []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        rows = random_rows(1000, 30, rng)
        y = np.array([0.8 * ("TCA" in row) for row in rows]) + rng.normal(0, 0.5, 1000)
        model = make_model("tutorial").fit(rows, y)
        table = coefficient_table(model, rows, y, rng=rng, n_resamples=40)
        (true,) = [item for item in table if item.name == "TCA"]
        covered.append(true.low <= 0.8 <= true.high)
        nulls += [item.p_value < 0.05 for item in table if item.name != "TCA"]
        assert true.q_value < 0.01
    assert np.mean(covered) >= 0.8
    assert 0.04 <= np.mean(nulls) <= 0.075  # of 1,575


def test_words_that_cannot_be_told_apart_are_one_row():
    rng = np.random.default_rng(0)
    rows = [row.replace("CG", "CA").replace("ACT", "ACTGG") for row in random_rows(500, 25, rng)]
    y = np.array([float("TGG" in row) for row in rows]) + rng.normal(0, 0.1, 500)
    model = make_model("tutorial").fit(rows, y)
    table = coefficient_table(model, rows, y, rng=rng, n_resamples=20)
    names = [item.name for item in table]
    assert len(set(names)) == len(names)
    grouped = {name for item in table for name in item.alike}
    assert not grouped & set(names)


def test_groups_and_missing_rows(library):
    rng = np.random.default_rng(0)
    y = library.y.copy()
    y[::3] = np.nan
    groups = np.arange(len(y)) // 5
    model = make_model("ridge_onehot").fit(library.sequences, library.y)
    told = []
    table = coefficient_table(model, library.sequences, y, groups=groups, rng=rng, n_resamples=20,
                              on_done=told.append)  # fmt: skip
    assert told[-1] == 20
    assert len(table) <= 200
    assert all(item.low <= item.value <= item.high for item in table)


@pytest.mark.parametrize(
    ("name", "mode", "wanted"),
    [
        ("ACG", "count", "each ACG: -1.50 log2 [-2.00, -1.00]"),
        ("ACG", "presence", "ACG present: -1.50 log2 [-2.00, -1.00]"),
        ("ACG", "frequency", "all words ACG rather than none: -1.50 log2 [-2.00, -1.00]"),
        ("pos-3=T", "other", "T at base -3: -1.50 log2 [-2.00, -1.00]"),
        ("gc", "other", "gc: -1.50 log2 [-2.00, -1.00]"),
    ],
)
def test_in_words(name, mode, wanted):
    assert in_words(Coefficient(name, -1.5, -2.0, -1.0, 0.0, 0.0), mode=mode, unit="log2") == wanted
