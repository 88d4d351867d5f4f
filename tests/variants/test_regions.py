"""Regions by place, beside looking at each of them; and reading them from files."""

import gzip

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.reference import ReferenceGenome
from seqexpr.errors import ColumnError, InputError, TableError
from seqexpr.variants.regions import Placement, Regions, read_regions
from seqexpr.variants.windows import Allele, Window

_SPANS = st.tuples(st.integers(0, 30), st.integers(1, 20))


@given(st.lists(_SPANS, max_size=15), st.integers(0, 50), st.integers(0, 6))
def test_regions_are_those_that_hold_the_change(spans, start, length):
    windows = [Window("1", s, s + n, name=str(i)) for i, (s, n) in enumerate(spans)]
    allele = Allele("1", start, start + length, "ACG")
    found = {window.name for window in Regions(windows).holding(allele)}
    assert found == {window.name for window in windows if window.holds(allele)}
    assert Regions(windows).holding(Allele("2", start, start + length, "")) == []


def test_bed_and_a_table_say_the_same(genome, tmp_path):
    bed = "track name=x\n#comment\n1\t9\t39\ta\t0\t-\nchr2\t0\t30\tb\n\nchr7\t1\t5\n"
    (tmp_path / "r.bed").write_text(bed)
    with gzip.open(tmp_path / "r.bed.gz", "wt") as file:
        file.write(bed)
    frame = pd.DataFrame(
        {
            "chrom": ["1", "chr2"],
            "start": [9, 0],
            "end": [39, 30],
            "strand": ["-", "."],
            "id": ["a", "b"],
        }
    )
    frame.to_csv(tmp_path / "r.csv", index=False)
    expected = [Window("chr1", 9, 39, "-", "a"), Window("chr2", 0, 30, "+", "b")]
    with ReferenceGenome.open(genome.path) as reference:
        for name in ("r.bed", "r.bed.gz", "r.csv"):
            assert list(read_regions(tmp_path / name, reference)) == expected


@pytest.mark.parametrize(
    ("text", "name", "error", "message"),
    [
        ("chr1\t5\n", "r.bed", TableError, "expected GTF, GFF3 or BED"),
        ("chr1\t9\t5\n", "r.bed", TableError, "r.bed"),
        ("chr1\tx\t5\n", "r.bed", TableError, "expected GTF, GFF3 or BED"),
        ("", "r.bed", TableError, "r.bed"),
        ("chrom,start,end\nchr1,9,5\n", "r.csv", TableError, "'9' and end '5' are no region"),
        ("chr7\t1\t5\n", "r.bed", InputError, "no region lies on a chromosome of genome.fa"),
        ("chromosme,start,end\nchr1,1,5\n", "r.csv", ColumnError, "did you mean 'chromosme'"),
        ("chrom,start,end\nchr1,1.5,5\n", "r.csv", TableError, "row 1: start .*1.5"),
    ],
)
def test_what_is_no_region_is_told(genome, tmp_path, text, name, error, message):
    (tmp_path / name).write_text(text)
    with (
        ReferenceGenome.open(genome.path) as reference,
        pytest.raises(error, match=message),
    ):
        read_regions(tmp_path / name, reference)


def test_windows_are_as_long_as_the_training_sequences():
    assert Placement.around(None, (30, 30)).length == 30
    assert Placement.around(50, (30, 40)).length == 50
    with pytest.raises(InputError, match=r"30 to 40 bases; .*--window 40"):
        Placement.around(None, (30, 40))
    with pytest.raises(InputError, match="a window of 0 bases"):
        Placement.around(0, (30, 30))


def test_both_strands_are_two_windows():
    found = Placement(5, strands="both").windows(Allele("1", 10, 11, "T"))
    assert [(w.start, w.end, w.strand) for w in found] == [(8, 13, "+"), (8, 13, "-")]
