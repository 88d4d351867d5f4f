from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.gene_names import GeneNames, without_version

FEATURES = pd.DataFrame(
    {
        "gene": ["ENSG01.4", "ENSG02.1", "ENSG02.7", "ENSG03.2_PAR_Y", "lacZ", "ENSG01.4"],
        "gene_name": ["TP53", "Y_RNA", "Y_RNA", "X", "", "TP53"],
        "transcript": ["ENST1.1", "ENST2.1", "", "", "", "ENST9.3"],
    }
)


def test_an_id_that_two_genes_have_without_version_is_neither():
    match = GeneNames(FEATURES).match(
        ["ENSG02", "ENSG02.7", "ENSG02.3", "ENSG01.9", "ENSG03_PAR_Y"]
    )
    assert match.genes == (None, "ENSG02.7", None, "ENSG01.4", "ENSG03.2_PAR_Y")
    assert (match.n_version, match.n_genes) == (2, 3)


def test_names_are_taken_where_they_find_more():
    match = GeneNames(FEATURES).match(["TP53", "Y_RNA", "", "X"])
    assert (match.by, match.genes) == ("name", ("ENSG01.4", None, None, "ENSG03.2_PAR_Y"))


def test_transcripts_are_told_from_genes():
    assert GeneNames(FEATURES).n_transcripts(["ENST1.7", "ENST2", "ENSG01", ""]) == 2


@given(st.from_regex(r"[A-Z]{2,5}\d{2,6}", fullmatch=True), st.integers(0, 99))
def test_a_version_is_taken_off_once_and_nothing_else(name, version):
    assert without_version(f"{name}.{version}") == name == without_version(name)
    assert without_version(f"{name}.{version}_PAR_Y") == f"{name}_PAR_Y"
