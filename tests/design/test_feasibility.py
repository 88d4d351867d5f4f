"""Contradictions: what is told is certain, by trying every sequence."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.design.constraints import Constraints, GcWindow
from seqexpr.design.feasibility import contradictions
from seqexpr.design.space import Space
from seqexpr.errors import InputError

LENGTH = 5
EVERY = np.array(list(product(range(4), repeat=LENGTH)), dtype=np.uint8)


@settings(max_examples=150)
@given(
    seed=st.integers(0, 10_000), share=st.sampled_from([0.2, 0.6, 1.0]),
    gc=st.sampled_from([(0.0, 1.0), (0.8, 1.0), (0.0, 0.2), (0.5, 0.59)]),
    window=st.sampled_from([None, GcWindow(2, 0.5, 0.5), GcWindow(3, 0.0, 0.34)]),
    longest=st.sampled_from([None, 1, 2]), changes=st.sampled_from([None, 1, 2]),
    codons=st.sampled_from([(), ("ATG",)]), forbidden=st.sampled_from([(), ("AC",), ("RRN",)]),
)  # fmt: skip
def test_where_a_contradiction_is_told_no_sequence_meets_all(
    seed, share, gc, window, longest, changes, codons, forbidden
):
    rng = np.random.default_rng(seed)
    rules = Constraints(
        gc=gc, gc_window=window, max_homopolymer=longest, max_changes=changes, forbidden=forbidden,
        start_codons=codons, left_flank="CAT", right_flank="GGA",
    )  # fmt: skip
    start = rng.integers(4, size=(1, LENGTH)).astype(np.uint8)
    single = (1 << rng.integers(4, size=(1, LENGTH))).astype(np.uint8)
    allowed = np.where(rng.random((1, LENGTH)) < share, single, 15).astype(np.uint8)
    space = Space(rules, start, ("s",), allowed)
    origins = np.zeros(len(EVERY), dtype=np.int64)
    good = space.is_permitted(EVERY, origins) & ~space.violations(EVERY, origins).any(axis=1)
    good &= (start != EVERY).any(axis=1)
    if contradictions(space, 0):
        assert not good.any()


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"template": "NNGAATTCNNNN", "forbidden": ("EcoRI",)}, r"the site of EcoRI \(GAATTC\) stands at positions 3 to 8"),
        ({"template": "GANNNNNNNNNN", "left_flank": "GGTCTC", "forbidden": ("TCGA",)}, r"TCGA stands at positions -1 to 2 \(across a flank\)"),
        ({"template": "NNAAAANNNNNN", "max_homopolymer": 3}, "4 A in a row stand at positions 3 to 6"),
        ({"template": "NNATGNNNNNNN", "start_codons": ("ATG",)}, "new start codon ATG at positions 3 to 5"),
        ({"template": "SSSSSSNNNNNN", "gc": (0.0, 0.4)}, "leave 6 to 12"),
        ({"template": "TTTTTTNNNNNN", "max_changes": 3}, "the template changes 5 bases of the start"),
        ({"gc": (0.9, 1.0), "max_changes": 2}, "the start has 6 G and C, 11 to 12 are allowed"),
        ({"gc": (0.51, 0.52)}, "no number of G and C among 12 bases"),
        ({"gc_window": GcWindow(20, 0.1, 0.9)}, "windows of 20 bases, the sequences have 12"),
        ({"template": "WWWWNNNNNNNN", "gc_window": GcWindow(4, 0.5, 1.0)}, "positions 1 to 4 leave 0 to 0"),
        ({"fixed": ((0, 12),)}, "nothing may change"),
        ({"template": "a" * 0 + "acgtacgtacgt"}, "nothing may change"),
        ({"distance": 13}, "distance = 13, but only 12 bases are free"),
        ({"template": "NNNN"}, "template: 4 letters, but s0 has 12 bases"),
        ({"fixed": ((10, 20),)}, "fixed: positions 11 to 20, but s0 has 12 bases"),
        ({"template": "cNNNNNNNNNNN"}, "position 1 is to keep the base of s0, A, but the template says otherwise"),
    ],
)  # fmt: skip
def test_contradictions_are_named(choices, message, tools):
    with pytest.raises(InputError, match=message):
        tools.space_of(Constraints(**choices), starts=["ACGTACGTACGT"])


def test_starts_that_cannot_be_designed_from_are_left_out(tools):
    rules = Constraints(template="n" * 3 + "N" * 5, forbidden=("AAA",))
    space = tools.space_of(rules, starts=["AAACCCCC", "ACACCCCC"])
    assert space.names == ("s1",)
