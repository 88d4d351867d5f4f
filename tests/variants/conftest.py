"""A small calibrated model, a genome of two chromosomes and a VCF with everything in it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from seqexpr.bundle.store import load_bundle
from seqexpr.workflow.train import train


@pytest.fixture(scope="session")
def loci():
    """80 loci, each a wild type of 30 bases and two variants of it; TATA counts, loci differ."""
    rng = np.random.default_rng(1)
    rows = []
    for locus in range(80):
        wild = "".join(rng.choice(list("ACGT"), 30))
        if locus % 2:
            wild = wild[:10] + "TATAAA" + wild[16:]
        height = rng.normal()
        for variant in range(3):
            place = int(rng.integers(30))
            new = (
                wild if not variant else wild[:place] + rng.choice(list("ACGT")) + wild[place + 1 :]
            )
            if variant == 2:
                new = new[:11] + "GCC" + new[14:]
            rows.append((new, 3.0 * new.count("TATAAA") + height + 0.1 * rng.normal(), f"l{locus}"))
    return pd.DataFrame(rows, columns=["sequence", "expression", "locus"])


@pytest.fixture(scope="session")
def model(loci, tmp_path_factory):
    """A run folder of a ridge with intervals, a domain and intervals of differences."""
    path = tmp_path_factory.mktemp("variants") / "run"
    train(
        loci, nested=False, output=path, target="expression", group="locus", split="group",
        models=("ridge",),
    )  # fmt: skip
    return path


@pytest.fixture(scope="session")
def bundle(model):
    return load_bundle(model)


@pytest.fixture(scope="session")
def genome(tmp_path_factory):
    """FASTA of chr1 (400 bases) and chr2 (60 bases), with the strings beside it."""
    rng = np.random.default_rng(2)
    text = {name: "".join(rng.choice(list("ACGT"), n)) for name, n in (("chr1", 400), ("chr2", 60))}
    folder = tmp_path_factory.mktemp("genome")
    path = folder / "genome.fa"
    path.write_text("".join(f">{name} made up\n{bases}\n" for name, bases in text.items()))
    return SimpleNamespace(path=path, text=text, folder=folder)


def write_vcf(path, rows, *, samples=(), contigs=(("chr1", 400), ("chr2", 60))):
    """Write a VCF of (chromosome, position, id, ref, alt, *genotypes)."""
    lines = ["##fileformat=VCFv4.2"]
    lines += [f"##contig=<ID={name},length={length}>" for name, length in contigs]
    lines += ['##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency">']
    lines += ['##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">']
    head = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]
    lines.append("\t".join([*head, *(["FORMAT", *samples] if samples else [])]))
    for chromosome, position, name, ref, alt, *genotypes in rows:
        cells = [chromosome, str(position), name, ref, alt, ".", ".", "."]
        lines.append("\t".join([*cells, *(["GT", *genotypes] if samples else [])]))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="session")
def vcf_writer():
    return write_vcf


@pytest.fixture(scope="session")
def calls(genome, vcf_writer):
    """A VCF: plain, multi-allelic, indels, at both ends, wrong, symbolic, and of a strange place."""
    one, two = genome.text["chr1"], genome.text["chr2"]

    def other(base):
        return "ACGT"[("ACGT".index(base) + 1) % 4]

    def third(base):
        return "ACGT"[("ACGT".index(base) + 2) % 4]

    # Where neither can be written in two ways.
    gone = next(place for place in range(150, 160) if one[place - 1] != one[place + 2])
    new = next(place for place in range(170, 180) if one[place - 1] != "A")
    rows = [
        ("chr1", 1, "first", one[0], other(one[0])),
        ("chr1", 100, "snv", one[99], other(one[99])),
        ("chr1", 120, "two", one[119], f"{other(one[119])},{third(one[119])}"),
        ("chr1", gone, "del", one[gone - 1 : gone + 3], one[gone - 1]),
        ("chr1", new, "ins", one[new - 1], one[new - 1] + "GATTACA"),
        ("chr1", 200, "wrong", other(one[199]), one[199]),
        ("chr1", 210, "sv", one[209], "<DEL>"),
        ("chr1", 220, "star", one[219], f"*,{other(one[219])}"),
        ("chr1", 400, "last", one[399], other(one[399])),
        ("2", 30, "renamed", two[29], other(two[29])),
        ("chr9", 5, "nowhere", "A", "C"),
    ]
    contigs = (("chr1", 400), ("2", 60), ("chr9", 1000))
    return vcf_writer(genome.folder / "calls.vcf", rows, contigs=contigs)
