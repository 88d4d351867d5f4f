"""A whole run on a library of leaky families: they are found, kept together, and priced."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from seqexpr import train

SIZE = 6


@pytest.fixture(scope="module")
def run():
    """150 families of point mutants; the value is the family's own, so only memory can know it."""
    rng = np.random.default_rng(4)
    parents = rng.integers(4, size=(150, 100))
    codes = np.repeat(parents, SIZE, axis=0)
    mutated = rng.random(codes.shape) < 0.03
    codes = np.where(mutated, rng.integers(4, size=codes.shape), codes)
    table = pd.DataFrame(
        {
            "sequence": ["".join(row) for row in np.array(list("ACGT"))[codes]],
            "expression": np.repeat(rng.normal(size=150), SIZE) + 0.3 * rng.normal(size=150 * SIZE),
        }
    )
    return train(table, target="expression", models=("mean", "ridge"), nested=False, jobs=1)


def test_the_families_are_found_and_stay_on_one_side(run):
    assert run.split.strategy == "homology"
    planted = np.arange(150 * SIZE) // SIZE
    assert len(set(zip(planted.tolist(), run.split.units.tolist(), strict=True))) == 150
    assert len(np.unique(run.split.units)) == 150
    assert not set(planted[run.split.train]) & set(planted[run.split.test])
    assert run.evaluation.leakage["audit"]["n_near"] == 0


def test_what_is_only_remembered_is_not_scored(run):
    assert run.evaluation.score("r2").value < 0.1


def test_a_random_split_would_have_pretended(run):
    """A model that knew each family's value exactly would reach 1 / 1.09 = .92."""
    r2 = run.evaluation.leakage["inflation"][0]
    assert r2["metric"] == "r2"
    assert 0.6 < r2["at_random"] < 0.92
    assert r2["by_family"] < 0.1
    assert r2["low"] > 0.4
