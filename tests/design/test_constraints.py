"""Constraints as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.design.constraints import (
    Constraints,
    GcWindow,
    read_gc_window,
    read_positions,
    read_share_range,
)
from seqexpr.errors import InputError

stretches = st.lists(st.tuples(st.integers(1, 99), st.integers(0, 9)), min_size=1, max_size=5)


@given(stretches)
def test_positions_are_read_as_they_are_written(parts):
    text = ",".join(f"{first}-{first + more}" for first, more in parts)
    assert read_positions(text) == tuple((first - 1, first + more) for first, more in parts)


@pytest.mark.parametrize("text", ["", "0-3", "5-2", "a", "1-2-3", "-4"])
def test_odd_positions_are_refused(text):
    with pytest.raises(InputError, match="counted from 1"):
        read_positions(text)


def test_ranges_are_read():
    assert read_share_range(" 0.35 - 0.65 ") == (0.35, 0.65)
    assert read_gc_window("20:0.2-0.8") == GcWindow(20, 0.2, 0.8)


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (read_share_range, "40-60", "write shares, such as 0.4-0.6"),
        (read_share_range, "0.6-0.4", "no range within 0 to 1"),
        (read_share_range, "half", "write a range of shares"),
        (read_share_range, "0..4-0.6", "write a range of shares"),
        (read_gc_window, "0.3-0.7", "write WIDTH:LOW-HIGH"),
        (read_gc_window, "0:0.3-0.7", "width = 0: must be at least 1"),
    ],
)
def test_odd_ranges_are_refused(read, text, message):
    with pytest.raises(InputError, match=message):
        read(text)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"max_homopolymer": 0}, "max_homopolymer = 0: must be at least 1"),
        ({"distance": 0}, "distance = 0: must be at least 1"),
        ({"template": "NNXN"}, "template: 'X' at position 3 is no IUPAC letter"),
        ({"template": "NN NN"}, "template: ' ' at position 3"),
        ({"left_flank": "AC!"}, "left_flank: '!' at position 3"),
        ({"start_codons": ("AT",)}, "start codon 'AT': must be three of A, C, G, T"),
        ({"fixed": ((4, 4),)}, "fixed: "),
        ({"forbidden": ("EcoR1",)}, "did you mean 'EcoRI'"),
        ({"gc": (0.7, 0.3)}, "gc: 0.7 to 0.3 is no range"),
    ],
)
def test_what_cannot_be_meant_is_refused(choices, message):
    with pytest.raises(InputError, match=message):
        Constraints(**choices)
