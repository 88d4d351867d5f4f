"""Pasted text is read as files are."""

from __future__ import annotations

import gzip
import io

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.serve.problems import Problem
from seqexpr.serve.reading import read_text

SEQUENCES = st.lists(st.text("ACGTacgtN", min_size=1, max_size=60), min_size=1, max_size=8)


@settings(max_examples=25)
@given(SEQUENCES)
def test_lines_fasta_and_tables_say_the_same(sequences):
    names = [f"s{k}" for k in range(len(sequences))]
    fasta = "".join(f">{n}\n{s}\n" for n, s in zip(names, sequences, strict=True))
    table = "name,sequence\n" + "".join(f"{n},{s}\n" for n, s in zip(names, sequences, strict=True))
    lines = read_text("\r\n\n".join(sequences).encode())
    assert lines.sequences == sequences
    assert lines.ids == [f"row {k}" for k in range(1, len(sequences) + 1)]
    for text in (fasta, table, table.replace(",", "\t")):
        read = read_text(text.encode())
        assert (read.ids, read.sequences) == (names, sequences)


def test_covariates_are_taken_where_there_are_columns():
    text = b"id,seq,condition\na,ACGT,YPD\nb,TTTT,\n"
    read = read_text(text, covariates=("condition", "dose"))
    assert read.covariates == {"condition": ["YPD", None]}
    assert read.sequences == ["ACGT", "TTTT"]


@pytest.mark.parametrize(
    ("data", "status", "message"),
    [
        (b"", 400, "the text"),
        (b"id,sequence\n", 400, "has a header but no rows"),
        (b"a,b\n1,2\n", 400, "the text: "),
        (b"\x00\x01\x02", 400, "the text"),
        (b"%PDF-1.4", 400, "a PDF"),
        (b"ACGT\n" * 11, 413, "more than 10 sequences"),
        (b">a\nACGT\n" * 11, 413, "more than 10 sequences"),
        (gzip.compress(b">a\nACGT\n"), 415, "compressed files are not read here"),
    ],
    ids=["empty", "header", "columns", "binary", "pdf", "lines", "records", "gzip"],
)
def test_what_cannot_be_read_is_said(data, status, message):
    with pytest.raises(Problem, match=message) as said:
        read_text(data, most=10)
    assert said.value.status_code == status
    assert "/tmp" not in str(said.value.to_dict())


def test_workbooks_are_for_jobs():
    buffer = io.BytesIO()
    pd.DataFrame({"sequence": ["ACGT"]}).to_excel(buffer, index=False)
    with pytest.raises(Problem, match="workbooks"):
        read_text(buffer.getvalue())
