"""Run the command line in a process of its own, as a person would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from seqexpr.data.simulate import simulate_library

SEQEXPR = str(Path(sys.executable).with_name("seqexpr"))


@pytest.fixture
def seqexpr(tmp_path):
    """Give a function that runs a command in an empty folder."""

    def run(*arguments, stdin=None, cwd=tmp_path, **env):
        return subprocess.run(
            [SEQEXPR, *map(str, arguments)],
            cwd=cwd, env=os.environ | {"NO_COLOR": "1", "COLUMNS": "120"} | env, input=stdin,
            capture_output=True, text=not isinstance(stdin, bytes), check=False,
        )  # fmt: skip

    return run


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
