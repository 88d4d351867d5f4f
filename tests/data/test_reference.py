"""Bases of a genome: any place of any file is what a plain string gives."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from Bio import bgzf
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.reference import ReferenceGenome
from seqexpr.errors import InputError, UnknownNameError
from seqexpr.sequences import reverse_complement

pytest.importorskip("pyfaidx", reason="the extra genome is not installed")

LETTERS = "ACGTNacgtnuURYSWKMBDHV"
LINE = {"unix": "\n", "windows": "\r\n"}


def fasta(sequences: dict[str, str], *, width: int = 60, newline: str = "\n") -> str:
    """Write sequences in lines of `width` bases."""
    lines = []
    for name, bases in sequences.items():
        lines.append(f">{name} a description")
        lines += [bases[i : i + width] for i in range(0, len(bases), width)]
    return newline.join(lines) + newline


def expected(bases: str, start: int, end: int, *, strand: str = "+") -> str:
    """Go base by base, as slowly and plainly as can be."""
    inside = (bases[i] if 0 <= i < len(bases) else "N" for i in range(start, end))
    forward = "".join(inside).upper().replace("U", "T")
    return reverse_complement(forward) if strand == "-" else forward


@st.composite
def genomes(draw) -> dict[str, str]:
    n = draw(st.integers(1, 3))
    bases = st.text(LETTERS, min_size=1, max_size=70)
    return {f"chr{i + 1}": draw(bases) for i in range(n)}


@given(
    sequences=genomes(),
    width=st.integers(1, 80),
    newline=st.sampled_from(sorted(LINE)),
    places=st.lists(st.tuples(st.integers(-90, 90), st.integers(0, 120)), min_size=1, max_size=8),
)
def test_every_place_is_what_a_string_gives(
    tmp_path_factory, sequences, width, newline, places
) -> None:
    file = tmp_path_factory.mktemp("genome") / "genome.fa"
    file.write_bytes(fasta(sequences, width=width, newline=LINE[newline]).encode())
    with ReferenceGenome.open(file) as genome:
        assert genome.names == tuple(sequences)
        for name, bases in sequences.items():
            assert genome.length(name) == len(bases)
            for start, length in places:
                for strand in "+-":
                    found = genome.fetch(name, start, start + length, strand=strand)
                    assert found == expected(bases, start, start + length, strand=strand)


@pytest.fixture(scope="module")
def long_sequence() -> str:
    from numpy.random import default_rng

    return "".join(default_rng(7).choice(list("ACGT"), size=200_000).tolist())


@pytest.mark.parametrize("writer", ["bgzip", "biopython"])
def test_a_bgzip_file_is_read_across_its_blocks(tmp_path, long_sequence, writer) -> None:
    plain = tmp_path / "genome.fa"
    plain.write_text(fasta({"1": long_sequence, "MT": "ACGTT"}, width=100))
    packed = tmp_path / "genome.fa.gz"
    if writer == "biopython":
        with bgzf.open(packed, "wb") as stream:
            stream.write(plain.read_bytes())
    elif shutil.which("bgzip") is None:
        pytest.skip("bgzip is not installed")
    else:
        subprocess.run(["bgzip", "-k", plain], check=True)
    # The second block starts at byte 65,280 (bgzip) or 65,536 (Biopython): bases 64,615 or 64,869.
    starts = [0, 1, *range(64_600, 64_630), *range(64_855, 64_885), 129_270, 199_950]
    for _ in ("made", "read"):
        with ReferenceGenome.open(packed) as genome:
            for start in [*starts, -3]:
                for strand in "+-":
                    found = genome.fetch("chr1", start, start + 90, strand=strand)
                    assert found == expected(long_sequence, start, start + 90, strand=strand)
            assert genome.fetch("chrM", 3, 7) == "TTNN"
    assert sorted(os.listdir(tmp_path)) == sorted(
        ["genome.fa", "genome.fa.gz", "genome.fa.gz.fai", "genome.fa.gz.gzi"]
    )


@pytest.mark.parametrize(
    ("names", "asked", "found"),
    [
        (["chr1", "chr2"], "1", "chr1"),
        (["1", "2"], "chr2", "2"),
        (["1", "chr1"], "1", "1"),  # the exact name first
        (["1", "chr1"], "Chr1", None),  # in doubt
        (["Chr1"], "1", "Chr1"),
        (["chrM"], "MT", "chrM"),
        (["MT"], "chrM", "MT"),
        (["M"], "chrMT", "M"),
        (["Mito"], "chrM", "Mito"),
        (["chrX"], "x", "chrX"),
        (["IV"], "chrIV", "IV"),
        (["NC_000913.3"], "NC_000913.3", "NC_000913.3"),
        (["NC_000913.3"], "NC_000913.2", None),
        (["NC_000001.11"], "chr1", None),
        (["Chromosome"], "chromosome", "Chromosome"),
        (["chr10"], "1", None),
    ],
)
def test_names_of_chromosomes_are_reconciled(tmp_path, names, asked, found) -> None:
    file = tmp_path / "genome.fa"
    file.write_text(fasta(dict.fromkeys(names, "ACGT")))
    with ReferenceGenome.open(file) as genome:
        assert genome.resolve(asked) == found


@pytest.fixture
def genome(tmp_path) -> ReferenceGenome:
    file = tmp_path / "genome.fa"
    file.write_text(fasta({"chr1": "ACGTACGT", "chr12": "TTTT"}))
    with ReferenceGenome.open(file) as opened:
        yield opened


def test_an_unknown_chromosome_is_an_error_that_names_the_nearest(genome) -> None:
    with pytest.raises(UnknownNameError, match=r"no chromosome 'chr13'; did you mean 'chr1'\?"):
        genome.fetch("chr13", 0, 4)
    with pytest.raises(UnknownNameError, match="it has chr1, chr12"):
        genome.length("plasmid")


@pytest.mark.parametrize(("start", "end", "strand"), [(4, 3, "+"), (0, 2, "."), (0, 2, "")])
def test_a_place_that_is_none_is_an_error(genome, start, end, strand) -> None:
    with pytest.raises(InputError, match="expected start <= end and strand"):
        genome.fetch("chr1", start, end, strand=strand)


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "g.fa", "is empty"),
        (b"id,sequence\na,ACGT\n", "g.fa", "is no FASTA: it starts with"),
        (gzip.compress(b">a\nACGT\n", mtime=0), "g.fa.gz", "compressed with gzip.*bgzip"),
        (b">a\nACGT\n", "g.fa.gz", "is not compressed; take .gz off"),
        (b">a\nACGT\nAC\nACGT\n", "g.fa", "Line length"),
        (b">a\nAC\n>a\nGT\n", "g.fa", "two records have one name"),
        (b">a\n>b\n", "g.fa", "titles .* but no bases"),
        (b">a\rACGT\r>b\rACGT\r", "g.fa", "titles .* but no bases"),
        (b"> \nACGT\n", "g.fa", "Bad sequence name"),
        (b">a\n\xff\xfe\n", "g.fa", "it is not text"),
    ],
)
def test_a_file_that_is_no_genome_is_an_error(tmp_path, content, name, message) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        ReferenceGenome.open(tmp_path / name)
    assert os.listdir(tmp_path) == [name]


def test_a_missing_file_and_a_folder_are_errors(tmp_path) -> None:
    (tmp_path / "genome.fa").write_text(">a\nACGT\n")
    with pytest.raises(InputError, match=r"did you mean 'genome.fa'\?"):
        ReferenceGenome.open(tmp_path / "genome.fas")
    with pytest.raises(InputError, match="no file"):
        ReferenceGenome.open(tmp_path / "nowhere" / "genome.fa")
    with pytest.raises(InputError, match="Is a directory"):
        ReferenceGenome.open(tmp_path)
    with pytest.raises(InputError, match="null byte"):
        ReferenceGenome.open("a\0b")


def test_a_bgzip_file_that_is_cut_short_is_an_error(tmp_path, long_sequence) -> None:
    packed = tmp_path / "genome.fa.gz"
    with bgzf.open(packed, "wb") as stream:
        stream.write(fasta({"1": long_sequence}).encode())
    packed.write_bytes(packed.read_bytes()[:-5000])
    with pytest.raises(InputError, match="cannot be read as FASTA"):
        ReferenceGenome.open(packed)
    plain_name = tmp_path / "genome.fa"
    shutil.copy(packed, plain_name)
    with pytest.raises(InputError, match=r"rename it to end in \.gz"):
        ReferenceGenome.open(plain_name)


def test_a_protein_is_an_error_where_it_is_read(tmp_path) -> None:
    (tmp_path / "proteins.fa").write_text(">p\nMEEPQ\n")
    with (
        ReferenceGenome.open(tmp_path / "proteins.fa") as genome,
        pytest.raises(InputError, match=r"'E' among the bases.*expected a FASTA of DNA"),
    ):
        genome.fetch("p", 0, 5)


@pytest.mark.parametrize("index", [b"", b"chr1\t4\n", b"chr1\t4000\t6\t60\t61\n", b"\xff\xfe\x00"])
def test_an_index_that_is_damaged_or_does_not_fit_is_made_anew(tmp_path, index) -> None:
    file = tmp_path / "genome.fa"
    file.write_text(">chr1\nACGT\n")
    Path(f"{file}.fai").write_bytes(index)
    with ReferenceGenome.open(file) as genome:
        assert genome.fetch("chr1", 0, 4) == "ACGT"
    assert Path(f"{file}.fai").read_text() == "chr1\t4\t6\t4\t5\n"


def test_an_index_older_than_the_file_is_made_anew(tmp_path) -> None:
    file = tmp_path / "genome.fa"
    file.write_text(">chr1\nACGT\n")
    ReferenceGenome.open(file).close()
    file.write_text(">other\nACGTACGT\n")
    os.utime(f"{file}.fai", (1, 1))
    with ReferenceGenome.open(file) as genome:
        assert (genome.names, genome.length("other")) == (("other",), 8)


def test_a_folder_that_is_not_writable_is_no_hindrance(tmp_path, monkeypatch) -> None:
    file = tmp_path / "genome.fa"
    file.write_text(">chr1\nACGT\n")
    if os.geteuid():
        tmp_path.chmod(0o500)
    else:  # nothing is forbidden to root, so the refusal is played
        import tempfile

        real = tempfile.mkdtemp

        def refuse(*args, dir=None, **more) -> str:
            if dir is not None:
                raise PermissionError(13, "Permission denied")
            return real(*args, **more)

        monkeypatch.setattr("seqexpr.data.reference.tempfile.mkdtemp", refuse)
    try:
        with ReferenceGenome.open(file) as genome:
            assert genome.fetch("chr1", 1, 3) == "CG"
        assert os.listdir(tmp_path) == ["genome.fa"]
    finally:
        tmp_path.chmod(0o700)


def test_a_second_opening_reads_the_index_that_is_there(tmp_path) -> None:
    file = tmp_path / "genome.fa"
    file.write_text(">chr1\nACGT\n")
    ReferenceGenome.open(file).close()
    made = Path(f"{file}.fai").stat().st_ino
    ReferenceGenome.open(file).close()
    assert Path(f"{file}.fai").stat().st_ino == made
