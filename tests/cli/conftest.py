"""Run the command line as a person would, but in this process: starting one takes seconds."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import traceback
import warnings
from contextlib import chdir
from unittest import mock

import numpy as np
import pytest

from seqexpr.cli.main import main
from seqexpr.data.simulate import simulate_library


@pytest.fixture
def seqexpr(tmp_path):
    """Give a function that runs a command in an empty folder.

    What only a process of its own can show (signals, pipes that are closed) starts one.
    """

    def run(*arguments, stdin=None, cwd=tmp_path, **env):
        given = stdin if isinstance(stdin, bytes) else (stdin or "").encode()
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        command = ["seqexpr", *map(str, arguments)]
        code = 0
        with (
            mock.patch.dict(os.environ, {"NO_COLOR": "1", "COLUMNS": "120"} | env),
            mock.patch.multiple(
                sys, argv=command, stdin=io.TextIOWrapper(io.BytesIO(given)), stdout=out, stderr=err
            ),
            chdir(cwd),
            warnings.catch_warnings(),
        ):
            warnings.resetwarnings()  # they are shown, as in a process, and are no errors
            for hidden in (DeprecationWarning, PendingDeprecationWarning, ResourceWarning):
                warnings.simplefilter("ignore", hidden)
            try:
                main()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(end.code is not None)
            except Exception:  # what Python does with it
                traceback.print_exc()
                code = 1
        said = []
        for stream in (out, err):
            stream.flush()
            said.append(stream.buffer.getvalue())
        if not isinstance(stdin, bytes):
            said = [text.decode().replace("\r\n", "\n") for text in said]
        return subprocess.CompletedProcess(command, code, *said)

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
