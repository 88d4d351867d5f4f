"""A small library with planted motifs, and models fitted on it once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from seqexpr.data.planting import PlantedMotif
from seqexpr.data.simulate import simulate_library
from seqexpr.models.registry import make_model

PLANTED = (
    PlantedMotif("TGACTCA", 1.5, share=0.3),
    PlantedMotif("CACGTGAC", -1.0, share=0.3),
    PlantedMotif("GGGCGGAA", 1.0, share=0.3),
)


@dataclass(frozen=True, eq=False)
class Library:
    """Sequences, what was measured, and how many were trained on."""

    sequences: list[str]
    y: Any
    n_train: int

    @property
    def held_out(self) -> tuple[list[str], Any]:
        return self.sequences[self.n_train :], self.y[self.n_train :]

    def fit(self, name: str, y: Any = None) -> Any:
        y = self.y if y is None else y
        return make_model(name).fit(self.sequences[: self.n_train], y[: self.n_train])


@pytest.fixture(scope="session")
def library() -> Library:
    made = simulate_library(1500, rng=np.random.default_rng(5), length=80, motifs=PLANTED)
    table = made.table
    return Library(table["sequence"].tolist(), table["expression"].to_numpy(), 1100)


@pytest.fixture(scope="session")
def ridge(library: Library) -> Any:
    return library.fit("ridge")
