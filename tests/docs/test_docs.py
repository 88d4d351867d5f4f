"""Every page is executed: `python` blocks run in order, `console` blocks run and are compared.

In a console block the lines that start with ``$`` are commands; what follows one is its output,
where ``...`` stands for anything, as in doctests. Blocks of a page share one folder and one
namespace. A block under the line ``<!-- not executed: REASON -->`` is left out, and one under
``<!-- needs the extra NAME -->`` where that is not installed.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from seqexpr.optional import has_extra

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(
    r"(?P<skip><!-- not executed: [^\n]+ -->\n)?(?:<!-- needs the extra (?P<extra>\w+) -->\n)?```(?P<kind>python|console)\n(?P<text>.*?)```",
    re.DOTALL,
)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")


SHELL = re.compile(r"[|&;<>$`*?~#]|^(?!seqexpr )")
"""What a shell is needed for; else a command runs in this process, which is quicker."""


def run_console(text: str, folder: Path, run_command: Any) -> None:
    env = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "120",
        "NO_COLOR": "1",
    }
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        while command.endswith("\\"):
            more, _, expected = expected.partition("\n")
            command = command[:-1] + more.removeprefix("> ")
        if SHELL.search(command):
            done = subprocess.run(
                command, shell=True, cwd=folder, env=env, capture_output=True, text=True,
                check=False,
            )  # fmt: skip
        else:
            done = run_command(*shlex.split(command)[1:], cwd=folder)
        output = done.stdout + done.stderr
        assert done.returncode == 0 or expected, f"$ {command}\n{output}"
        if expected.strip():
            same = doctest.OutputChecker().check_output(expected.strip(), output.strip(), FLAGS)
            assert same, f"$ {command}\nexpected:\n{expected}\ngot:\n{output}"


def run_python(text: str, folder: Path, names: dict[str, object]) -> None:
    before = Path.cwd()
    os.chdir(folder)
    try:
        if ">>>" in text:
            case = doctest.DocTestParser().get_doctest(text, names, "docs", "docs", 0)
            report: list[str] = []
            runner = doctest.DocTestRunner(optionflags=FLAGS)
            failed = runner.run(case, out=report.append, clear_globs=False).failed
            names.update(case.globs)
            assert not failed, "".join(report)
        else:
            exec(compile(text, "docs", "exec"), names)
    finally:
        os.chdir(before)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_does_what_it_says(page, tmp_path, run_command):
    names: dict[str, object] = {}
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        if block["skip"] or (block["extra"] and not has_extra(block["extra"])):
            continue
        if block["kind"] == "console":
            run_console(block["text"], tmp_path, run_command)
        else:
            run_python(block["text"], tmp_path, names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"
