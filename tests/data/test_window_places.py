"""Windows are counted off base by base along the gene, as slowly and plainly as can be."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.window_places import (
    WindowChoice,
    WindowShape,
    choose_transcripts,
    place_windows,
)
from seqexpr.errors import InputError


def counted(start: int, end: int, strand: str, *, shape: WindowShape) -> list[int]:
    """Walk along the strand of the gene and list the bases of its window, in the order read."""
    step = -1 if strand == "-" else 1
    gene = list(range(start, end))[::step]
    if shape.region == "tss":
        first = gene[0]
        return [first + step * i for i in range(-shape.upstream, shape.downstream)]
    if shape.region == "tes":
        last = gene[-1]
        return [last + step * i for i in range(1 - shape.upstream, 1 + shape.downstream)]
    if shape.width is not None:
        middle = gene[len(gene) // 2]
        return [middle + step * (i - shape.width // 2) for i in range(shape.width)]
    before = [gene[0] - step * i for i in range(shape.upstream, 0, -1)]
    after = [gene[-1] + step * i for i in range(1, shape.downstream + 1)]
    return [*before, *gene, *after]


SHAPES = st.one_of(
    st.builds(WindowShape, st.sampled_from(["tss", "tes"]), st.integers(1, 40), st.integers(0, 40)),
    st.builds(WindowShape, st.just("interval"), st.integers(0, 9), st.integers(0, 9)),
    st.builds(WindowShape, st.just("interval"), st.just(0), st.just(0), st.integers(1, 40)),
)


@given(
    shape=SHAPES,
    start=st.integers(0, 60),
    length=st.integers(1, 60),
    strand=st.sampled_from("+-"),
)
def test_a_window_is_what_counting_gives(shape, start, length, strand):
    bases = counted(start, start + length, strand, shape=shape)
    features = pd.DataFrame({"start": [start], "end": [start + length], "strand": [strand]})
    [[low, high]] = place_windows(features, shape).values.tolist()
    assert list(range(low, high))[:: -1 if strand == "-" else 1] == bases


def test_the_start_of_transcription_stands_after_the_upstream_bases():
    # U00096.3: thrL is transcribed from base 148 (counted from 1), so its 0-based place is 147.
    features = pd.DataFrame({"start": [147, 147], "end": [255, 255], "strand": ["+", "-"]})
    placed = place_windows(features, WindowShape("tss", 40, 10)).values.tolist()
    assert placed == [[107, 157], [245, 295]]
    assert 147 - placed[0][0] == 40
    assert placed[1][1] - 1 - 254 == 40


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("canonical", ["a2", "b1", "c1"]),
        ("longest", ["a1", "b1", "c1"]),
        ("first", ["a0", "b0", "c1"]),
        ("all", ["a0", "a1", "a2", "b0", "b1", "b2", "c1"]),
    ],
)
def test_which_transcripts_of_a_gene(rule, kept):
    features = pd.DataFrame(
        {
            "gene": list("aaabbbc"),
            "transcript": ["a0", "a1", "a2", "b0", "b1", "b2", "c1"],
            "start": [0, 0, 10, 5, 0, 0, 3],
            "end": [50, 90, 20, 10, 10, 10, 4],
            "is_canonical": [False, False, True, False, False, False, False],
        }
    )
    assert choose_transcripts(features, rule)["transcript"].tolist() == kept


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"region": "promoter"}, "region 'promoter'; expected tss or tes or interval"),
        ({"region": "tts"}, r"did you mean 'tss'\?"),
        ({"transcripts": "longset"}, r"did you mean 'longest'\?"),
        ({"on_edge": "clip"}, "expected pad or drop"),
        ({"upstream": -1}, "at least 0"),
        ({"upstream": 0, "downstream": 0}, "not both 0"),
        ({"width": 10}, "with --region interval"),
        ({"region": "interval", "width": 0}, "at least 1 base"),
        ({"region": "interval", "width": 5, "upstream": 3}, "without --upstream"),
    ],
)
def test_a_choice_that_makes_no_window(choice, message):
    with pytest.raises(InputError, match=message):
        WindowChoice(**choice).shape("gtf")
