"""seqexpr variants, run as a person would."""

import json

import pandas as pd
import pytest

from seqexpr.cli.main import app
from seqexpr.errors import SeqexprError

WILD = "ACGTACGTACTATAAACGTACGATCGATCGACGTACGTACTATAAACGTA"


def test_changes_of_a_wild_type(seqexpr, trained, tmp_path):
    done = seqexpr(
        "variants", trained, "--wild-type", WILD, "--change", "A1C del11-16", "--change", "C2G;T4A"
    )
    assert done.returncode == 0, done.stderr
    rows = [line.split(",") for line in done.stdout.splitlines()]
    assert rows[0][:4] == ["id", "effect", "effect_lower", "effect_upper"]
    assert [row[0] for row in rows[1:]] == ["A1C", "del11-16", "C2G;T4A"]
    assert "3 of 3 variants scored → standard output" in done.stderr
    assert "whose 90% interval leaves out 0" in done.stderr


def test_every_change_of_a_file_to_a_table(trained, tmp_path, capsys):
    (tmp_path / "w.fasta").write_text(f">wild\n{WILD}\n")
    files = [str(tmp_path / name) for name in ("w.fasta", "o.parquet")]
    app(
        ["variants", str(trained), "--wild-type", files[0], "-o", files[1], "--json"],
        standalone_mode=False,
    )
    summary = json.loads(capsys.readouterr().out)
    assert summary["n_scored"] == 150 == len(pd.read_parquet(tmp_path / "o.parquet"))
    assert summary["pairing"] == "unrelated"


def test_a_list_of_changes_and_what_is_wrong_in_it(trained, tmp_path, capsys):
    (tmp_path / "list.txt").write_text("# mine\nA1C\n\nT1G\nnonsense\n")
    files = ["--changes", str(tmp_path / "list.txt"), "-o", str(tmp_path / "o.csv")]
    app(["variants", str(trained), "--wild-type", WILD, *files], standalone_mode=False)
    told = " ".join(capsys.readouterr().err.split())
    assert "1 of 3 variants scored" in told
    assert "2 variants not scored: the change does not fit the wild type" in told
    assert "(T1G, nonsense)" in told


def test_a_vcf_with_regions_from_a_bed(seqexpr, trained, tmp_path):
    (tmp_path / "g.fa").write_text(f">1\n{WILD * 3}\n")
    (tmp_path / "r.bed").write_text("chr1\t50\t100\tmiddle\t0\t-\n")
    (tmp_path / "v.vcf").write_text(
        "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=150>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        "chr1\t61\tin\tT\tG\t.\t.\t.\nchr1\t5\tout\tA\tG\t.\t.\t.\n"
    )
    done = seqexpr(
        "variants", trained, "v.vcf", "--genome", "g.fa", "--regions", "r.bed", "-o", "o.vcf.gz"
    )
    assert done.returncode == 0, done.stderr
    assert "1 of 2 variants scored" in done.stderr
    assert "chromosomes: chr1 is 1" in done.stderr
    assert (tmp_path / "o.vcf.gz").stat().st_size > 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give either INPUT"),
        (["x.vcf"], r"x\.vcf is a VCF: give the genome"),
        (["x.csv", "--genome", "g.fa"], "with --genome INPUT is a VCF"),
        (["x.csv", "--window", "5"], "are for a VCF"),
        (["x.vcf", "--genome", "g.fa", "--strand", "bth"], "did you mean 'both'"),
        (["--wild-type", "ACGT", "--covariate", "dose"], "write NAME=VALUE"),
        (["--wild-type", "ACGT", "--covariate", "dose=1"], "no covariate 'dose'"),
        (["--wild-type", "no.fasta"], r"no\.fasta"),
        (["--wild-type", "ACGT", "--changes", "no.txt"], r"no\.txt cannot be read"),
        (["--wild-type", "ACGT", "--json"], "write the effects to a file"),
        (["x.vcf", "--genome", "g.fa"], "there is no such file"),
    ],
)
def test_bad_usage_is_one_clear_error(trained, tmp_path, monkeypatch, arguments, message):
    # In this process: what becomes of an error outside is the same for every command.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "g.fa").write_text(f">1\n{WILD}\n")
    with pytest.raises(SeqexprError, match=message) as caught:
        app(["variants", str(trained), *arguments], standalone_mode=False)
    assert caught.value.exit_code == 2


def test_an_error_leaves_no_traceback(seqexpr, trained):
    done = seqexpr("variants", trained)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: give either INPUT")
