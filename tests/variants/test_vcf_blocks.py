"""A VCF in regions: every record in exactly one, as tabix and bcftools index it."""

import random
import shutil
import subprocess

import pytest

from seqexpr.errors import InputError
from seqexpr.variants.vcf import VcfReader
from seqexpr.variants.vcf_blocks import find_vcf_blocks, iter_vcf_block
from seqexpr.variants.vcf_index import read_index

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("bgzip", "tabix", "bcftools")),
    reason="bgzip, tabix (Debian's package tabix) and bcftools are not installed",
)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """4,000 records of three chromosomes, deletions of up to 40,000 bases among them."""
    path = tmp_path_factory.mktemp("index") / "calls.vcf"
    rng = random.Random(1)
    lines = ["##fileformat=VCFv4.2"]
    lines += [f"##contig=<ID={name},length=900000>" for name in ("a", "b", "c", "empty")]
    lines.append("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
    for name, n in (("b", 1_000), ("a", 2_997), ("c", 3)):
        places = sorted(rng.randrange(1, 800_000) for _ in range(n))
        for number, place in enumerate(places):
            reference = "A" * (rng.randrange(40_000) if number % 500 == 3 else 1)
            name_of = f"{name}{number}-{rng.getrandbits(500):x}"
            lines.append(f"{name}\t{place}\t{name_of}\t{reference}G\tG\t.\t.\t.")
    path.write_text("\n".join(lines) + "\n")
    subprocess.run(["bgzip", str(path)], check=True)
    return path.with_name("calls.vcf.gz")


@pytest.fixture(params=["tbi", "csi", "bcf"])
def indexed(request, source, tmp_path):
    """Return the file with an index of each kind."""
    if request.param == "bcf":
        path = tmp_path / "calls.bcf"
        subprocess.run(["bcftools", "view", "-Ob", "-o", str(path), str(source)], check=True)
        subprocess.run(["bcftools", "index", str(path)], check=True)
        return path
    path = tmp_path / "calls.vcf.gz"
    path.write_bytes(source.read_bytes())
    subprocess.run(
        ["tabix", "-p", "vcf", *(["--csi"] if request.param == "csi" else []), str(path)],
        check=True,
    )
    return path


@pytest.mark.parametrize("records", [1, 300, 10**6])
def test_every_record_is_in_one_block_in_its_place(indexed, records):
    reader = VcfReader(indexed)
    whole = [(record.CHROM, record.POS, record.ID) for record in reader]
    reader.close()
    blocks, n_records = find_vcf_blocks(indexed, records=records)
    found = []
    for block in blocks:
        reader = VcfReader(indexed)
        own = [(record.CHROM, record.POS, record.ID) for record in iter_vcf_block(reader, block)]
        reader.close()
        assert all(block.start <= place - 1 < block.end for _, place, _ in own)
        found += own
    assert found == whole
    assert n_records == len(whole) == 4_000
    if records == 10**6:
        assert [block.chromosome for block in blocks] == ["b", "a", "c"]
    else:
        assert len(blocks) >= 8
    if records == 300:
        assert len(blocks) <= 14


def test_what_is_no_index_is_told(indexed):
    (index,) = (path for path in indexed.parent.iterdir() if path.suffix in (".tbi", ".csi"))
    whole = index.read_bytes()
    assert [contig.n_records for contig in read_index(index)] == [1_000, 2_997, 3]
    for damaged in (b"", whole[:60], b"text"):
        index.write_bytes(damaged)
        with pytest.raises(InputError, match="cannot be read as the index"):
            find_vcf_blocks(indexed)
    index.unlink()
    with pytest.raises(InputError, match=r"has no index.*tabix -p vcf"):
        find_vcf_blocks(indexed)
