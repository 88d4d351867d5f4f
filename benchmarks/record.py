"""What a benchmark found, kept for the pictures and for the guard of `make bench`.

Each script prints its tables. Under `python -m benchmarks.run` it also writes, to the file that
the environment names, one line of JSON for each ratio and for each point of a curve.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

FILE = "SEQEXPR_BENCH_RECORD"
TIMED = 0.05
"""Seconds below which a time is noise and start, and does not count for an exponent."""


@dataclass(frozen=True)
class Ratio:
    """How many times ours a peer takes: larger is better for us. A name is never used twice."""

    name: str
    times: float


@dataclass(frozen=True)
class Point:
    """Seconds that a piece of work of some size took."""

    curve: str
    axis: str
    size: int
    seconds: float


def record(*found: Ratio | Point) -> None:
    """Add what was found to the file that the environment names, if it names one."""
    name = os.environ.get(FILE)
    if name:
        with Path(name).open("a", encoding="utf-8") as stream:
            stream.writelines(
                json.dumps({"kind": type(one).__name__, **asdict(one)}) + "\n" for one in found
            )


def read(path: Path) -> tuple[list[Ratio], list[Point]]:
    """Return the ratios and the points of a file."""
    ratios, points = [], []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        values = json.loads(line)
        if values.pop("kind") == "Ratio":
            ratios.append(Ratio(**values))
        else:
            points.append(Point(**values))
    return ratios, points


def exponent(points: list[Point], *, least: float = TIMED) -> float:
    """Return the slope of log seconds by log size (least squares), of times of `least` and more.

    1 is linear growth. NaN where fewer than three sizes took so long.
    """
    seen = [(point.size, point.seconds) for point in points if point.seconds >= least]
    if len(seen) < 3:
        return float("nan")
    x, y = np.log(np.array(seen, dtype=float)).T
    return float(np.polyfit(x, y, 1)[0])
