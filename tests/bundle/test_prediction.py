from __future__ import annotations

import gzip
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqexpr.bundle.prediction import predict_file, predict_table
from seqexpr.bundle.store import load_bundle
from seqexpr.data.table import read_table
from seqexpr.errors import ColumnError, InputError, OutputError, TableError


@pytest.fixture
def loaded(bundle):
    return load_bundle(bundle)


@pytest.fixture
def designs(tools) -> pd.DataFrame:
    """57 new sequences with names."""
    sequences = tools.random_sequences(57, seed=9, vary=5)
    return pd.DataFrame({"name": [f"d{i}" for i in range(57)], "sequence": sequences})


TRUST = ["lower", "upper", "in_domain", "domain_score"]


def write(frame: pd.DataFrame, path):
    """Write a table without any code of ours."""
    name = path.name
    if ".fasta" in name:
        text = "".join(f">{n}\n{s}\n" for n, s in frame.itertuples(index=False))
        path.write_text(text)
    elif name.endswith(".parquet"):
        frame.to_parquet(path, index=False)
    elif name.endswith(".xlsx"):
        frame.to_excel(path, index=False)
    else:
        frame.to_csv(path, index=False, sep="\t" if ".tsv" in name else ",")
    return path


def read(path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(path, sep="\t" if ".tsv" in path.name else ",")


@pytest.mark.parametrize("source", ["a.csv", "a.tsv", "a.parquet", "a.fasta", "a.csv.gz", "a.xlsx"])
@pytest.mark.parametrize("out", ["o.csv", "o.tsv.gz", "o.parquet"])
def test_any_format_to_any_other(loaded, designs, tmp_path, source, out):
    summary = predict_file(loaded, write(designs, tmp_path / source), tmp_path / out, batch_size=20)
    frame = read(tmp_path / out)
    assert list(frame.columns) == ["id", "predicted", *TRUST, "problem"]
    assert frame["id"].tolist() == designs["name"].tolist()
    expected = loaded.predict(designs["sequence"].tolist())[:, 0]
    np.testing.assert_allclose(frame["predicted"], expected, rtol=1e-12)
    assert frame["problem"].isna().all()
    assert (summary.n_rows, summary.n_predicted, summary.problems) == (57, 57, ())
    assert {p.name for p in tmp_path.iterdir()} == {source, out, "model"}


def test_fasta_carries_the_sequence_and_the_prediction(loaded, designs, tmp_path):
    designs.loc[1, "sequence"] = "AC!TACGTACGTACGTACGTACGT"
    predict_file(loaded, write(designs, tmp_path / "a.csv"), tmp_path / "o.fasta")
    records = (tmp_path / "o.fasta").read_text().split(">")[1:]
    assert len(records) == 57
    title, sequence = records[0].split("\n")[:2]
    value = float(loaded.predict([sequence])[0, 0])
    assert title.split("=")[0] == "d0 predicted"
    assert float(title.split("=")[1]) == pytest.approx(value, rel=1e-9)
    assert sequence == designs["sequence"][0]
    assert records[1].startswith("d1 problem=not_DNA:_'!'_at_position_3\nAC!T")


def test_standard_input_to_standard_output(loaded, designs, tmp_path, bundle):
    code = (
        "import sys\n"
        "from seqexpr.bundle.store import load_bundle\n"
        "from seqexpr.bundle.prediction import predict_file\n"
        f"predict_file(load_bundle({str(bundle)!r}), '-', '-', batch_size=10)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=designs.to_csv(index=False), text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert lines[0] == ",".join(["id", "predicted", *TRUST, "problem"])
    assert [line.split(",")[0] for line in lines[1:]] == designs["name"].tolist()


BAD = pd.DataFrame(
    {
        "id": ["a", "b", "c", "d", "", "f", "g"],
        "seq": ["ACGTACGTACGT", "", "ACGTACG!ACGT", "acguACGUacgu", "ACGTACGTACGN", "NA", "AC"],
    }
)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 100])
@pytest.mark.parametrize("source", ["a.csv", "a.parquet"])
def test_bad_rows_keep_their_place_and_say_why(loaded, tmp_path, source, batch_size):
    path = write(BAD, tmp_path / source)
    done: list[int] = []
    summary = predict_file(
        loaded, path, tmp_path / "o.parquet", batch_size=batch_size, on_batch=done.append
    )
    frame = pd.read_parquet(tmp_path / "o.parquet")
    assert frame["id"].tolist() == ["a", "b", "c", "d", "row 5", "f", "g"]
    assert frame["problem"].fillna("").tolist() == [
        "", "no sequence", "not DNA: '!' at position 8", "", "", "no sequence", "",
    ]  # fmt: skip
    assert frame["predicted"].isna().tolist() == [p != "" for p in frame["problem"].fillna("")]
    np.testing.assert_allclose(
        frame["predicted"].dropna(), loaded.predict(["ACGTACGTACGT"] * 2 + ["ACGTACGTACGN", "AC"])[:, 0]
    )  # fmt: skip
    assert (summary.n_rows, summary.n_predicted, summary.n_repaired) == (7, 4, 1)
    assert [(p.reason, p.n_rows, p.rows) for p in summary.problems] == [
        ("no sequence", 2, (2, 6)),
        ("not DNA", 1, (3,)),
    ]
    assert done[-1] == 7
    assert done == sorted(done)


@given(
    cells=st.lists(st.text(alphabet="ACGTN!-u ", max_size=8), min_size=1, max_size=30),
    batch_size=st.integers(1, 40),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_row_in_is_a_row_out_whatever_the_batch(loaded, tmp_path, cells, batch_size):
    ids = [f"i{k}" for k in range(len(cells))]
    pd.DataFrame({"id": ids, "sequence": pd.array(cells, dtype="str")}).to_parquet(
        tmp_path / "a.parquet"
    )
    summary = predict_file(
        loaded, tmp_path / "a.parquet", tmp_path / "o.parquet", batch_size=batch_size, sequence="sequence"
    )  # fmt: skip
    frame = pd.read_parquet(tmp_path / "o.parquet")
    assert frame["id"].tolist() == ids
    assert (frame["predicted"].isna() == frame["problem"].notna()).all()
    assert summary.n_rows == len(cells)
    assert summary.n_predicted + sum(p.n_rows for p in summary.problems) == len(cells)
    whole, _ = predict_table(
        loaded, read_table(tmp_path / "a.parquet", sequence="sequence", require_target=False)
    )
    frame["in_domain"] = frame["in_domain"].astype("boolean")
    pd.testing.assert_frame_equal(whole, frame, check_dtype=False)


def test_only_bad_rows_are_written_too(loaded, tmp_path):
    write(pd.DataFrame({"id": ["a", "b"], "sequence": ["!!", ""]}), tmp_path / "a.csv")
    summary = predict_file(loaded, tmp_path / "a.csv", tmp_path / "o.csv", sequence="sequence")
    assert summary.n_predicted == 0
    assert (tmp_path / "o.csv").read_text().splitlines() == [
        "id,predicted,lower,upper,in_domain,domain_score,problem",
        "a,,,,,,not DNA: '!' at position 1",
        "b,,,,,,no sequence",
    ]  # fmt: skip


def test_rows_without_a_name_are_numbered(loaded, designs, tmp_path):
    write(designs[["sequence"]], tmp_path / "a.csv")
    predict_file(loaded, tmp_path / "a.csv", tmp_path / "o.csv", batch_size=25)
    assert read(tmp_path / "o.csv")["id"].tolist() == [f"row {k}" for k in range(1, 58)]


def test_columns_can_be_named(loaded, designs, tmp_path):
    odd = pd.DataFrame(
        {"first": designs["sequence"], "second": designs["sequence"], "code": range(57)}
    )
    path = write(odd, tmp_path / "a.csv")
    with pytest.raises(ColumnError, match="which is the sequence"):
        predict_file(loaded, path, tmp_path / "o.csv")
    predict_file(loaded, path, tmp_path / "o.csv", sequence="second", id="code")
    assert read(tmp_path / "o.csv")["id"].tolist() == list(range(57))


def test_several_targets_have_a_column_each(tools, tmp_path, designs):
    data = tools.dataset_of(tools.random_sequences(40), 2)
    both = load_bundle(tools.save(tmp_path / "m", tools.fitted("ridge", data), data))
    predict_file(both, write(designs, tmp_path / "a.csv"), tmp_path / "o.csv")
    frame = read(tmp_path / "o.csv")
    assert list(frame.columns) == [
        "id", "predicted_expression", "lower_expression", "upper_expression",
        "predicted_leak", "lower_leak", "upper_leak", "in_domain", "domain_score", "problem",
    ]  # fmt: skip
    values = frame[["predicted_expression", "predicted_leak"]].to_numpy()
    np.testing.assert_allclose(values, both.predict(designs["sequence"]), rtol=1e-12)


def test_a_prediction_that_is_no_number_is_a_problem(loaded, designs, tmp_path, monkeypatch):
    original = type(loaded).predict_clean

    def odd(self, sequences, **options):
        predicted = original(self, sequences, **options)
        predicted[::10] = np.nan
        return predicted

    monkeypatch.setattr(type(loaded), "predict_clean", odd)
    path = write(designs, tmp_path / "a.csv")
    summary = predict_file(loaded, path, tmp_path / "o.csv")
    assert [(p.reason, p.n_rows) for p in summary.problems] == [("the model gives no number", 6)]
    assert read(tmp_path / "o.csv")["problem"].notna().sum() == 6


def test_lengths_that_were_never_seen_are_counted(loaded, tmp_path):
    low, high = loaded.manifest.input.min_length, loaded.manifest.input.max_length
    sequences = ["A" * (low - 1), "A" * low, "A" * high, "A" * (high + 1)]
    write(pd.DataFrame({"sequence": sequences}), tmp_path / "a.csv")
    summary = predict_file(loaded, tmp_path / "a.csv", tmp_path / "o.csv")
    assert summary.n_outside_length == 2
    assert summary.train_lengths == (low, high)


def test_at_most_twenty_rows_are_named(loaded, tmp_path):
    cells = ["ACGTACGT"] * 3 + ["ACGTACG!"] * 50 + ["ACGTACGT"] * 950
    write(pd.DataFrame({"sequence": cells}), tmp_path / "a.csv")
    summary = predict_file(loaded, tmp_path / "a.csv", tmp_path / "o.csv", batch_size=7)
    (problem,) = summary.problems
    assert problem.n_rows == 50
    assert problem.rows == tuple(range(4, 24))


def test_the_summary_is_json(loaded, designs, tmp_path):
    summary = predict_file(loaded, write(designs, tmp_path / "a.csv"), tmp_path / "o.csv")
    document = json.loads(json.dumps(summary.to_dict(), allow_nan=False))
    assert document["n_predicted"] == 57
    assert any("sequence" in note for note in document["notes"])


def test_nothing_is_left_when_the_input_breaks_off(loaded, designs, tmp_path):
    big = pd.concat([designs] * 200)
    data = gzip.compress(big.to_csv(index=False).encode())
    (tmp_path / "a.csv.gz").write_bytes(data[: len(data) // 2])
    with pytest.raises(TableError, match=r"a.csv.gz"):
        predict_file(loaded, tmp_path / "a.csv.gz", tmp_path / "o.csv", batch_size=50)
    assert {p.name for p in tmp_path.iterdir()} == {"a.csv.gz", "model"}


def test_what_cannot_be_done(loaded, designs, tmp_path):
    path = write(designs, tmp_path / "a.csv")
    with pytest.raises(InputError, match="batch_size = 0: must be at least 1"):
        predict_file(loaded, path, tmp_path / "o.csv", batch_size=0)
    with pytest.raises(OutputError, match="does not say a format"):
        predict_file(loaded, path, tmp_path / "o.doc")
    with pytest.raises(TableError, match=r"none.csv"):
        predict_file(loaded, tmp_path / "none.csv", tmp_path / "o.csv")
    assert not (tmp_path / "o.csv").exists()


MEASURE = """
import resource, sys
from seqexpr.bundle.prediction import predict_file
from seqexpr.bundle.store import load_bundle
bundle = load_bundle(sys.argv[1])
predict_file(bundle, sys.argv[2], sys.argv[3], batch_size=2000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kB on Linux only")
def test_memory_does_not_grow_with_the_rows(bundle, tools, tmp_path):
    sequences = tools.random_sequences(4000, length=300, seed=2)
    peaks = []
    for copies in (1, 10):
        path = tmp_path / f"{copies}.fasta"
        with path.open("w") as file:
            for k in range(copies):
                file.writelines(f">r{k}_{i}\n{s}\n" for i, s in enumerate(sequences))
        command = [sys.executable, "-c", MEASURE, str(bundle), str(path), str(tmp_path / "o.csv")]
        peaks.append(
            int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        )
    # The ten times longer input is 11 MB longer as text alone, and 90 MB as features.
    assert peaks[1] < peaks[0] + 8_000


@pytest.mark.real_data
def test_a_published_library_written_as_rna(loaded, tmp_path, real_data):
    """All 257,565 variants of nine bases around a Shine-Dalgarno site, most with a U."""
    path = real_data("ecoli_kuo2020_sd_dmsC.tsv.gz")
    table = pd.read_csv(path, sep="\t", usecols=["sequence"])
    summary = predict_file(loaded, path, tmp_path / "o.parquet")
    assert summary.n_rows == summary.n_predicted == len(table) == 257_565
    assert summary.n_repaired == table["sequence"].str.contains("U").sum()
    frame = pd.read_parquet(tmp_path / "o.parquet")
    some = [0, 9_999, 10_000, 257_564]
    expected = loaded.predict(table["sequence"].iloc[some].tolist())[:, 0]
    np.testing.assert_allclose(frame["predicted"].iloc[some], expected, rtol=1e-12)
