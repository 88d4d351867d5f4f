"""Small tables of counts and sequences for the models."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import sparse


@pytest.fixture
def counts() -> Callable[..., np.ndarray]:
    """Make an (n, p) table of Poisson counts, as k-mer counts are."""

    def make(n: int, p: int, *, seed: int = 0, rate: float = 1.0) -> np.ndarray:
        return np.random.default_rng(seed).poisson(rate, size=(n, p)).astype(float)

    return make


@pytest.fixture(params=["dense", "csr"])
def container(request) -> Callable[[np.ndarray], object]:
    """Hand a table over as it is, or as a CSR matrix."""
    return np.asarray if request.param == "dense" else sparse.csr_matrix


@pytest.fixture
def random_dna() -> Callable[..., list[str]]:
    """Make n random sequences."""

    def make(n: int, length: int = 40, *, seed: int = 0) -> list[str]:
        rng = np.random.default_rng(seed)
        return ["".join(row) for row in rng.choice(list("ACGT"), size=(n, length))]

    return make
