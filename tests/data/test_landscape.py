"""A world whose truth is known: by hand."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.data.landscape import EXAMPLE_LANDSCAPE, Landscape
from seqexpr.data.planting import MotifPair, PlantedMotif
from seqexpr.errors import InputError
from seqexpr.sequences import reverse_complement

BOUND = [1 / (1 + np.exp(2.5 * (missed - 0.75))) for missed in range(4)]


def test_a_site_counts_by_what_it_misses():
    world = Landscape((PlantedMotif("GATTACA", 2.0),), ceiling=1e6, gc_range=(0, 1))
    found = world.expression(["CCGATTACACC", "CCGATTACTCC", "CCGATTGCTCC", "NNGATTNCANN"])
    np.testing.assert_allclose(found, [2 * BOUND[0], 2 * BOUND[1], 2 * BOUND[2], 2 * BOUND[1]])


def test_strands_and_iupac_letters():
    both = Landscape((PlantedMotif("GATWACA", 1.0, strands="both"),), ceiling=1e6, gc_range=(0, 1))
    one = Landscape((PlantedMotif("GATWACA", 1.0),), ceiling=1e6, gc_range=(0, 1))
    text = "CCGATAACACC"
    assert both.expression([text, reverse_complement(text)]) == pytest.approx([BOUND[0]] * 2)
    assert one.expression([text])[0] > one.expression([reverse_complement(text)])[0]


def test_pairs_help_each_other_when_they_are_near():
    motifs = (PlantedMotif("GATTACA", 1.0), PlantedMotif("CCGTCC", 1.0))
    alone = Landscape(motifs, ceiling=1e6, gc_range=(0, 1))
    pair = Landscape(motifs, (MotifPair(0, 1, 3.0, max_gap=4),), ceiling=1e6, gc_range=(0, 1))
    near, far = "GATTACATTTTCCGTCC", "GATTACATTTTTCCGTCC"
    gained = pair.expression([near, far]) - alone.expression([near, far])
    np.testing.assert_allclose(gained, [3 * BOUND[0] ** 2, 0], atol=1e-12)


def test_expression_bends_and_composition_costs():
    world = Landscape((PlantedMotif("GATTACA", 100.0),), ceiling=2.0)
    assert world.expression(["GATTACAGCGC"])[0] == pytest.approx(2.0)
    poor, rich = world.expression(["A" * 20, "C" * 20])
    assert poor - rich == pytest.approx(world.expression(["A" * 20])[0] - rich)
    assert world.expression([""]).tolist() == [0.0]


def test_a_library_is_the_truth_and_noise():
    table = EXAMPLE_LANDSCAPE.measure(500, rng=np.random.default_rng(0), noise=0.2)
    truth = EXAMPLE_LANDSCAPE.expression(table["sequence"])
    np.testing.assert_allclose(table["true_expression"], truth)
    assert np.std(table["expression"] - truth) == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize(
    ("choices", "message"),
    [({"ceiling": 0.0}, "ceiling = 0.0: must be above 0"), ({"gc_range": (0.7, 0.3)}, "gc_range")],
)
def test_odd_numbers_are_refused(choices, message):
    with pytest.raises(InputError, match=message):
        Landscape((), **choices)
