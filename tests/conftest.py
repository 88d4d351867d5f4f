"""Fixtures for every room."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import chdir
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import settings

# A busy machine is no reason to fail; a found example is printed so that it can be repeated.
settings.register_profile("seqexpr", deadline=None, print_blob=True)
settings.load_profile("seqexpr")

ROOT = Path(__file__).parents[1]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep tests that share a module's fixture in one process (``-n auto``): it is made once.

    All others go where a process is free. (``--dist loadgroup`` does nothing with pytest 9.2:
    pytest-xdist's issue 1386.)
    """
    from xdist.scheduler.loadscope import LoadScopeScheduling

    class BySharedFixture(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", maxsplit=1)[0]
            return file if _shares(file) else nodeid

    return BySharedFixture(config, log)


@cache
def _shares(file: str) -> bool:
    return 'scope="module"' in (ROOT / file).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Give the path of a measured data set beside the checkout, or skip the test."""

    def find(name: str) -> Path:
        path = ROOT.parent / "shared" / "data" / name
        if not path.exists():
            pytest.skip(f"the measured data set {name} is not beside the checkout")
        return path

    return find


@pytest.fixture
def run_command():
    """Give a function that runs a command of the command line in a folder.

    It runs in this process: starting one takes seconds. What only a process of its own can show (signals, pipes that are closed) starts one.
    """

    def run(*arguments: object, cwd: Path, stdin: str | bytes | None = None, **env: str) -> Any:
        from seqexpr.cli.main import main

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
