from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from seqexpr.data.gene_expression import ExpressionSource, read_families, read_gene_expression
from seqexpr.data.gene_names import GeneNames
from seqexpr.errors import ColumnError, InputError, TableError

FEATURES = pd.DataFrame(
    {
        "gene": ["ENSG01.4", "ENSG02.1", "ENSG03.1"],
        "gene_name": ["TP53", "MYC", "SEPTIN2"],
        "transcript": ["ENST1.1", "ENST2.1", "ENST3.1"],
    }
)


@pytest.fixture
def read(save):
    def from_text(text, name="tpm.tsv", **choices):
        source = ExpressionSource(str(save(text, name)), **choices)
        return read_gene_expression(source, GeneNames(FEATURES))

    return from_text


@pytest.mark.parametrize(
    "text",
    [
        "gene_id\tliver\tbrain\nENSG01\t1.5\t0\nENSG02\t2\tNA\n",
        "gene_id,gene_name,liver,brain\nENSG01.4,TP53,1.5,0\nENSG02.9,MYC,2,\n",
        "symbol\tlength\tliver\tbrain\nTP53\t900\t1.5\t0\nMYC\t80\t2\tnan\n",
        "liver\tbrain\nENSG01\t1.5\t0\nENSG02\t2\tNA\n",  # R's write.table
        '"","liver","brain"\n"ENSG01",1.5,0\n"ENSG02",2,NA\n',  # R's write.csv
        "#\nGeneid\tChr\tStart\tLength\tliver\tbrain\nENSG01\t1\t5\t5\t1.5\t0\nENSG02\t1\t5\t5\t2\tNA\n",
    ],
)
def test_tables_as_programs_write_them(read, text):
    found = read(text)
    assert found.values.index.tolist() == ["ENSG01.4", "ENSG02.1"]
    assert found.values.columns.tolist() == ["liver", "brain"]
    np.testing.assert_array_equal(found.values.to_numpy(), [[1.5, 0], [2, np.nan]])
    assert (found.n_rows, found.n_unmatched) == (2, 0)


def test_rows_of_other_genes_and_versions_are_counted(read):
    found = read("gene\ttpm\nENSG01.4\t1\nENSG02\t2\nENSG77\t3\nENSG03.8\t4\n")
    assert (found.n_unmatched, found.n_version) == (1, 2)
    assert "genes: column 'gene', as ids" in found.notes


def test_rows_that_are_the_same_are_one_and_others_are_asked_about(read):
    same = "gene\ttpm\nENSG01\t1\nENSG01\t1\nENSG02\t3\n"
    assert read(same).values["tpm"].tolist() == [1, 3]
    text = same + "ENSG01.4\t5\n"
    with pytest.raises(InputError, match=r"first: 'ENSG01.4', rows 1, 4\); pass --on-duplicate"):
        read(text)
    assert read(text, on_duplicate="sum").values["tpm"].tolist() == [6, 3]
    found = read(text, on_duplicate="mean")
    assert found.values["tpm"].tolist() == [3, 3]
    assert any("2 rows repeat the gene of another" in note for note in found.notes)


def test_genes_without_a_value_are_left_out_and_the_rest_is_remarked(read):
    found = read("gene\ta\tb\nENSG01\t0\tNA\nENSG02\tNA\t\nENSG03\t1\t2\n")
    assert found.values.index.tolist() == ["ENSG01.4", "ENSG03.1"]
    text = " ".join(found.notes)
    assert "1 genes have no value in any sample" in text
    assert "1 values are 0: for train --transform log2" in text
    assert "1 values are missing" in text
    logs = read("gene\ta\nENSG01\t-1.5\nENSG02\t0\n")
    assert any("below 0, so they are taken for logarithms" in note for note in logs.notes)


def test_a_pseudocount_is_added_to_what_was_measured(read):
    found = read("gene\ta\tb\nENSG01\t0\tNA\nENSG02\t2\t3\n", pseudocount=1)
    np.testing.assert_array_equal(found.values.to_numpy(), [[1, np.nan], [3, 4]])
    assert not any("are 0" in note for note in found.notes)
    for value in (-1, float("nan"), float("inf")):
        with pytest.raises(InputError, match="expected a number of at least 0"):
            read("gene\ta\nENSG01\t0\n", pseudocount=value)


def test_any_name_of_a_sample_is_one_unless_it_is_known_for_something_else(read):
    found = read("gene\tn limited\tcounts_rep\tLength\tstart\nENSG01\t1\t2\t3\t4\n")
    assert found.values.columns.tolist() == ["n limited", "counts_rep"]
    assert "not taken as a sample: 'Length', 'start'" in found.notes
    found = read("gene\ta\tLength\nENSG01\t1\t3\n", samples=("Length",))
    assert found.values.columns.tolist() == ["Length"]


def test_names_that_a_spreadsheet_damaged_are_told(read):
    found = read("symbol\ta\nTP53\t1\n2-Sep\t4\n")
    assert any("damaged by a spreadsheet (first: '2-Sep')" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "choices", "error", "message"),
    [
        ("gene\ta\nx\t1\n", {}, TableError, "none of its 1 rows.*found 'x'.*'ENSG01.4'"),
        ("Name\tTPM\nENST1\t1\n", {}, TableError, "names transcripts, not genes"),
        ("gene\ta\nENSG01\t1\n", {"samples": ("liver",)}, ColumnError, "no column 'liver'"),
        ("gene\ta\nENSG01\t1\n", {"gene_column": "gnee"}, ColumnError, r"did you mean 'gene'\?"),
        ("gene\tlength\nENSG01\t1\n", {}, ColumnError, "no column of numbers"),
        ("gene\ta\nENSG01\t1\nENSG02\tn/a\nENSG03\t2\n", {}, TableError, "row 2: 'n/a' is no"),
        ("gene\ta\nENSG01\t1,5\nENSG02\t2\n", {}, TableError, "decimal-comma"),
        ("gene\ta\n", {}, TableError, "no rows"),
        ("gene\ta\nENSG01\t1\n", {"on_duplicate": "max"}, InputError, "error, sum or mean"),
    ],
)
def test_what_cannot_be_read_is_told(read, text, choices, error, message):
    with pytest.raises(error, match=message):
        read(text, **choices)


def test_families_from_a_table_or_a_column(read, save):
    found = read("gene\ta\tfam\nENSG01\t1\tx\nENSG02\t2\t\n", family_column="fam")
    assert found.families == {"ENSG01.4": "x"}
    assert found.values.columns.tolist() == ["a"]
    names = GeneNames(FEATURES)
    for text in ("gene,kind\nTP53,x\nMYC,x\n", "note,family,gene\nq,x,ENSG01\nq,x,ENSG02\n"):
        families, note = read_families(save(text), names)
        assert families == {"ENSG01.4": "x", "ENSG02.1": "x"}
        assert note == "gene families: 2 genes of 1 families"
    with pytest.raises(ColumnError, match="which column names the family: 'p', 'q'"):
        read_families(save("gene,p,q\nTP53,1,2\n"), names)
