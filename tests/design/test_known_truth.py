"""Designs in a world whose truth is known: better than training, and not fooled."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.design.run import design


@pytest.fixture(scope="module")
def ours(ridge, world):
    table = design(ridge, n=24).table
    return table, world.expression(table["sequence"])


@pytest.fixture(scope="module")
def naive(ridge, world):
    choices = {"objective": "prediction", "outside_domain": True, "search": "evolve"}
    table = design(ridge, n=24, iterations=60, **choices).table
    return table, world.expression(table["sequence"])


def test_designs_are_better_than_what_was_measured(ours, library):
    _, truth = ours
    best = np.sort(library["true_expression"])
    assert truth.max() > best[-1]
    assert truth.mean() > best[-24:].mean() + 0.3


def test_what_the_bound_says_holds(ours):
    table, truth = ours
    assert (truth >= table["bound"]).mean() >= 0.9


def test_the_prediction_alone_is_fooled(ours, naive):
    (table, truth), (fooled, their_truth) = ours, naive
    assert fooled["predicted"].mean() > table["predicted"].mean()
    assert their_truth.mean() < truth.mean()
    # What it says falls short by more than twice what is there.
    assert fooled["predicted"].mean() > 2 * their_truth.mean()


def test_without_a_bound_that_reaches_back_ours_would_be_fooled_as_well(ours, ridge):
    """The interval as predict gives it is of no use here: the reason for widening it."""
    table, truth = ours
    plain = ridge.predict_table(table["sequence"].tolist())
    assert (truth >= plain["lower"]).mean() < 0.5
