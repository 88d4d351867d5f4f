"""A VCF scored in regions: what the plain way gives, each record once."""

from __future__ import annotations

import subprocess

import pandas as pd
import pytest

from seqexpr.bundle.store import load_bundle
from seqexpr.data.reference import ReferenceGenome
from seqexpr.errors import InputError
from seqexpr.scale.backend import LocalBackend
from seqexpr.scale.genome_variants import score_vcf_blocks
from seqexpr.variants.genome_variants import score_vcf
from seqexpr.variants.regions import Placement, read_regions

ONE = LocalBackend(n_workers=1)


@pytest.mark.parametrize("ending", ["tbi", "csi", "bcf"])
def test_blocks_are_what_the_plain_way_gives(job, calls, written, tmp_path, ending):
    bundle = load_bundle(job.run)
    source = tmp_path / ("calls.bcf" if ending == "bcf" else "calls.vcf.gz")
    if ending == "bcf":
        command = ["bcftools", "view", "--no-version", "-Ob", "-o", str(source), str(calls.vcf)]
        subprocess.run(command, check=True)
        subprocess.run(["bcftools", "index", str(source)], check=True)
    else:
        source.write_bytes(calls.vcf.read_bytes())
        options = ["--csi"] if ending == "csi" else []
        subprocess.run(["tabix", "-p", "vcf", *options, str(source)], check=True)
    how = {"genome": calls.genome, "placement": Placement(30, strands="both")}
    plain = score_vcf(bundle, source, tmp_path / "plain.parquet", **how)
    summary = score_vcf_blocks(bundle, source, written, block_records=400, backend=ONE, **how)
    assert summary == plain
    parts = sorted(written.iterdir())
    assert len(parts) >= 5
    joined = pd.concat(map(pd.read_parquet, parts), ignore_index=True)
    expected = pd.read_parquet(tmp_path / "plain.parquet")
    pd.testing.assert_frame_equal(joined, expected, check_exact=True)


def test_a_record_at_a_telomere_is_in_the_first_block(job, calls, written, tmp_path):
    text = subprocess.run(["bgzip", "-dc", str(calls.vcf)], check=True, capture_output=True).stdout
    head, first, *rest = text.partition(b"\nchrB\t")
    source = tmp_path / "calls.vcf.gz"
    text = b"".join([head, b"\nchrB\t0\ttelomere\tN\tA\t.\t.\t.", first, *rest])
    source.write_bytes(
        subprocess.run(["bgzip", "-c"], input=text, check=True, capture_output=True).stdout
    )
    subprocess.run(["tabix", "-p", "vcf", str(source)], check=True)
    how = {"genome": calls.genome, "placement": Placement(30)}
    score_vcf_blocks(load_bundle(job.run), source, written, backend=ONE, **how)
    first = pd.read_parquet(min(written.iterdir()))
    assert first.loc[0, ["id", "position"]].tolist() == ["telomere", 0]


def test_regions_are_read_by_the_workers(job, calls, tmp_path):
    bundle = load_bundle(job.run)
    bed = tmp_path / "regions.bed"
    bed.write_text(
        "".join(f"chrA\t{at}\t{at + 30}\tr{at}\t0\t-\n" for at in range(0, 299_000, 500))
    )
    with ReferenceGenome.open(calls.genome) as genome:
        placement = Placement(30, regions=read_regions(bed, genome))
    plain = score_vcf(
        bundle, calls.vcf, tmp_path / "plain.csv", genome=calls.genome, placement=placement
    )
    summary = score_vcf_blocks(
        bundle, calls.vcf, tmp_path / "out.csv", genome=calls.genome, placement=placement,
        regions=bed, block_records=400, backend=ONE,
    )  # fmt: skip
    assert summary == plain
    assert summary.n_scored > 50
    frames = [pd.read_csv(tmp_path / name) for name in ("out.csv", "plain.csv")]
    pd.testing.assert_frame_equal(*frames, check_exact=True)


def test_an_index_of_another_file_is_found(job, calls, written, tmp_path):
    bundle = load_bundle(job.run)
    source = tmp_path / "calls.vcf.gz"
    less = subprocess.run(
        ["bcftools", "view", "-t", "chrB", str(calls.vcf)], check=True, capture_output=True
    )
    source.write_bytes(
        subprocess.run(["bgzip", "-c"], input=less.stdout, check=True, capture_output=True).stdout
    )
    how = {"genome": calls.genome, "placement": Placement(30), "backend": ONE}
    with pytest.raises(InputError, match=r"has no index, .*tabix -p vcf"):
        score_vcf_blocks(bundle, source, written, **how)
    index = tmp_path / "calls.vcf.gz.tbi"
    index.write_bytes(calls.vcf.with_name("calls.vcf.gz.tbi").read_bytes())
    with pytest.raises(
        InputError, match=r"cannot be read after|records were found by place, its index count"
    ):
        score_vcf_blocks(bundle, source, written, **how)
    assert not written.exists()
    index.write_bytes(b"no index")
    with pytest.raises(InputError, match=r"cannot be read as the index of a VCF"):
        score_vcf_blocks(bundle, source, written, **how)
    with pytest.raises(InputError, match="blocks are written as a table"):
        score_vcf_blocks(bundle, source, tmp_path / "out.vcf.gz", **how)
