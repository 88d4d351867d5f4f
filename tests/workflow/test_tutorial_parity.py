"""The preset `tutorial` gives the numbers of the tutorial's own code."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MultiLabelBinarizer

from seqexpr.workflow.train import train


def tutorial_mse(path) -> float:
    """The tutorial, step by step, with pandas and scikit-learn."""
    data = pd.read_csv(path)
    k = 3
    data["Kmers"] = [[seq[i : i + k] for i in range(len(seq) - k + 1)] for seq in data["Sequence"]]
    X = MultiLabelBinarizer().fit_transform(data["Kmers"])
    y = data["Expression Level"]
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
    model = LinearRegression().fit(X_train, y_train)
    return float(mean_squared_error(y_test, model.predict(X_test)))


def our_mse(path, folder=None) -> float:
    run = train(path, preset="tutorial", output=folder, overwrite=folder is not None)
    rows = run.evaluation.to_dict()["rows"]
    if folder is not None:
        assert json.loads((folder / "evaluation.json").read_text())["rows"] == rows
    found = [
        r["value"]
        for r in rows
        if (r["model"], r["set"], r["metric"]) == ("tutorial", "test", "mse")
    ]
    assert len(found) == 1
    return found[0]


def write_tutorial_csv(path, sequences, values):
    frame = pd.DataFrame({"Sequence": sequences, "Expression Level": values})
    frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    "name", ["ecoli_kinney2010_sortseq.tsv.gz", "yeast_corepromoter729.tsv.gz"]
)
@pytest.mark.real_data
def test_on_measured_data(name, real_data, tmp_path):
    data = pd.read_csv(real_data(name), sep="\t").head(15_000)
    path = write_tutorial_csv(
        tmp_path / "gene_expression.csv", data["sequence"], data["expression"]
    )
    folder = tmp_path / "run" if len(data) < 5_000 else None  # a report of many rows takes long
    assert our_mse(path, folder) == pytest.approx(tutorial_mse(path), rel=1e-6)


def test_on_the_embedded_data(tmp_path):
    from seqexpr.data.examples import example_path

    data = pd.read_csv(example_path("lac"), sep="\t").head(4_000)
    path = write_tutorial_csv(
        tmp_path / "gene_expression.csv", data["sequence"], data["expression"]
    )
    assert our_mse(path) == pytest.approx(tutorial_mse(path), rel=1e-6)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_on_generated_tables(data, tmp_path):
    n = data.draw(st.integers(12, 150), label="rows")
    shortest = data.draw(st.integers(3, 30), label="shortest")
    longest = shortest + data.draw(st.integers(0, 60), label="more")
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1), label="seed"))
    sequences = [
        "".join(rng.choice(list("ACGT"), size=rng.integers(shortest, longest + 1)))
        for _ in range(n)
    ]
    scale = 10.0 ** data.draw(st.integers(-3, 4), label="log10 of the scale")
    path = write_tutorial_csv(tmp_path / "a.csv", sequences, rng.normal(size=n) * scale)
    assert our_mse(path) == pytest.approx(tutorial_mse(path), rel=1e-6)
