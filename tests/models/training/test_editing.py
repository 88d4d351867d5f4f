"""Editing by gradients: ledidi finds a planted site, and keeps to what is permitted."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.data.planting import PlantedMotif
from seqexpr.data.simulate import simulate_library
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.training.settings import Training

pytest.importorskip("ledidi")

from seqexpr.design.space import decode
from seqexpr.models.training.editing import Edit, edit_sequence


@pytest.fixture(scope="module")
def network():
    motif = PlantedMotif("TGACTCA", 2.0, share=0.5)
    table = simulate_library(
        600, rng=np.random.default_rng(0), length=40, motifs=(motif,), noise=0.1
    ).table
    model = NeuralRegressor(training=Training(n_epochs=15), random_state=0)
    return model.fit(table["sequence"].tolist(), table["expression"].to_numpy())


START = "ACGGTATCCGTTACGGATCCGATTGCAGGCTTAACGGTCA"
FREE = np.ones((4, 40), dtype=bool)


def test_edits_raise_lower_and_hit(network):
    own = network.predict([START])[0]

    def edited(**choices):
        edit = Edit(**choices, costs=(0.01,), most_steps=60)
        found = edit_sequence(network, START, FREE, edit=edit, random_state=1)
        return network.predict(decode(found))

    up, down = edited(weights=np.ones(1)), edited(weights=-np.ones(1))
    assert up.mean() > own + 0.5
    assert down.mean() < up.mean() - 0.5
    hit = edited(weights=np.ones(1), value=1.0)
    assert abs(hit - 1.0).mean() < abs(up - 1.0).mean()


def test_edits_keep_to_what_is_permitted_and_to_a_seed(network):
    permitted = FREE.copy()
    permitted[:, :20] = np.array([[base == letter for letter in START[:20]] for base in "ACGT"])
    permitted[1:3, 25] = False
    permitted["ACGT".index(START[25]), 25] = True
    edit = Edit(np.ones(1), costs=(0.02, 0.2), n_each=8, most_steps=30)
    found = edit_sequence(network, START, permitted, edit=edit, random_state=3)
    assert found.shape == (16, 40)
    assert permitted[found, np.arange(40)].all()
    again = edit_sequence(network, START, permitted, edit=edit, random_state=3)
    assert (found == again).all()
    assert {one[:20] for one in decode(found)} == {START[:20]}


def test_dearer_edits_are_fewer(network):
    edit = Edit(np.ones(1), costs=(0.01, 1.0), most_steps=60)
    found = edit_sequence(network, START, FREE, edit=edit, random_state=0)
    n_edits = np.array(
        [sum(a != b for a, b in zip(one, START, strict=True)) for one in decode(found)]
    )
    assert n_edits[:16].mean() > n_edits[16:].mean()
