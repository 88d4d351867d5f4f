"""Windows of a genome: coordinates against an oracle, and what a tired person sends at midnight."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.data import genome_windows as module
from seqexpr.data.gene_expression import ExpressionSource
from seqexpr.data.genome_windows import genome_windows
from seqexpr.data.window_places import WindowChoice
from seqexpr.errors import InputError
from seqexpr.sequences import reverse_complement

CHROMOSOMES = ("chr1", "chr2")


def write_genome(path: Path, genome: dict[str, str]) -> Path:
    path.write_text("".join(f">{name}\n{bases}\n" for name, bases in genome.items()))
    return path


def gtf_line(gene: tuple, *, feature: str = "gene", name: str = "") -> str:
    """Write (chromosome, start, end, strand, id), 0-based and half-open, as GTF does."""
    where, start, end, strand, own = gene
    more = f' gene_name "{name}";' if name else ""
    return f'{where}\tx\t{feature}\t{start + 1}\t{end}\t.\t{strand}\t.\tgene_id "{own}";{more}\n'


def bed_line(gene: tuple) -> str:
    where, start, end, strand, own = gene
    return f"{where}\t{start}\t{end}\t{own}\t0\t{strand}\n"


def read_along(bases: str, start: int, end: int, *, strand: str, shape: tuple) -> str:
    """Read a window base by base along the gene; what is beyond the chromosome is N."""
    region, upstream, downstream = shape
    complement = {"A": "T", "C": "G", "G": "C", "T": "A"}
    step = -1 if strand == "-" else 1
    gene = list(range(start, end))[::step]
    before, after = gene[0], gene[-1]
    if region == "tss":
        places = [before + step * i for i in range(-upstream, downstream)]
    elif region == "tes":
        places = [after + step * i for i in range(1 - upstream, 1 + downstream)]
    else:
        places = [before - step * i for i in range(upstream, 0, -1)]
        places += gene + [after + step * i for i in range(1, downstream + 1)]
    letters = [bases[i] if 0 <= i < len(bases) else "N" for i in places]
    return "".join(complement.get(x, x) if strand == "-" else x for x in letters)


@st.composite
def worlds(draw):
    """A genome of two short chromosomes and a few genes on it, also at their very ends."""
    genome = {name: draw(st.text("ACGT", min_size=4, max_size=40)) for name in CHROMOSOMES}
    genes = []
    for i in range(draw(st.integers(1, 4))):
        where = draw(st.sampled_from(CHROMOSOMES))
        start = draw(st.integers(0, len(genome[where]) - 1))
        end = draw(st.integers(start + 1, len(genome[where])))
        genes.append((where, start, end, draw(st.sampled_from("+-")), f"g{i}"))
    return genome, genes


SHAPE = st.tuples(
    st.sampled_from(["tss", "tes", "interval"]), st.integers(0, 12), st.integers(1, 12)
)


@settings(max_examples=50)
@given(world=worlds(), shape=SHAPE)
def test_every_window_is_what_reading_base_by_base_gives(tmp_path_factory, world, shape):
    genome, genes = world
    folder = tmp_path_factory.mktemp("world")
    reference = write_genome(folder / "genome.fa", genome)
    region, upstream, downstream = shape
    choice = WindowChoice(region=region, upstream=upstream, downstream=downstream)
    expected = {
        own: read_along(genome[where], start, end, strand=strand, shape=shape)
        for where, start, end, strand, own in genes
    }
    known = {own: bases for own, bases in expected.items() if set(bases) != {"N"}}
    for name, line in (("a.gtf", gtf_line), ("a.bed", bed_line)):
        (folder / name).write_text("".join(map(line, genes)))
        out = folder / "out.parquet"
        if not known:
            with pytest.raises(InputError, match="every window holds N only"):
                genome_windows(reference, folder / name, out, choice=choice)
            continue
        summary = genome_windows(reference, folder / name, out, choice=choice)
        table = pd.read_parquet(out)
        assert dict(zip(table["id"], table["sequence"], strict=True)) == known
        assert (table["end"] - table["start"]).tolist() == table["sequence"].str.len().tolist()
        padded = (table["start"] < 0) | (table["end"] > table["chromosome"].map(genome).str.len())
        assert summary.n_padded == padded.sum()
        assert summary.n_windows + sum(item.n for item in summary.left_out) == len(genes)


@settings(max_examples=25)
@given(world=worlds(), shape=SHAPE, width=st.integers(1, 30))
def test_a_genome_that_is_turned_round_gives_the_same_windows(
    tmp_path_factory, world, shape, width
):
    genome, genes = world
    folder = tmp_path_factory.mktemp("turned")
    turned = {name: reverse_complement(bases) for name, bases in genome.items()}
    flip = {"+": "-", "-": "+"}
    mirrored = [
        (where, len(genome[where]) - end, len(genome[where]) - start, flip[strand], own)
        for where, start, end, strand, own in genes
    ]
    region, upstream, downstream = shape
    choices = [
        WindowChoice(region=region, upstream=upstream + 1, downstream=downstream),
        WindowChoice(region="interval", width=width),
    ]
    for choice in choices:
        found = []
        for bases, lines in ((genome, genes), (turned, mirrored)):
            reference = write_genome(folder / "genome.fa", bases)
            Path(f"{reference}.fai").unlink(missing_ok=True)
            (folder / "a.bed").write_text("".join(map(bed_line, lines)))
            try:
                genome_windows(reference, folder / "a.bed", folder / "o.parquet", choice=choice)
            except InputError:  # N only
                found.append(None)
                continue
            found.append(pd.read_parquet(folder / "o.parquet")[["id", "sequence"]].values.tolist())
        assert found[0] == found[1]


@pytest.fixture
def genome(tmp_path) -> Path:
    rng = np.random.default_rng(3)
    bases = {name: "".join(rng.choice(list("ACGT"), 5000)) for name in ("chr1", "chr2", "chrM")}
    bases["chr2"] = bases["chr2"][:3000] + "N" * 500 + bases["chr2"][3500:]
    return write_genome(tmp_path / "genome.fa", bases)


@pytest.fixture
def run(genome, tmp_path):
    """Write an annotation, cut windows of 100 + 50 bases, and give the table and the summary."""

    def cut(annotation: str, expression=None, families=None, **choices):
        (tmp_path / "genes.gtf").write_text(annotation)
        defaults = {"upstream": 100, "downstream": 50}
        out = tmp_path / "out.csv"
        summary = genome_windows(
            genome, tmp_path / "genes.gtf", out, expression=expression, families=families,
            choice=WindowChoice(**(defaults | choices)),
        )  # fmt: skip
        return pd.read_csv(out), summary

    return cut


GENES = "".join(
    gtf_line(gene)
    for gene in [
        ("1", 1000, 1500, "+", "a.1"),  # names without chr, as Ensembl has them
        ("1", 400, 950, "-", "b.2"),  # a divergent promoter, which shares bases with that of a
        ("2", 3600, 4000, "+", "c.1"),  # its window reaches into the N
        ("MT", 20, 500, "+", "d.1"),  # its window reaches beyond the chromosome
        ("1", 3000, 3300, ".", "e.1"),
        ("GL0001.1", 10, 90, "+", "f.1"),
        ("2", 3200, 3300, "+", "n.1"),
        ("1", 4000, 4300, "+", "h.1"),
    ]
)


def test_what_became_of_every_gene(run):
    tpm = pd.DataFrame({"gene": [*list("abcdefn"), "zzz"], "liver": range(8), "brain": 1.0})
    table, summary = run(GENES, tpm)
    assert table["id"].tolist() == ["a.1", "b.2", "c.1", "d.1"]
    assert table.columns.tolist() == [
        "id", "gene", "chromosome", "start", "end", "strand", "sequence", "group", "liver", "brain",
    ]  # fmt: skip
    assert table["chromosome"].tolist() == ["chr1", "chr1", "chr2", "chrM"]
    assert table["group"].tolist() == ["a.1", "a.1", "c.1", "d.1"]
    assert table["liver"].tolist() == [0, 1, 2, 3]
    assert table["sequence"].str.len().unique().tolist() == [150]
    assert table["sequence"].str.count("N").tolist() == [0, 0, 0, 80]
    assert table.loc[3, "sequence"].startswith("N" * 80)
    left = {item.reason.split(" (")[0]: (item.n, item.examples) for item in summary.left_out}
    assert left == {
        "on chromosomes that the genome does not have": (1, ("f.1",)),
        "without a strand, so their start is not known": (1, ("e.1",)),
        "without expression": (1, ("h.1",)),
        "without any known base": (1, ("n.1",)),
    }
    assert (summary.n_features, summary.n_windows, summary.n_groups) == (8, 4, 3)
    assert (summary.n_padded, summary.n_unknown) == (1, 0)
    assert (summary.n_rows_unmatched, summary.n_version, summary.n_measured) == (1, 7, 7)
    assert any("3 chromosomes are named otherwise" in note for note in summary.notes)
    assert summary.to_dict()["left_out"][0]["n"] == 1


def test_edges_are_dropped_if_asked_for_and_n_is_counted(run):
    table, summary = run(GENES, on_edge="drop", upstream=300)
    assert "d.1" not in table["id"].tolist()
    assert summary.n_padded == 0
    assert [item.n for item in summary.left_out if "reaches beyond" in item.reason] == [1]
    assert summary.n_unknown == 2  # c and n, whose windows reach into the N


def test_transcripts_of_one_gene_stay_together_and_each_place_comes_once(run):
    lines = [
        gtf_line(("1", 1000, 1500, "+", "a")),
        gtf_line(("1", 1000, 1400, "+", 'a"; transcript_id "t1'), feature="transcript"),
        gtf_line(("1", 1000, 1500, "+", 'a"; transcript_id "t2'), feature="transcript"),
        gtf_line(("1", 4000, 4100, "+", 'a"; transcript_id "t3'), feature="transcript"),
        gtf_line(("1", 2500, 2600, "+", "b")),
    ]
    table, summary = run("".join(lines), transcripts="all")
    assert table["id"].tolist() == ["t1", "t3", "b"]
    assert table["group"].tolist() == ["a", "a", "b"]
    assert table["transcript"].isna().tolist() == [False, False, True]
    assert [(item.n, item.reason) for item in summary.left_out] == [
        (1, "with the same window as another transcript of their gene")
    ]
    table, _ = run("".join(lines), transcripts="longest")
    assert table["id"].tolist() == ["t2", "b"]


def test_families_stay_together(run):
    families = pd.DataFrame({"gene": ["c", "h"], "family": ["kinases", "kinases"]})
    table, _ = run(GENES, families=families)
    assert table.set_index("id")["group"][["c.1", "h.1"]].tolist() == ["kinases", "kinases"]
    tpm = pd.DataFrame({"gene": ["c", "h", "a"], "fam": ["k", "k", "l"], "tpm": [1.0, 2, 3]})
    table, summary = run(GENES, ExpressionSource(tpm, family_column="fam"))
    assert table["group"].tolist() == ["l", "k", "k"]
    assert summary.samples == ("tpm",)


def test_biotypes_are_chosen_and_unknown_ones_are_told(run):
    lines = GENES.replace('"a.1";', '"a.1"; gene_biotype "protein_coding";')
    table, _ = run(lines, biotypes=("protein_coding",))
    assert table["id"].tolist() == ["a.1"]
    assert table["biotype"].tolist() == ["protein_coding"]
    with pytest.raises(InputError, match=r"did you mean 'protein_coding'\?"):
        run(lines, biotypes=("protein-coding",))


def test_rows_of_one_name_get_names_of_their_own(genome, tmp_path):
    (tmp_path / "a.bed").write_text(
        "chr1\t5\t9\tx\nchr1\t50\t70\tx\nchr1\t5\t9\ty\nchr1\t7\t7\tz\n"
    )
    summary = genome_windows(genome, tmp_path / "a.bed", tmp_path / "out.csv")
    table = pd.read_csv(tmp_path / "out.csv")
    assert table["id"].tolist() == ["x", "x_2", "y"]
    assert table["group"].tolist() == ["x", "x", "x"]
    assert [item.reason for item in summary.left_out] == ["without any base"]
    assert any("4 intervals without a strand are read forwards" in note for note in summary.notes)
    assert summary.lengths == (4, 20)


def test_a_long_gene_is_left_out(run):
    table, summary = run(GENES, region="interval", upstream=0, downstream=0, max_length=450)
    assert table["id"].tolist() == ["c.1", "e.1", "h.1"]
    assert "longer than 450 bases (--max-length)" in [item.reason for item in summary.left_out]


def test_an_annotation_of_another_assembly_is_told(run):
    with pytest.raises(InputError, match=r"has none of the chromosomes of .*chr1, chr2, chrM, and"):
        run(gtf_line(("NC_000001.11", 5, 90, "+", "a")))
    beyond = GENES + gtf_line(("1", 4900, 5001, "+", "z"))
    with pytest.raises(InputError, match=r"first: z at chr1:4,900-5,001.*different assemblies"):
        run(beyond)
    many = "".join(gtf_line(("1", 10 * i, 10 * i + 5, "+", f"m{i}")) for i in range(1, 200))
    _, summary = run(many + gtf_line(("1", 4900, 5001, "+", "z")))  # a gene across the origin
    assert "end beyond their chromosome" in summary.left_out[0].reason


def test_nothing_left_says_why(run, tmp_path):
    with pytest.raises(InputError, match="no window is left: 1 without a strand"):
        run(gtf_line(("1", 5, 90, ".", "a")))
    assert not (tmp_path / "out.csv").exists()


def test_windows_that_are_chained_into_one_group_are_warned_of(run):
    many = "".join(gtf_line(("1", 100 * i, 100 * i + 50, "+", f"m{i}")) for i in range(2, 40))
    _, summary = run(many)
    assert "38 of 38 windows are one group" in summary.warnings[0]
    assert "train --split chromosome" not in summary.warnings[0]
    _, summary = run(many, upstream=60, downstream=30)
    assert summary.warnings == ()


def test_a_sample_that_is_called_as_a_column_is_told(run):
    tpm = pd.DataFrame({"gene": ["a"], "group": [1.0]})
    with pytest.raises(InputError, match="a sample is called 'group'"):
        run(GENES, tpm)


def test_an_expression_table_of_another_release_is_warned_of(run):
    tpm = pd.DataFrame({"gene": ["a", "x", "y", "z"], "tpm": 1.0})
    _, summary = run(GENES, tpm)
    assert "3 of 4 rows of the expression table are no gene" in summary.warnings[0]


def test_batches_give_the_same_table_and_memory_does_not_grow(genome, tmp_path, monkeypatch):
    rows = [("chr1", 100 + i, 101 + i, "+", f"p{i}") for i in range(2000)]
    (tmp_path / "a.bed").write_text("".join(map(bed_line, rows)))
    choice = WindowChoice(region="tss", upstream=1000, downstream=1000)
    outputs, peaks, seen = [], [], []
    for n_rows, bases in ((10_000, 20_000_000), (150, 20_000_000), (10_000, 100_000)):
        monkeypatch.setattr(module, "_BATCH_ROWS", n_rows)
        monkeypatch.setattr(module, "_BATCH_BASES", bases)
        seen.clear()
        tracemalloc.start()
        genome_windows(
            genome, tmp_path / "a.bed", tmp_path / "out.csv", choice=choice, on_batch=seen.append
        )
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        outputs.append((tmp_path / "out.csv").read_bytes())
        assert seen[-1] == 2000
    assert outputs[0] == outputs[1] == outputs[2]
    assert peaks[2] < peaks[0] - 2_000_000  # of 4 MB of sequence, the small batches hold 0.1 MB


@pytest.mark.real_data
def test_urtecho_comes_out_of_its_genome(real_data, tmp_path):
    """Lay the rows of the table on a genome, and cut them out again.

    Coordinates are 0-based and half-open on U00096.2; "-" in the name: the reverse complement.
    Rows that overlap must then agree; a shift of one strand by one base leaves hardly any that do.
    """
    rows = pd.read_csv(real_data("ecoli_urtecho2020_tss.tsv.gz"), sep="\t").dropna(subset="start")
    is_minus = rows["id"].str.startswith("TSS") & rows["id"].str.endswith("-")
    shares, laid = {}, {}
    for shift in (0, 1, -1):
        starts = rows["start"].astype(int) + shift * is_minus
        forward = [
            reverse_complement(bases) if minus else bases
            for bases, minus in zip(rows["sequence"], is_minus, strict=True)
        ]
        genome = np.full(4_639_675, ord("N"), dtype=np.uint8)  # as long as U00096.2
        agrees = np.zeros(len(rows), dtype=bool)
        for i, (start, bases) in enumerate(zip(starts, forward, strict=True)):
            letters = np.frombuffer(bases.encode(), dtype=np.uint8)
            there = genome[start : start + len(letters)]
            if start >= 0 and ((there == ord("N")) | (there == letters)).all():
                there[:] = letters
                agrees[i] = True
        shares[shift], laid[shift] = agrees.mean(), (genome, agrees)
    assert shares[0] > 0.995
    assert max(shares[1], shares[-1]) < 0.8

    genome, agrees = laid[0]
    reference = write_genome(tmp_path / "genome.fa", {"U00096.2": genome.tobytes().decode()})
    kept = rows[agrees].assign(
        chromosome="U00096.2", score=0, strand=is_minus.map({True: "-", False: "+"}),
        name=[f"row{i}" for i in rows.index[agrees]],
        start=rows["start"].astype(int), end=rows["end"].astype(int),
    )  # fmt: skip
    columns = ["chromosome", "start", "end", "name", "score", "strand"]
    kept[columns].to_csv(tmp_path / "rows.bed", sep="\t", header=False, index=False)
    expression = kept[["name", "expression"]].rename(columns={"expression": "activity"})
    summary = genome_windows(
        reference, tmp_path / "rows.bed", tmp_path / "out.parquet", expression=expression
    )
    table = pd.read_parquet(tmp_path / "out.parquet")
    assert summary.n_windows == len(kept) > 17_500
    assert table["sequence"].tolist() == kept["sequence"].tolist()
    assert table["activity"].tolist() == kept["expression"].tolist()
