from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.vocabulary import ID, NOT_TARGET, SEQUENCE, TARGET, plain_name


def rank_of(name, ranks):
    plain = plain_name(name)
    return next((i for i, rank in enumerate(ranks) if re.fullmatch(rank.pattern, plain)), None)


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_a_plain_name_is_plain_already(name):
    assert plain_name(plain_name(name)) == plain_name(name)
    assert re.fullmatch("[0-9a-z_]*", plain_name(name))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("sequence", "promoter_sequence"),
        ("Sequence", "utr5_sequence"),
        ("DNA_Sequence", "promoter"),
        ("seq", "insert"),
    ],
)
def test_the_plain_sequence_outranks_its_parts(better, worse):
    assert rank_of(better, SEQUENCE) < rank_of(worse, SEQUENCE)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("expression", "raw_expression"),
        ("Expression Level", "mean_expression"),
        ("expression", "log2FC"),
        ("log2FoldChange", "K562_log2FC"),
        ("activity", "value"),
        ("mean_value", "value"),
        ("Dev_log2_enrichment", "y"),
    ],
)
def test_exact_targets_outrank_patterns(better, worse):
    assert rank_of(better, TARGET) < rank_of(worse, TARGET)


@pytest.mark.parametrize("name", ["id", "Name", "seqID", "oligo_id", "gene_id", "row_names"])
def test_names_of_rows(name):
    assert any(re.fullmatch(pattern, plain_name(name)) for pattern in ID)


@pytest.mark.parametrize(
    "name", ["reads", "n_replicates", "ct_0", "K562_sd", "p-value", "start", "Unnamed: 0"]
)
def test_numbers_beside_a_measurement(name):
    assert re.fullmatch(NOT_TARGET, plain_name(name))


@pytest.mark.parametrize("name", ["strength", "neuron", "norm", "set_point", "signal"])
def test_numbers_that_may_be_a_measurement(name):
    assert not re.fullmatch(NOT_TARGET, plain_name(name))
