"""Haplotypes of a region: who has which variants together, and what they do together."""

import shutil
import subprocess

import pandas as pd
import pytest

from seqexpr.errors import InputError
from seqexpr.variants.haplotypes import score_haplotypes
from seqexpr.variants.regions import Placement, Regions
from seqexpr.variants.windows import Window

REGIONS = Placement(30, regions=Regions([Window("chr1", 90, 120, "+", "promoter")]))


def other(base):
    return "ACGT"[("ACGT".index(base) + 1) % 4]


@pytest.fixture
def phased(genome, vcf_writer, tmp_path):
    """Four samples: cis, trans, unphased in two places, and with a gap."""
    if shutil.which("bgzip") is None or shutil.which("tabix") is None:
        pytest.skip("bgzip and tabix (Debian's package tabix) are not installed")
    one = genome.text["chr1"]
    rows = [
        ("chr1", 80, "outside", one[79], other(one[79]), "1|1", "1|1", "1|1", "1|1"),
        ("chr1", 100, "a", one[99], other(one[99]), "0|1", "1|0", "0/1", "./."),
        ("chr1", 110, "b", one[109], other(one[109]), "0|1", "0|1", "0/1", "0|0"),
    ]
    plain = vcf_writer(tmp_path / "p.vcf", rows, samples=("cis", "trans", "unphased", "gap"))
    subprocess.run(["bgzip", str(plain)], check=True)
    subprocess.run(["tabix", "-p", "vcf", str(plain) + ".gz"], check=True)
    return tmp_path / "p.vcf.gz"


def test_variants_of_one_copy_stand_together(bundle, genome, phased, tmp_path):
    out = tmp_path / "o.csv"
    summary = score_haplotypes(bundle, phased, out, genome=genome.path, placement=REGIONS)
    frame = pd.read_csv(out)
    one = genome.text["chr1"]
    first, second = (f"{p}{one[p - 1]}>{other(one[p - 1])}" for p in (100, 110))
    # Of the four copies that are known one is the reference.
    assert sorted(frame["changes"]) == sorted([first, second, f"{first};{second}"])
    assert frame["n_copies"].tolist() == [1, 1, 1]
    assert frame["share"].tolist() == [0.25] * 3
    assert frame["id"].tolist() == ["promoter#1", "promoter#2", "promoter#3"]
    both = frame.set_index("changes").loc[f"{first};{second}"]
    changed = list(one)
    changed[99], changed[109] = other(one[99]), other(one[109])
    predicted = bundle.predict([one[90:120], "".join(changed)[90:120]])[:, 0]
    assert both["effect"] == pytest.approx(predicted[1] - predicted[0])
    assert any("4 chromosome copies were left out" in note for note in summary.notes)


def test_what_is_missing_is_told(bundle, genome, calls, phased, tmp_path):
    out = tmp_path / "o.csv"
    with pytest.raises(InputError, match="give --regions"):
        score_haplotypes(bundle, phased, out, genome=genome.path, placement=Placement(30))
    with pytest.raises(InputError, match="has no samples"):
        score_haplotypes(bundle, calls, out, genome=genome.path, placement=REGIONS)
    phased.with_name("p.vcf.gz.tbi").unlink()
    with pytest.raises(InputError, match="has no index"):
        score_haplotypes(bundle, phased, out, genome=genome.path, placement=REGIONS)
    assert not out.exists()
