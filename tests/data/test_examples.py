from __future__ import annotations

import gzip
import importlib.util
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seqexpr.data.checks import build_dataset
from seqexpr.data.examples import EXAMPLES, copy_example, example_path
from seqexpr.data.table import read_table
from seqexpr.errors import OutputError, UnknownNameError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_an_example_is_small_and_as_described(name):
    path, example = example_path(name), EXAMPLES[name]
    assert path.stat().st_size < 1_000_000
    assert len(pd.read_csv(path, sep="\t")) == example.n_rows
    assert example.to_dict()["name"] == name
    notice = path.with_suffix("").with_suffix(".md").read_text(encoding="utf-8")
    assert example.reference.rpartition("doi:")[2] in notice
    assert "Copyright (c)" in notice
    assert "Permission is hereby granted" in notice


def test_an_example_is_read_by_name_and_has_no_errors():
    dataset, report = build_dataset(read_table("dataset:lac"))
    assert report.source == "dataset:lac"
    assert len(dataset) == report.n_kept == 50_518
    assert not report.errors
    assert dataset.target_names == ("expression",)
    assert set(dataset.split_labels) == {"train", "val", "test"}


def test_a_copy_is_the_same_file(tmp_path):
    copy = copy_example("lac", tmp_path / "copy.tsv.gz")
    assert copy == tmp_path / "copy.tsv.gz"
    assert copy.read_bytes() == example_path("lac").read_bytes()
    copy_example("lac", str(copy))  # replaces it
    assert [path.name for path in tmp_path.iterdir()] == ["copy.tsv.gz"]


def test_a_copy_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match="cannot write"):
        copy_example("lac", tmp_path / "file" / "lac.tsv.gz")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("use", [example_path, lambda name: copy_example(name, "unused")])
def test_an_unknown_example_gets_a_hint(use):
    with pytest.raises(UnknownNameError, match="no embedded data set 'lca'; did you mean 'lac'"):
        use("lca")
    with pytest.raises(UnknownNameError, match="Known: lac"):
        use("zebrafish")


@pytest.mark.real_data
def test_lac_equals_the_measured_data_row_by_row(real_data):
    ours = pd.read_csv(example_path("lac"), sep="\t")
    theirs = pd.read_csv(real_data("ecoli_kinney2010_sortseq.tsv.gz"), sep="\t")
    pd.testing.assert_frame_equal(ours, theirs[list(ours.columns)])


@pytest.fixture(scope="module")
def script():
    path = ROOT / "scripts" / "build_lac.py"
    if not path.exists():
        pytest.skip("scripts/ is not part of an installed package")
    spec = importlib.util.spec_from_file_location("build_lac", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_averages_the_bins_over_the_reads(script):
    counts = pd.DataFrame(
        {
            "set": ["training", "validation", "test"],
            "x": ["ACGT", "TTTT", "GGGG"],
            # Bin 10 after bin 2: by number, not by letters.
            "ct_10": [0, 4, 0],
            "ct_2": [1, 0, 3],
            "ct_0": [1, 0, 1],
        }
    )
    table = script.build(counts)
    assert table["split"].tolist() == ["train", "val", "test"]
    # Three bins in order of their number are 0, 1 and 2.
    np.testing.assert_allclose(table["expression"], [0.5, 2.0, 0.75])
    assert table["id"].tolist() == ["s0", "s1", "s2"]


def test_the_script_refuses_other_data(script):
    table = pd.read_csv(example_path("lac"), sep="\t")
    script.check(table)
    with pytest.raises(SystemExit, match="50,517 rows"):
        script.check(table.iloc[1:])
    with pytest.raises(SystemExit, match="not the published split"):
        script.check(table.assign(split="train"))


def test_the_script_writes_the_same_bytes_again(script, tmp_path, monkeypatch):
    whole = gzip.decompress(example_path("lac").read_bytes())
    text = b"".join(whole.splitlines(keepends=True)[:1001])
    table = pd.read_csv(io.BytesIO(text), sep="\t", dtype=str)
    table["expression"] = [float(cell) for cell in table["expression"]]
    monkeypatch.setattr(script, "N_ROWS", 1000)
    monkeypatch.setattr(script, "OUTPUT", tmp_path / "lac.tsv.gz")
    monkeypatch.setattr(script, "download", lambda folder: None)
    monkeypatch.setattr(script, "build", lambda counts: table)
    script.main()
    first = (tmp_path / "lac.tsv.gz").read_bytes()
    script.main()
    assert (tmp_path / "lac.tsv.gz").read_bytes() == first
    # Decompressed, since zlib releases differ in what they compress to.
    assert gzip.decompress(first) == text


def test_the_wheel_takes_the_files_along(tmp_path):
    pytest.importorskip("hatchling", reason="builds the wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = archive.read("seqexpr/data/embedded/lac.tsv.gz")
        assert "seqexpr/data/embedded/lac.md" in archive.namelist()
    assert packed == example_path("lac").read_bytes()
