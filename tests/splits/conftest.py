"""Libraries to split."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.data.dataset import Dataset


@pytest.fixture(scope="session")
def make_data():
    """Make n random sequences of 20 bases; `copies` {row: of which row} plants equal ones."""

    def make(n=100, *, seed=0, copies=None, **more):
        rng = np.random.default_rng(seed)
        sequences = ["".join(rng.choice(list("ACGT"), size=20)) for _ in range(n)]
        for row, source in (copies or {}).items():
            sequences[row] = sequences[source]
        more = {
            name: np.array(values, dtype=object) if isinstance(values, list) else values
            for name, values in more.items()
        }
        targets = more.pop("targets", rng.normal(size=n))
        return Dataset(np.array(sequences, dtype=object), targets, target_names=("y",), **more)

    return make
