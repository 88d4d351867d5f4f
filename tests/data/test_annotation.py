"""Annotations as they come: compressed, with comments, from Windows, damaged."""

from __future__ import annotations

import bz2
import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.data.annotation import read_annotation
from seqexpr.errors import TableError

INTERVAL = st.tuples(
    st.sampled_from(["chr1", "2", "MT"]),
    st.integers(0, 10**9),
    st.integers(1, 10**6),
    st.sampled_from("+-."),
)


def as_gtf(rows):
    return "".join(
        f'{where}\tx\tgene\t{start + 1}\t{start + length}\t.\t{strand}\t.\tgene_id "g{i}";\n'
        for i, (where, start, length, strand) in enumerate(rows)
    )


def as_gff3(rows):
    return "##gff-version 3\n" + "".join(
        f"{where}\tx\tgene\t{start + 1}\t{start + length}\t.\t{strand}\t.\tID=gene:g{i}\n"
        for i, (where, start, length, strand) in enumerate(rows)
    )


def as_bed(rows):
    return "".join(
        f"{where}\t{start}\t{start + length}\tg{i}\t0\t{strand}\n"
        for i, (where, start, length, strand) in enumerate(rows)
    )


@settings(max_examples=25)
@given(rows=st.lists(INTERVAL, min_size=1, max_size=5))
def test_gtf_counts_from_1_and_bed_from_0_and_all_agree(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("annotation")
    expected = [
        [where, start, start + length, strand, f"g{i}"]
        for i, (where, start, length, strand) in enumerate(rows)
    ]
    for kind, write in (("gtf", as_gtf), ("gff3", as_gff3), ("bed", as_bed)):
        path = folder / "annotation"
        path.write_text(write(rows))
        annotation = read_annotation(path)
        columns = ["chromosome", "start", "end", "strand", "gene"]
        assert annotation.features[columns].values.tolist() == expected
        assert (annotation.format, annotation.n_genes) == (kind, len(rows))


ROWS = [("1", 4, 10, "+"), ("2", 0, 5, "-")]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("write", [as_gtf, as_gff3, as_bed])
def test_comments_blank_lines_and_line_ends(save, write, newline):
    text = "# made by me\n\n" + write(ROWS) + "###\n#end\n\n"
    features = read_annotation(save(text.replace("\n", newline))).features
    assert features["end"].tolist() == [14, 5]


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress])
def test_compressed(save, compress):
    path = save(compress(as_gtf(ROWS).encode()), "a.gtf.gz")
    assert read_annotation(path).features["gene"].tolist() == ["g0", "g1"]


def test_the_sequences_at_the_end_of_gff3_are_left_alone(save):
    tail = ">1 a chromosome\nACGTACGT\n>2\nACGT\n"
    for text in (as_gff3(ROWS) + "##FASTA\n" + tail, as_gff3(ROWS) + tail):
        assert read_annotation(save(text)).n_genes == 2


def test_bed_as_people_have_it(save):
    text = (
        "browser position chr1:1-50\ntrack name=peaks description='a b'\n"
        "chr1 5 9\nchr1\t5\t9\tpeak\nchr1\t2\t4\t.\t0\t?\nchr1\t1\t3\ta\t0\t-\t1\t3\t0,0,0\n"
    )
    rows = read_annotation(save(text)).features[["start", "end", "strand", "gene"]]
    assert rows.values.tolist() == [
        [5, 9, ".", "chr1:5-9"], [5, 9, ".", "peak"], [2, 4, ".", "chr1:2-4"], [1, 3, "-", "a"],
    ]  # fmt: skip
    headed = save("chrom\tstart\tend\tname\nchr1\t5\t9\tx\n", "headed.bed")
    assert read_annotation(headed).features["gene"].tolist() == ["x"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("# nothing\n#\n", "holds only comments; expected GTF, GFF3 or BED"),
        ("gene,tpm\na,5\n", "starts with 'gene,tpm'; expected GTF, GFF3 or BED"),
        (">chr1\nACGT\n", "is fasta, which names no genes"),
        (as_gtf(ROWS).replace("\t", " "), "parted by spaces; expected tabs"),
        (as_gtf(ROWS).replace("gene_id", "=5 "), "the ninth column is"),
        (as_gtf(ROWS) + "1\tx\tgene\t5\n", "line 3 has 4 columns; expected 9"),
        (as_gtf(ROWS) + as_gtf([("1", 8, -4, "+")]), "line 3: it ends before it starts"),
        (as_gtf([("1", -1, 5, "+")]), "line 1: it starts before 1; found 1 0 4"),
        (as_gtf(ROWS).replace("\t15\t", "\tx5\t").replace("\t14\t", "\t1e3x\t"), "is no number"),
        (as_gtf(ROWS).replace("\t+\t", "\tplus\t"), "line 1: its strand is none of"),
        (as_bed(ROWS).replace("2\t0\t5", "2\t5\t0"), "line 2: it ends before it starts"),
        (as_bed(ROWS).replace("2\t0\t5", "2\t0"), "line 2: its place is no number"),
        (as_bed(ROWS) + "1 5\n", "line 3 has 2 columns; BED has 3"),
        (as_gff3(ROWS).replace("\tgene\t", "\trepeat_region\t"), "holds no gene"),
    ],
)
def test_what_is_no_annotation_is_told(save, text, message):
    with pytest.raises(TableError, match=message):
        read_annotation(save(text))


def test_a_missing_file_is_told(tmp_path):
    (tmp_path / "genes.gtf").write_text(as_gtf(ROWS))
    with pytest.raises(TableError, match=r"did you mean 'genes.gtf'\?"):
        read_annotation(tmp_path / "gene.gtf")
