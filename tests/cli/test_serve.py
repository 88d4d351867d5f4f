"""seqexpr serve: the light parts, in a process; the service itself is tested in tests/serve."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT = """
import sys
sys.modules[{module!r}] = None  # as if it were not installed
sys.argv = ["seqexpr", "serve", "run"]
from seqexpr.cli.main import main
main()
"""


@pytest.mark.parametrize("module", ["fastapi", "uvicorn", "prometheus_client"])
def test_without_the_extra_the_pip_line_is_shown(module):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(module=module)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert (
        done.stderr
        == f'error: this needs {module!r}, which is not installed; run: pip install "seqexpr[serve]"\n'
    )


def test_the_help_names_every_limit(seqexpr):
    done = seqexpr("serve", "--help", COLUMNS="100")
    assert done.returncode == 0
    for option in (
        "--host",
        "--port",
        "--token",
        "--jobs-dir",
        "--max-body-mb",
        "--max-requests",
        "--max-wait",
        "--timeout",
    ):
        assert option in done.stdout


def test_what_cannot_be_served_is_said_before_anything_listens(seqexpr):
    done = seqexpr("serve", "nothing", "--port", "0")
    assert done.returncode == 2
    assert done.stderr.startswith("error: nothing does not exist")
    assert done.stdout == ""
