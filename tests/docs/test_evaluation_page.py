"""Every number of evaluation.json is named on the pages that define it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from seqexpr import train
from seqexpr.data.simulate import simulate_library

DOCS = Path(__file__).parents[2] / "docs"


def numbers_in(part, path=()):
    """Yield the path of every number."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield from numbers_in(value, (*path, key))
    elif isinstance(part, list):
        for value in part:
            yield from numbers_in(value, path)
    elif isinstance(part, int | float):
        yield path


@pytest.fixture(scope="module")
def document():
    """A run in which everything is measured: families, replicates, a floor."""
    library = simulate_library(
        600, rng=np.random.default_rng(0), length=60, noise=0.3, family_size=3, floor=0.0
    )
    run = train(library.table, target="expression", models=("mean", "ridge"), nested=False, jobs=1)
    return run.evaluation.to_dict()


def test_everything_was_measured(document):
    parts = ("leakage", "controls", "ceiling", "intervals", "floor", "learning_curve", "diagnosis")
    assert all(document[part] for part in parts)
    assert document["leakage"]["inflation"]


def test_every_number_is_named(document):
    text = "".join((DOCS / page).read_text("utf-8") for page in ("evaluation.md", "formats.md"))
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`\n]+`", text))))
    missing = {".".join(path) for path in numbers_in(document) if path[-1] not in named}
    assert not missing


def test_every_number_of_a_search_is_named():
    library = simulate_library(120, rng=np.random.default_rng(0), length=30)
    run = train(
        library.table, target="expression", preset="best", budget="10m", trials=4, jobs=1,
        split="random", motifs=("ecoli",),
    )  # fmt: skip
    document = run.evaluation.to_dict()
    assert document["search"]
    assert document["cost"]["seconds"] > 0
    for trial in document["search"]["trials"]:
        trial.pop("choices")  # named by the blocks and settings of the search
    text = (DOCS / "formats.md").read_text("utf-8")
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`\n]+`", text))))
    shown = {part: document[part] for part in ("search", "cost")}
    assert {".".join(path) for path in numbers_in(shown) if path[-1] not in named} == set()
