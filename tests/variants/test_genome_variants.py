"""VCF in, effects out: each allele by hand, and what bcftools reads of it."""

import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from seqexpr.errors import InputError
from seqexpr.sequences import reverse_complement
from seqexpr.variants.genome_variants import score_vcf
from seqexpr.variants.regions import Placement, Regions
from seqexpr.variants.windows import Window

AROUND = Placement(30)


def bcftools(*arguments):
    if shutil.which("bcftools") is None:
        pytest.skip("bcftools (Debian's package bcftools) is not installed")
    return subprocess.run(
        ["bcftools", *map(str, arguments)], capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture(scope="module")
def scored(bundle, genome, calls, tmp_path_factory):
    path = tmp_path_factory.mktemp("scored") / "effects.csv"
    summary = score_vcf(bundle, calls, path, genome=genome.path, placement=AROUND, batch_size=3)
    return summary, pd.read_csv(path).set_index("id")


def sequences(genome, name, start, end, alternative, length=30):
    """The windows without and with a change, cut by hand from chromosomes with N around them."""
    text = "N" * 100 + genome.text[name] + "N" * 100
    start, end = start + 100, end + 100
    first = start - (length - (end - start)) // 2
    last = first + length
    gain = len(alternative) - (end - start)
    left = gain // 2  # bases that fall out at the left; negative: that come in
    right = gain - left
    changed = text[first + min(left, 0) : start] + alternative + text[end : last - min(right, 0)]
    return text[first:last], changed[max(left, 0) : len(changed) - max(right, 0)]


@pytest.mark.parametrize(
    ("name", "chromosome", "start", "end", "alternative"),
    [
        ("first", "chr1", 0, 1, None),
        ("snv", "chr1", 99, 100, None),
        ("del", "chr1", None, 3, ""),
        ("ins", "chr1", None, 0, "GATTACA"),
        ("last", "chr1", 399, 400, None),
        ("renamed", "chr2", 29, 30, None),
    ],
)
def test_each_kind_of_variant(bundle, genome, scored, name, chromosome, start, end, alternative):
    row = scored[1].loc[name]
    if start is None:  # a VCF has a base before an insertion or deletion
        start, end = row["position"], row["position"] + end
    new = row["alt"] if alternative is None else alternative
    pair = sequences(genome, chromosome, start, end, new)
    assert len(pair[0]) == len(pair[1]) == 30
    reference, changed = bundle.predict(list(pair))[:, 0]
    assert row["reference"] == pytest.approx(reference)
    assert row["effect"] == pytest.approx(changed - reference)
    assert row["effect_lower"] <= row["effect"] <= row["effect_upper"]


def test_every_allele_has_a_row_and_problems_are_told(scored):
    summary, frame = scored
    assert frame.index.tolist() == [
        "first", "snv", "two", "two", "del", "ins", "wrong", "sv", "star", "star", "last",
        "renamed", "nowhere",
    ]  # fmt: skip
    problems = frame["problem"].dropna()
    assert set(problems.index) == {"wrong", "sv", "star", "nowhere"}
    assert "the genome has another reference allele" in problems["wrong"]
    assert "symbolic" in problems["sv"]
    assert problems["nowhere"] == "the chromosome is not in the genome: chr9"
    assert (summary.n_rows, summary.n_scored) == (13, 9)
    assert {problem.n_rows for problem in summary.problems} == {1, 2}
    assert "chromosomes: 2 is chr2" in summary.notes


def test_both_strands_and_regions(bundle, genome, calls, tmp_path):
    out = tmp_path / "o.csv"
    regions = Regions([Window("chr1", 85, 115, "-", "minus"), Window("chr1", 90, 120, "+", "plus")])
    score_vcf(bundle, calls, out, genome=genome.path, placement=Placement(30, regions=regions))
    frame = pd.read_csv(out)
    seen = frame[frame["id"] == "snv"].set_index("window")
    assert seen.index.tolist() == ["minus", "plus"]
    text = genome.text["chr1"]
    alt = seen["alt"].iloc[0]
    changed = text[:99] + alt + text[100:]
    minus = [reverse_complement(t[85:115]) for t in (text, changed)]
    first, second = bundle.predict(minus)[:, 0]
    assert seen.loc["minus", "effect"] == pytest.approx(second - first)
    assert frame[frame["id"] == "first"]["problem"].tolist() == ["in no region"]
    score_vcf(bundle, calls, out, genome=genome.path, placement=Placement(30, strands="both"))
    assert pd.read_csv(out)["strand"].value_counts().to_dict() == {"+": 9, "-": 9}


@pytest.mark.parametrize("ending", ["vcf", "vcf.gz", "bcf"])
def test_bcftools_reads_what_is_written(bundle, genome, calls, scored, tmp_path, ending):
    out = tmp_path / f"o.{ending}"
    score_vcf(bundle, calls, out, genome=genome.path, placement=AROUND, batch_size=4)
    lines = bcftools("view", "--no-version", out).splitlines()
    assert [line.split("\t")[:5] for line in lines if not line.startswith("#")] == [
        line.split("\t")[:5] for line in calls.read_text().splitlines() if not line.startswith("#")
    ]
    fields = "%ID\t%SEQEXPR_EFFECT\t%SEQEXPR_IN_DOMAIN\t%SEQEXPR_PROBLEM\n"
    rows = [line.split("\t") for line in bcftools("query", "-f", fields, out).splitlines()]
    frame = scored[1]
    for name, effect, inside, problem in rows:
        own = frame.loc[[name]]
        values = [np.nan if cell == "." else float(cell) for cell in effect.split(",")]
        if effect == ".":
            assert own["effect"].isna().all()
            assert problem != "."
        else:
            np.testing.assert_allclose(values, own["effect"].to_numpy(), rtol=1e-4, atol=1e-6)
            flags = [None if cell == "." else bool(int(cell)) for cell in inside.split(",")]
            assert flags == [None if x != x else bool(x) for x in own["in_domain"].tolist()]
    strong = bcftools("view", "--no-version", "-H", "-i", "abs(SEQEXPR_EFFECT)>0", out)
    assert 0 < len(strong.splitlines()) < len(rows)


def test_a_second_model_replaces_the_fields_of_the_first(bundle, genome, calls, tmp_path):
    once, twice = tmp_path / "1.vcf", tmp_path / "2.vcf"
    score_vcf(bundle, calls, once, genome=genome.path, placement=AROUND)
    score_vcf(bundle, once, twice, genome=genome.path, placement=AROUND)
    text = [
        [line for line in path.read_text().splitlines() if not line.startswith("#")]
        for path in (once, twice)
    ]
    assert text[0] == text[1]


def test_several_windows_are_listed_and_the_strongest_counts(bundle, genome, calls, tmp_path):
    out, table = tmp_path / "o.vcf", tmp_path / "o.csv"
    placement = Placement(30, strands="both")
    for path in (out, table):
        score_vcf(bundle, calls, path, genome=genome.path, placement=placement)
    frame = pd.read_csv(table)
    rows = bcftools("query", "-f", "%ID\t%SEQEXPR_EFFECT\t%SEQEXPR_ALL\n", out).splitlines()
    cells = next(row.split("\t") for row in rows if row.startswith("snv"))
    own = frame[frame["id"] == "snv"]["effect"]
    assert float(cells[1]) == pytest.approx(own[own.abs().idxmax()], rel=1e-4)
    assert [float(entry.split("|")[2]) for entry in cells[2].split(",")] == pytest.approx(
        own.tolist(), rel=1e-4
    )


def test_nothing_half_written_stays(bundle, genome, tmp_path):
    bad = tmp_path / "bad.vcf"
    bad.write_text("not a vcf\n")
    with pytest.raises(InputError, match=r"bad\.vcf is not a VCF"):
        score_vcf(bundle, bad, tmp_path / "o.vcf", genome=genome.path, placement=AROUND)
    with pytest.raises(InputError, match="there is no such file"):
        score_vcf(
            bundle, tmp_path / "no.vcf", tmp_path / "o.vcf", genome=genome.path, placement=AROUND
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.vcf"]


def test_another_assembly_is_seen(bundle, genome, vcf_writer, tmp_path):
    text = genome.text["chr1"]
    rows = [
        ("chr1", i + 1, f"v{i}", "ACGT"[("ACGT".index(text[i]) + 1) % 4], text[i])
        for i in range(20)
    ]
    path = vcf_writer(tmp_path / "v.vcf", rows, contigs=(("chr1", 999),))
    summary = score_vcf(bundle, path, tmp_path / "o.csv", genome=genome.path, placement=AROUND)
    assert summary.n_scored == 0
    assert any("999 bases in the VCF and 400" in note for note in summary.notes)
    assert any("20 of 20 reference alleles" in note for note in summary.notes)
    strange = vcf_writer(tmp_path / "s.vcf", [("X", 1, "v", "A", "C")], contigs=(("X", 50),))
    with pytest.raises(InputError, match=r"no chromosome of its header is in genome\.fa"):
        score_vcf(bundle, strange, tmp_path / "s.csv", genome=genome.path, placement=AROUND)


def test_a_file_that_is_cut_short_is_told(bundle, genome, calls, tmp_path):
    whole = tmp_path / "w.vcf.gz"
    score_vcf(bundle, calls, whole, genome=genome.path, placement=AROUND)
    cut = tmp_path / "cut.vcf.gz"
    cut.write_bytes(whole.read_bytes()[:-60])
    with pytest.raises(InputError, match="cut short"):
        score_vcf(bundle, cut, tmp_path / "o.csv", genome=genome.path, placement=AROUND)
    assert not (tmp_path / "o.csv").exists()
