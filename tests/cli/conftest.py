"""Run the command line as a person would."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from seqexpr.data.simulate import simulate_library


@pytest.fixture
def seqexpr(run_command, tmp_path):
    """Give a function that runs a command in an empty folder."""
    return partial(run_command, cwd=tmp_path)


@pytest.fixture(scope="session")
def library():
    return simulate_library(200, rng=np.random.default_rng(5), length=50, noise=0.3).table


@pytest.fixture
def library_csv(library, tmp_path):
    path = tmp_path / "library.csv"
    library.to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def trained(library, tmp_path_factory):
    """A run folder of a small ridge."""
    from seqexpr.workflow.train import train

    path = tmp_path_factory.mktemp("trained") / "run"
    choices = {"target": "expression", "models": ("mean", "ridge"), "split": "random"}
    train(library, nested=False, output=path, **choices)
    return path
