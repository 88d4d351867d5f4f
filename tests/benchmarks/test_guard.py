"""The guard of `make bench`: ratios and exponents, never seconds."""

from __future__ import annotations

import math

import pytest

from benchmarks import record
from benchmarks.guard import STEEPER, WORSE, regressions
from benchmarks.record import Point, Ratio, exponent


def curve(power: float, *, times: float = 1.0) -> list[Point]:
    return [Point("work", "rows", n, times * n**power / 1e3) for n in (10**3, 10**4, 10**5)]


def test_the_exponent_is_the_slope_of_the_sizes_that_took_long_enough():
    assert exponent(curve(1.3)) == pytest.approx(1.3)
    start = [Point("work", "rows", 10, 0.01), Point("work", "rows", 100, 0.01)]
    assert exponent([*start, *curve(1.0)]) == pytest.approx(1.0)
    assert math.isnan(exponent(start))
    assert exponent(curve(1.0), least=1.0) == pytest.approx(1.0)
    assert math.isnan(exponent(curve(1.0), least=10.0))  # two sizes


def test_seconds_alone_are_no_regression():
    before = ([Ratio("peer", 10.0)], curve(1.0))
    assert regressions(before, ([Ratio("peer", 10.0)], curve(1.0, times=50))) == []


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_a_ratio_beyond_the_band_is_told(factor):
    now = [Ratio("peer", 10.0 / WORSE * factor), Ratio("new", 0.1)]
    found = regressions(([Ratio("peer", 10.0), Ratio("gone", 5.0)], []), (now, []))
    assert bool(found) == (factor < 1)
    assert all("peer" in line and "was 10" in line for line in found)


@pytest.mark.parametrize("more", [-0.05, 0.05])
def test_a_steeper_curve_is_told(more):
    found = regressions(([], curve(1.0)), ([], curve(1.0 + STEEPER + more)))
    assert bool(found) == (more > 0)


def test_what_is_recorded_is_read_again(tmp_path, monkeypatch):
    path = tmp_path / "found.jsonl"
    record.record(Ratio("nowhere", 1.0))  # the environment names no file
    monkeypatch.setenv(record.FILE, str(path))
    record.record(Ratio("peer", 2.5), *curve(1.0))
    record.record(Ratio("other", 0.5))
    assert record.read(path) == ([Ratio("peer", 2.5), Ratio("other", 0.5)], curve(1.0))
    assert record.read(tmp_path / "none") == ([], [])
