from __future__ import annotations

import subprocess
import sys

import pytest

import seqexpr as package

COMMANDS = ["check", "train", "predict", "evaluate", "compare", "datasets", "simulate", "windows"]


def test_version(seqexpr):
    assert seqexpr("--version").stdout.strip() == f"seqexpr {package.__version__}"


def test_help_names_every_command(seqexpr):
    text = seqexpr("--help").stdout
    assert all(command in text for command in COMMANDS)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "datasets"])
def test_help_of_a_command_has_examples(seqexpr, command):
    done = seqexpr(command, "--help")
    assert done.returncode == 0
    assert f"seqexpr {command}" in done.stdout
    assert "Examples" in done.stdout


def test_an_unknown_command_is_a_usage_error(seqexpr):
    done = seqexpr("trian")
    assert done.returncode == 2
    assert "train" in done.stderr


def test_it_runs_as_a_module(tmp_path):
    command = [sys.executable, "-m", "seqexpr", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.strip() == f"seqexpr {package.__version__}"
