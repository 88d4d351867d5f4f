"""A small run, and a table in several files to predict."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from seqexpr.data.simulate import simulate_library
from seqexpr.workflow.train import train


@pytest.fixture(scope="session")
def job(tmp_path_factory) -> SimpleNamespace:
    """A run of a ridge, and a folder of 4 files of 3 groups of 100 rows, some of them bad."""
    folder = tmp_path_factory.mktemp("job")
    library = simulate_library(300, rng=np.random.default_rng(0), length=30, noise=0.3).table
    train(library, output=folder / "run", models=("ridge_onehot",), split="random",
          target="expression")  # fmt: skip
    rows = simulate_library(1_200, rng=np.random.default_rng(1), length=30).table["sequence"]
    rows = rows.to_numpy(dtype=object)
    rows[[5, 250]], rows[700] = "not DNA!", "acgtacgtacgtacgtacgtacgtacgtac"
    table = folder / "table"
    table.mkdir()
    for number, part in enumerate(np.split(rows, 4)):
        pd.DataFrame({"sequence": part, "more": number}).to_parquet(
            table / f"{number}.parquet", row_group_size=100, index=False
        )
    return SimpleNamespace(run=folder / "run", table=table, rows=rows)


@pytest.fixture
def written(tmp_path) -> Path:
    """Return where predictions go."""
    return tmp_path / "predictions"
