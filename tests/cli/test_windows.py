"""From a genome with planted motifs to a trained model, as a person would do it."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seqexpr.sequences import reverse_complement

BASES = np.array(list("ACGT"))
SPACING = 400  # bases between the starts of two genes, so that windows share none


@pytest.fixture(scope="session")
def planted(tmp_path_factory) -> Path:
    """Write a genome of six chromosomes of 50 genes, their GTF and their TPM in two tissues.

    TATAAA 30 bases before the start raises a gene eightfold in liver, CACGTG 80 bases before it
    raises it eightfold in brain.
    """
    rng = np.random.default_rng(11)
    folder = tmp_path_factory.mktemp("planted")
    fasta, gtf, rows = [], [], []
    for chromosome in range(1, 7):
        bases = rng.choice(BASES, size=SPACING * 51)
        for k in range(50):
            name, start = f"G{chromosome:02d}{k:03d}", SPACING * (k + 1)
            effects = rng.random(2) < 0.5
            strand = "+" if rng.random() < 0.5 else "-"
            promoter = rng.choice(BASES, size=100)
            for has, motif, before in zip(effects, ("TATAAA", "CACGTG"), (30, 80), strict=True):
                if has:
                    promoter[100 - before : 100 - before + 6] = list(motif)
            if strand == "+":
                bases[start - 100 : start] = promoter
                first, last = start + 1, start + 50
            else:
                turned = reverse_complement("".join(promoter))
                bases[start : start + 100] = list(turned)
                first, last = start - 49, start
            gtf.append(
                f"{chromosome}\tsim\tgene\t{first}\t{last}\t.\t{strand}\t.\t"
                f'gene_id "{name}.2"; gene_name "n{name}"; gene_biotype "protein_coding";\n'
            )
            logs = 2 + 3 * effects + rng.normal(scale=0.5, size=2)
            rows.append([name, *np.round(2**logs, 3)])
        fasta.append(f">chr{chromosome}\n{''.join(bases)}\n")
    (folder / "genome.fa").write_text("".join(fasta))
    (folder / "genes.gtf.gz").write_bytes(gzip.compress("".join(gtf).encode()))
    tpm = pd.DataFrame(rows, columns=["gene_id", "liver", "brain"])
    tpm.to_csv(folder / "tpm.tsv", sep="\t", index=False)
    return folder


@pytest.fixture
def windows(seqexpr, planted):
    """Give a function that runs the command on the planted genome."""

    def run(*arguments, genome="genome.fa", annotation="genes.gtf.gz"):
        return seqexpr("windows", planted / genome, planted / annotation, *arguments)

    return run


SHORT = ("--upstream", "100", "--downstream", "20")


def test_a_model_finds_what_was_planted_and_whole_chromosomes_test(
    windows, seqexpr, planted, tmp_path
):
    done = windows("--expression", planted / "tpm.tsv", *SHORT, "-o", "windows.csv")
    assert done.returncode == 0, done.stderr
    assert "300 windows of 120 bases, in 300 groups" in done.stderr
    assert "300 matched without the version of their id" in done.stderr
    table = pd.read_csv(tmp_path / "windows.csv")
    places = table["sequence"].str.find("TATAAA") == 70
    assert table.loc[places, "liver"].median() > 4 * table.loc[~places, "liver"].median()

    targets = ("--target", "liver", "--target", "brain", "--covariate", "strand")
    done = seqexpr(
        "train", "windows.csv", *targets, "--transform", "log2", "--models", "mean,ridge",
        "--no-nested", "-o", "run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    evaluation = json.loads((tmp_path / "run" / "evaluation.json").read_text())
    assert evaluation["split"]["strategy"] == "chromosome"
    scores = {
        (row["model"], row["target"]): row["value"]
        for row in evaluation["rows"]
        if (row["set"], row["metric"]) == ("test", "r2")
    }
    assert min(scores["ridge", "log2(liver)"], scores["ridge", "log2(brain)"]) > 0.3


def test_json_and_parquet(windows, planted, tmp_path):
    done = windows("--expression", planted / "tpm.tsv", "-o", "windows.parquet", "--json")
    summary = json.loads(done.stdout)
    assert (summary["n_windows"], summary["samples"]) == (300, ["liver", "brain"])
    table = pd.read_parquet(tmp_path / "windows.parquet")
    assert table["sequence"].str.len().eq(1500).all()
    assert windows("--json").returncode == 2


def test_to_standard_output_and_without_expression(windows):
    done = windows("--region", "tes", "--upstream", "5", "--downstream", "5")
    assert done.returncode == 0, done.stderr
    header, *rows = done.stdout.splitlines()
    assert header == "id,gene,gene_name,biotype,chromosome,start,end,strand,sequence,group"
    assert len(rows) == 300


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--region", "promoter"), "expected tss or tes or interval"),
        (("--sample", "liver"), "pass it with --expression FILE"),
        (("--families", "column:x"), "pass it with --expression FILE"),
        (("--biotype", "protein"), "no biotype 'protein'; did you mean 'protein_coding'?"),
        (("--expression", "nowhere.tsv"), "no file nowhere.tsv"),
        (("-o", "windows.docx"), "the name does not say a format"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(windows, arguments, message, tmp_path):
    done = windows(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(("windows", "."))]


def test_without_the_extra_it_says_which(planted, tmp_path):
    import subprocess

    code = "import sys; sys.modules['bioframe'] = None; from seqexpr.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "windows", planted / "genome.fa", planted / "genes.gtf.gz"],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert 'pip install "seqexpr[genome]"' in done.stderr
