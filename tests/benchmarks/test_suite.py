"""`make bench`: every section is a script that can be asked for help, and pictures are drawn."""

from __future__ import annotations

import sys

import pytest

from benchmarks import processes, run
from benchmarks.guard import regressions
from benchmarks.pictures import draw_growth, draw_ratios
from benchmarks.record import Point, Ratio, read


def test_every_section_has_a_script_that_says_what_it_does():
    for section in run.SECTIONS:
        script = run.ROOT / "benchmarks" / f"{section.script}.py"
        assert f"python -m benchmarks.{section.script}" in script.read_text(), script


def test_the_page_holds_what_the_sections_found():
    page = run.PAGE.read_text(encoding="utf-8")
    titles = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    assert titles == [section.title for section in run.SECTIONS]
    for section in run.SECTIONS:
        assert f"    python {' '.join(section.command)}\n" in page
    ratios, points = read(run.FIGURES)
    assert len({ratio.name for ratio in ratios}) == len(ratios) > 10
    assert {point.axis for point in points} == {"sequences", "rows", "bases"}
    assert regressions((ratios, points), (ratios, points)) == []
    for name in ("ratios", "growth"):
        assert f"](images/benchmarks-{name}.svg)" in page
        assert (run.IMAGES / f"benchmarks-{name}.svg").is_file()


def test_a_section_that_fails_does_not_lose_what_the_others_found(tmp_path, monkeypatch, capsys):
    scripts = {"good": "print('| a |')", "bad": "raise SystemExit('out of cheese')"}
    for name, code in scripts.items():
        (tmp_path / f"{name}.py").write_text(code + "\n", encoding="utf-8")
    monkeypatch.setattr(run, "DONE", tmp_path)
    monkeypatch.setattr(
        run.Section, "command", property(lambda self: [str(tmp_path / f"{self.script}.py")])
    )
    good, bad = run.Section("Good one", "good"), run.Section("Bad one", "bad")
    assert run.run(good)
    assert not run.run(bad)
    assert "out of cheese" in capsys.readouterr().err
    assert run.part(good).endswith("| a |")
    (tmp_path / "good.py").write_text("raise SystemExit('ran twice')\n", encoding="utf-8")
    assert run.run(good)  # kept, not run again
    (tmp_path / "bad.py").write_text("print('| b |')\n", encoding="utf-8")
    assert run.run(bad)
    assert run.part(bad).endswith("| b |")


def test_pictures_are_the_same_each_time(tmp_path):
    ratios = [Ratio("a", 10.0), Ratio("b", 0.5)]
    points = [Point(c, a, n, n / 1e4) for c in "xy" for a in ("rows", "bases") for n in (10, 100)]
    for path in (tmp_path / "1.svg", tmp_path / "2.svg"):
        draw_ratios(ratios, path)
    assert (tmp_path / "1.svg").read_bytes() == (tmp_path / "2.svg").read_bytes()
    draw_growth(points, tmp_path / "3.svg")
    assert "Bases a sequence" in (tmp_path / "3.svg").read_text()


def test_processes_are_measured_and_failures_shown():
    cost = processes.run([sys.executable, "-c", "x = bytearray(300_000_000); sum(range(10**7))"])
    assert 0.05 < cost.processor < 60
    assert 280 < cost.megabytes < 450
    with pytest.raises(SystemExit, match="out of cheese"):
        processes.run([sys.executable, "-c", "raise SystemExit('out of cheese')"])
