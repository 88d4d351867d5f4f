"""The same genes as Ensembl, GENCODE, RefSeq, NCBI's bacteria, StringTie and FlyBase write them."""

from __future__ import annotations

import pytest

from seqexpr.data.annotation import read_annotation
from seqexpr.errors import TableError

GTF_ENSEMBL = """#!genome-build GRCh38.p14
1\thavana\tgene\t101\t200\t.\t-\t.\tgene_id "ENSG01"; gene_version "5"; gene_name "ABC"; gene_biotype "protein_coding";
1\thavana\ttranscript\t101\t200\t.\t-\t.\tgene_id "ENSG01"; gene_version "5"; transcript_id "ENST01"; gene_name "ABC"; gene_biotype "protein_coding"; tag "basic"; tag "Ensembl_canonical";
1\thavana\texon\t101\t200\t.\t-\t.\tgene_id "ENSG01"; transcript_id "ENST01"; exon_number "1";
1\thavana\ttranscript\t111\t190\t.\t-\t.\tgene_id "ENSG01"; transcript_id "ENST02"; gene_name "ABC"; gene_biotype "protein_coding"; tag "basic";
"""
GTF_GENCODE = """##format: gtf
chr1\tHAVANA\tgene\t101\t200\t.\t-\t.\tgene_id "ENSG01.5"; gene_type "protein_coding"; gene_name "ABC"; level 2;
chr1\tHAVANA\ttranscript\t101\t200\t.\t-\t.\tgene_id "ENSG01.5"; transcript_id "ENST01.2"; gene_type "protein_coding"; gene_name "ABC"; level 2; tag "MANE_Select"; tag "basic";
chr1\tHAVANA\ttranscript\t111\t190\t.\t-\t.\tgene_id "ENSG01.5"; transcript_id "ENST02.1"; gene_type "protein_coding"; gene_name "ABC"; tag "basic";
"""
GFF3_ENSEMBL = """##gff-version 3
##sequence-region   1 1 1000
1\tGRCh38\tchromosome\t1\t1000\t.\t.\t.\tID=chromosome:1;Alias=CM000663.2
###
1\tensembl\tgene\t101\t200\t.\t-\t.\tID=gene:ENSG01;Name=ABC;biotype=protein_coding;description=a%3B b;gene_id=ENSG01;version=5
1\tensembl\tmRNA\t101\t200\t.\t-\t.\tID=transcript:ENST01;Parent=gene:ENSG01;Name=ABC-201;biotype=protein_coding;tag=basic,Ensembl_canonical;transcript_id=ENST01;version=2
1\tensembl\texon\t101\t200\t.\t-\t.\tParent=transcript:ENST01;exon_id=ENSE1
1\tensembl\tmRNA\t111\t190\t.\t-\t.\tID=transcript:ENST02;Parent=gene:ENSG01;Name=ABC-202;biotype=protein_coding;tag=basic;transcript_id=ENST02
"""
GFF3_GENCODE = """##gff-version 3
chr1\tHAVANA\tgene\t101\t200\t.\t-\t.\tID=ENSG01.5;gene_id=ENSG01.5;gene_type=protein_coding;gene_name=ABC;level=2
chr1\tHAVANA\ttranscript\t101\t200\t.\t-\t.\tID=ENST01.2;Parent=ENSG01.5;gene_id=ENSG01.5;transcript_id=ENST01.2;gene_type=protein_coding;gene_name=ABC;tag=basic,Ensembl_canonical,MANE_Select
chr1\tHAVANA\ttranscript\t111\t190\t.\t-\t.\tID=ENST02.1;Parent=ENSG01.5;gene_id=ENSG01.5;transcript_id=ENST02.1;gene_type=protein_coding;gene_name=ABC;tag=basic
"""
GFF3_REFSEQ = """##gff-version 3
NC_1.1\tRefSeq\tregion\t1\t1000\t.\t+\t.\tID=NC_1.1:1..1000;Dbxref=taxon:9606
NC_1.1\tBestRefSeq\tgene\t101\t200\t.\t-\t.\tID=gene-ABC;Dbxref=GeneID:1;Name=ABC;gbkey=Gene;gene=ABC;gene_biotype=protein_coding
NC_1.1\tBestRefSeq\tmRNA\t101\t200\t.\t-\t.\tID=rna-NM_1.2;Parent=gene-ABC;Name=NM_1.2;gbkey=mRNA;gene=ABC;tag=MANE Select;transcript_id=NM_1.2
NC_1.1\tBestRefSeq\texon\t101\t200\t.\t-\t.\tID=exon-NM_1.2-1;Parent=rna-NM_1.2
NC_1.1\tGnomon\tmRNA\t111\t190\t.\t-\t.\tID=rna-XM_2.1;Parent=gene-ABC;gbkey=mRNA;gene=ABC;transcript_id=XM_2.1
"""


@pytest.fixture
def genes(save):
    """Read an annotation and give its features as rows."""

    def read(text: str, name: str = "a.gff"):
        annotation = read_annotation(save(text, name))
        columns = ["gene", "gene_name", "transcript", "start", "end", "strand", "is_canonical"]
        return annotation, annotation.features[columns].values.tolist()

    return read


@pytest.mark.parametrize(
    ("text", "gene", "transcripts"),
    [
        (GTF_ENSEMBL, "ENSG01", ("ENST01", "ENST02")),
        (GTF_GENCODE, "ENSG01.5", ("ENST01.2", "ENST02.1")),
        (GFF3_ENSEMBL, "ENSG01", ("ENST01", "ENST02")),
        (GFF3_GENCODE, "ENSG01.5", ("ENST01.2", "ENST02.1")),
        (GFF3_REFSEQ, "ABC", ("NM_1.2", "XM_2.1")),
    ],
    ids=["gtf-ensembl", "gtf-gencode", "gff3-ensembl", "gff3-gencode", "gff3-refseq"],
)
def test_the_styles_of_sources_say_the_same(genes, text, gene, transcripts):
    annotation, rows = genes(text)
    assert rows == [
        [gene, "ABC", transcripts[0], 100, 200, "-", True],
        [gene, "ABC", transcripts[1], 110, 190, "-", False],
    ]
    assert annotation.features["biotype"].unique().tolist() == ["protein_coding"]
    assert annotation.n_genes == 1


def test_genes_of_bacteria_have_no_transcripts_but_those_of_rna(genes):
    annotation, rows = genes(
        "##gff-version 3\n"
        "U1\tGenbank\tregion\t1\t9000\t.\t+\t.\tID=U1:1..9000;Is_circular=true\n"
        "U1\tGenbank\tgene\t190\t255\t.\t+\t.\tID=gene-b0001;Name=thrL;gbkey=Gene;gene=thrL;gene_biotype=protein_coding;locus_tag=b0001\n"
        "U1\tGenbank\tCDS\t190\t255\t.\t+\t0\tID=cds-AAC73112.1;Parent=gene-b0001;gene=thrL;locus_tag=b0001\n"
        "U1\tGenbank\tpseudogene\t300\t350\t.\t-\t.\tID=gene-b0002;Name=p;gbkey=Gene;locus_tag=b0002\n"
        "U1\tGenbank\tgene\t400\t475\t.\t+\t.\tID=gene-b0003;Name=argX;gene_biotype=tRNA;locus_tag=b0003\n"
        "U1\tGenbank\ttRNA\t400\t475\t.\t+\t.\tID=rna-b0003;Parent=gene-b0003;gbkey=tRNA;gene=argX;locus_tag=b0003\n"
        "U1\tGenbank\texon\t400\t475\t.\t+\t.\tID=exon-b0003-1;Parent=rna-b0003\n"
        "U1\tGenbank\tmobile_genetic_element\t500\t600\t.\t+\t.\tID=id-1;gbkey=mobile_element\n"
    )
    assert [row[:4] for row in rows] == [
        ["b0001", "thrL", "", 189],
        ["b0002", "p", "", 299],
        ["b0003", "argX", "b0003", 399],
    ]
    biotypes = annotation.features["biotype"].tolist()
    assert biotypes == ["protein_coding", "pseudogene", "tRNA"]


def test_gtf_of_bacteria(genes):
    _, rows = genes(
        'U1\tGenbank\tgene\t190\t255\t.\t+\t.\tgene_id "b0001"; transcript_id ""; gene "thrL"; gene_biotype "protein_coding"; \n'
        'U1\tGenbank\tCDS\t190\t252\t.\t+\t0\tgene_id "b0001"; transcript_id "unassigned_transcript_1"; gene "thrL";\n'
    )
    assert rows == [["b0001", "thrL", "", 189, 255, "+", False]]


def test_transcripts_are_made_of_exons_where_nothing_else_is_there(genes):
    annotation, rows = genes(
        'c\tu\texon\t11\t20\t.\t+\t.\tgene_id "g1"; transcript_id "t1";\n'
        'c\tu\tCDS\t15\t20\t.\t+\t0\tgene_id "g1"; transcript_id "t1";\n'
        'c\tu\texon\t5\t30\t.\t-\t.\tgene_id "g2"; transcript_id "t2";\n'
        'c\tu\texon\t41\t60\t.\t+\t.\tgene_id "g1"; transcript_id "t1";\n'
    )
    assert [row[:5] for row in rows] == [["g1", "", "t1", 10, 60], ["g2", "", "t2", 4, 30]]
    assert "made of their exons" in annotation.notes[0]


def test_transcripts_without_lines_of_genes(genes):
    _, rows = genes(
        'c\tStringTie\ttranscript\t11\t20\t1000\t+\t.\tgene_id "STRG.1"; transcript_id "STRG.1.1"; FPKM "2.5";\n'
    )
    assert rows == [["STRG.1", "", "STRG.1.1", 10, 20, "+", False]]
    _, rows = genes("c\tx\tmRNA\t11\t20\t.\t+\t.\tID=t1;Parent=g%201\n")
    assert rows == [["g 1", "", "t1", 10, 20, "+", False]]


def test_a_pseudogene_that_is_a_child_of_a_gene_is_its_transcript(genes):
    _, rows = genes(
        "X\tFlyBase\tgene\t11\t90\t.\t+\t.\tID=FBgn1;Name=Cr1\n"
        "X\tFlyBase\tpseudogene\t21\t90\t.\t+\t.\tID=FBtr1;Name=Cr1-RA;Parent=FBgn1\n"
    )
    assert rows == [["FBgn1", "Cr1", "FBtr1", 20, 90, "+", False]]


@pytest.mark.parametrize(
    "text",
    ['c\tx\tgene\t1\t9\t.\t+\t.\tname "a";\n', "c\tx\tgene\t1\t9\t.\t+\t.\tnote=a\n"],
    ids=["gtf", "gff3"],
)
def test_a_gene_without_a_name_is_an_error(save, text):
    with pytest.raises(TableError, match=r"1 lines name no gene \(first: line 1\)"):
        read_annotation(save(text))
