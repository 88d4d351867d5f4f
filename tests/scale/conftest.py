"""A small run, and tables, pairs and a VCF in blocks."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from seqexpr.bundle.store import load_bundle
from seqexpr.data.simulate import simulate_library
from seqexpr.scale.backend import LocalBackend
from seqexpr.scale.explain import explain_blocks
from seqexpr.scale.genome_variants import score_vcf_blocks
from seqexpr.scale.predict import predict_blocks
from seqexpr.scale.variants import score_table_blocks
from seqexpr.variants.regions import Placement
from seqexpr.workflow.train import train


@pytest.fixture(scope="session")
def job(tmp_path_factory) -> SimpleNamespace:
    """A run of a ridge, and folders of 4 files of 3 groups of 100 rows, some of them bad."""
    folder = tmp_path_factory.mktemp("job")
    library = simulate_library(300, rng=np.random.default_rng(0), length=30, noise=0.3).table
    train(library, output=folder / "run", models=("ridge_onehot",), split="random",
          target="expression")  # fmt: skip
    rows = simulate_library(1_200, rng=np.random.default_rng(1), length=30).table["sequence"]
    rows = rows.to_numpy(dtype=object)
    changed = np.array([f"{row[:10]}GATA{row[14:]}" for row in rows], dtype=object)
    rows[[5, 250]], rows[700] = "not DNA!", "acgtacgtacgtacgtacgtacgtacgtac"
    changed[[7, 500]] = None
    for name in ("table", "pairs"):
        (folder / name).mkdir()
    for number, (part, other) in enumerate(
        zip(np.split(rows, 4), np.split(changed, 4), strict=True)
    ):
        tables = {
            "table": pd.DataFrame({"sequence": part, "more": number}),
            "pairs": pd.DataFrame({"wt": part, "mutant": other}),
        }
        for name, table in tables.items():
            table.to_parquet(folder / name / f"{number}.parquet", row_group_size=100, index=False)
    return SimpleNamespace(
        run=folder / "run", table=folder / "table", pairs=folder / "pairs", rows=rows
    )


BORDER = 1 << 17
"""Where the second block of a chromosome begins."""


@pytest.fixture(scope="session")
def calls(tmp_path_factory) -> SimpleNamespace:
    """A genome of two chromosomes, and a VCF of it with an index, 1,500 records in each."""
    if shutil.which("bgzip") is None or shutil.which("tabix") is None:
        pytest.skip("bgzip and tabix (Debian's package tabix) are not installed")
    folder = tmp_path_factory.mktemp("calls")
    rng = np.random.default_rng(3)
    # In another order than in the header, as some tools write them.
    text = {name: "".join(rng.choice(list("ACGT"), 300_000)) for name in ("chrB", "chrA")}
    (folder / "genome.fa").write_text("".join(f">{name}\n{text[name]}\n" for name in text))
    lines = ["##fileformat=VCFv4.2", '##INFO=<ID=X,Number=1,Type=String,Description="Much">']
    lines += [f"##contig=<ID={name},length=300000>" for name in sorted(text)]
    lines.append("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
    for name, bases in text.items():
        places = np.sort(rng.choice(np.arange(100, 299_900), 1_500, replace=False))
        # Several of one place, at a border of blocks, and a deletion that reaches over it.
        places = np.sort([*places, *[BORDER] * 3, *[BORDER + 1] * 3, BORDER - 4])
        for place in places.tolist():
            ref = bases[place - 1]
            if place == BORDER - 4:
                ref = bases[place - 1 : place + 9]
            alt = ref[0] if len(ref) > 1 else "ACGT"[("ACGT".index(ref) + place % 4) % 4]
            much = rng.bytes(150).hex()  # an index has a mark every 64 kB of compressed text
            lines.append(f"{name}\t{place}\t.\t{ref}\t{alt}\t.\t.\tX={much}")
    plain = folder / "calls.vcf"
    plain.write_text("\n".join(lines) + "\n")
    subprocess.run(["bgzip", str(plain)], check=True)
    subprocess.run(["tabix", "-p", "vcf", f"{plain}.gz"], check=True)
    return SimpleNamespace(vcf=folder / "calls.vcf.gz", genome=folder / "genome.fa")


@pytest.fixture(scope="session")
def do(job, request):
    """Return what does a job of a kind in blocks of a hundred rows."""
    bundle = load_bundle(job.run)

    def do(kind: str, written: Path, **options):
        if kind == "predict":
            return predict_blocks(bundle, job.table, written, block_rows=100, **options)
        if kind == "explain":
            return explain_blocks(bundle, job.table, written, block_rows=100, **options)
        if kind == "pairs":
            return score_table_blocks(bundle, job.pairs, written, block_rows=100, **options)
        calls = request.getfixturevalue("calls")
        return score_vcf_blocks(
            bundle, calls.vcf, written, genome=calls.genome, placement=Placement(30),
            block_records=400, **options,
        )  # fmt: skip

    return do


class Stopping(LocalBackend):
    """A backend that is killed after some blocks."""

    def __init__(self, after: int = 99) -> None:
        super().__init__(n_workers=1)
        self.after, self.seen = after, []

    def run(self, work, blocks):
        for result in super().run(work, blocks):
            self.seen.append(json.loads(result)["index"])
            yield result
            if len(self.seen) == self.after:
                raise KeyboardInterrupt


@pytest.fixture
def stopping() -> type[Stopping]:
    """Return a backend that is killed after some blocks."""
    return Stopping


@pytest.fixture
def written(tmp_path) -> Path:
    """Return where predictions go."""
    return tmp_path / "predictions"
