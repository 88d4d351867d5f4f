"""Small libraries with known truth, written once."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.data.simulate import simulate_library


@pytest.fixture(scope="session")
def library():
    """300 sequences of 60 bases with planted motifs."""
    return simulate_library(300, rng=np.random.default_rng(3), length=60, noise=0.3)


@pytest.fixture
def library_csv(library, tmp_path):
    path = tmp_path / "library.csv"
    library.table.to_csv(path, index=False)
    return path
