"""Who may import whom, and what `import seqexpr` may load: held by tests, not by manners."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What `import seqexpr` and `seqexpr --help` may bring in beyond the standard library.
LIGHT = {"seqexpr"}
LIGHT_HELP = LIGHT | {
    "annotated_doc", "click", "markdown_it", "mdurl", "pygments", "rich", "shellingham", "typer", "typing_extensions",
    "attr",  # where it is installed, rich takes it
}  # fmt: skip


def loaded_packages(code: str) -> set[str]:
    """Top-level packages outside the standard library that `code` loads in a fresh Python."""
    script = (
        "import sys\nbefore = set(sys.modules)\n"
        f"{code}\n"
        "names = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print('\\n' + ' '.join(sorted(names - set(sys.stdlib_module_names))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {n for n in done.stdout.splitlines()[-1].split() if not n.startswith(("_", "cython"))}


def test_import_seqexpr_loads_nothing_else():
    assert loaded_packages("import seqexpr") <= LIGHT


def test_help_loads_only_the_command_line():
    code = (
        "sys.argv = ['seqexpr', '--help']\n"
        "from seqexpr.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass"
    )
    assert loaded_packages(code) <= LIGHT_HELP


def test_every_public_name_is_there():
    import seqexpr

    for name in seqexpr.__all__:
        assert getattr(seqexpr, name) is not None
        assert name in dir(seqexpr)
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        seqexpr.trian  # noqa: B018 - the access is the test


def lint_imports(package: Path, config: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--config", config, "--no-cache"]
    return subprocess.run(
        command, cwd=package.parent, env={"PYTHONPATH": str(package.parent), "PATH": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def house(tmp_path):
    """A copy of the package with its contracts, to plant faults in."""
    shutil.copytree(
        ROOT / "src" / "seqexpr", tmp_path / "seqexpr", ignore=shutil.ignore_patterns("__pycache__")
    )
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    import tomli_w

    config = tmp_path / "contracts.toml"
    config.write_text(tomli_w.dumps({"tool": {"importlinter": contracts}}))
    return tmp_path / "seqexpr", config


def test_the_contracts_hold(house):
    done = lint_imports(*house)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("room", "planted", "message"),
    [
        ("data/dataset.py", "import seqexpr.models", "seqexpr.data is not allowed to import seqexpr.models"),
        ("features/kmers.py", "import seqexpr.splits", "seqexpr.features is not allowed to import seqexpr.splits"),
        ("models/linear.py", "import torch", "seqexpr.models is not allowed to import torch"),
    ],
)  # fmt: skip
def test_a_forbidden_import_is_caught(house, room, planted, message):
    package, config = house
    with (package / room).open("a") as file:
        file.write(f"\n{planted}\n")
    done = lint_imports(package, config)
    assert done.returncode != 0
    assert message in " ".join(done.stdout.split())
