"""Simulated twins: like the library, with motifs that can be told apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from seqexpr.data.motifs import Motif
from seqexpr.interpretation.twin import (
    count_recovered,
    is_motif_of,
    simulate_twin,
    untrained_twin,
)
from seqexpr.models.blending import BlendedRegressor
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.registry import make_model


def test_a_twin_is_like_the_library(library):
    twin = simulate_twin(library.sequences, n=2000, r2=0.6, fixed=False,
                         rng=np.random.default_rng(0))  # fmt: skip
    assert {len(sequence) for sequence in twin.sequences} == {80}
    carried = np.array([[site in text for site in twin.sites] for text in twin.sequences])
    assert carried.mean(axis=0).tolist() == pytest.approx([0.25] * 5, abs=0.06)
    design = np.column_stack([carried, np.ones(2000)])
    fitted = design @ np.linalg.lstsq(design, twin.y, rcond=None)[0]
    assert 1 - np.var(twin.y - fitted) / np.var(twin.y) == pytest.approx(0.6, abs=0.06)
    motifs = [Motif.from_consensus(site) for site in twin.sites]
    assert not any(is_motif_of(motifs[i], twin.sites[j]) for i, j in combinations(range(5), 2))


def test_fixed_motifs_stand_at_one_place():
    twin = simulate_twin(["ACGT" * 15] * 9, n=300, r2=0.5, fixed=True,
                         rng=np.random.default_rng(1))  # fmt: skip
    for site in twin.sites:
        starts = [text.find(site) for text in twin.sequences if site in text]
        assert np.bincount(starts).max() / len(starts) > 0.9


def test_short_sequences_get_short_sites():
    twin = simulate_twin(["ACGTACGTACGTACGTACGTACGT"] * 5, n=20, r2=0.5, fixed=False,
                         rng=np.random.default_rng(0))  # fmt: skip
    assert {len(site) for site in twin.sites} == {4}


def test_what_counts_as_recovered():
    motif = Motif.from_consensus("TGACTCA", conservation=0.9)
    assert is_motif_of(motif, "TGACTCA")
    assert is_motif_of(motif, "ATGACTC")
    assert is_motif_of(motif, "TGAGTCA")  # its other strand
    assert not is_motif_of(motif, "TTTTTTT")
    assert not is_motif_of(Motif.from_consensus("NNNNNNN"), "TGACTCA")
    assert count_recovered([motif], ["TGACTCA", "CCCGGG"]) == 1


def test_an_untrained_twin_is_for_one_target_with_single_networks():
    members = [make_model("ridge"), Pipeline([("network", NeuralRegressor(n_members=5))])]
    blend = BlendedRegressor(members, weights=[[1.0, 0.0], [0.2, 0.8]])
    twin = untrained_twin(Pipeline([("blend", blend)]), target=1)
    assert twin[-1].weights == [0.2, 0.8]
    assert twin[-1].members[1][-1].n_members == 1
    assert members[1][-1].n_members == 5  # the user's is as it was
    alone = untrained_twin(Pipeline([("network", NeuralRegressor(n_members=3))]))
    assert alone[-1].n_members == 1
