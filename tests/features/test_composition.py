from __future__ import annotations

import numpy as np
import pytest
from Bio.SeqUtils import gc_fraction
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from seqexpr.errors import SequenceError
from seqexpr.features.composition import Composition
from seqexpr.sequences import reverse_complement


def described(*sequences):
    return Composition().fit_transform(list(sequences))


@given(st.text(alphabet="ACGTacgtUuNRY-", max_size=50))
def test_the_four_numbers_as_defined(sequence):
    text = sequence.upper().replace("U", "T")
    n = {base: text.count(base) for base in "ACGT"}
    known = sum(n.values())
    expected = n["C"] * n["G"]
    row = [
        (n["G"] + n["C"]) / known if known else 0,
        len(text),
        text.count("CG") * known / expected if expected else 0,
        (len(text) - known) / len(text) if text else 0,
    ]
    assert described(sequence)[0].tolist() == pytest.approx(row)


@given(st.text(alphabet="ACGTN", max_size=50))
def test_gc_is_biopythons(sequence):
    # "remove" leaves N out of the length, as we do.
    assert described(sequence)[0, 0] == pytest.approx(gc_fraction(sequence, "remove"))


@given(st.text(alphabet="ACGTNRY", max_size=50))
def test_both_strands_are_described_alike(sequence):
    forward, backward = described(sequence, reverse_complement(sequence))
    assert forward.tolist() == backward.tolist()
    assert Composition().is_strand_symmetric


def test_a_cpg_needs_its_bases_side_by_side():
    cpg = described("CCGG", "CNG", "GC", "CGCG")[:, 2]
    assert cpg.tolist() == [1 * 4 / (2 * 2), 0, 0, 2 * 4 / (2 * 2)]


def test_no_sequences_and_wrong_ones():
    assert described().shape == (0, 4)
    assert described("ACGT").dtype == np.float64
    with pytest.raises(SequenceError, match="expected a str, found NoneType"):
        described("A", None)
    with pytest.raises(SequenceError, match="got one str"):
        Composition().transform("ACGT")


def test_it_has_no_parameters_and_names_its_columns():
    composition = clone(Composition())
    assert composition.get_params() == {}
    assert composition.get_feature_names_out().tolist() == ["gc", "length", "cpg_oe", "unknown"]
    frame = composition.set_output(transform="pandas").fit_transform(["ACGT"])
    assert frame.iloc[0].to_dict() == {"gc": 0.5, "length": 4, "cpg_oe": 4, "unknown": 0}
