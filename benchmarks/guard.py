"""Has something become slower than it was, beside its peers?

Seconds differ from machine to machine and from hour to hour; ratios of one run differ less. The
band is wide: what it reports is worth a look.
"""

from __future__ import annotations

from collections import defaultdict

from benchmarks.record import Point, Ratio, exponent

WORSE = 3.0
STEEPER = 0.25

Figures = tuple[list[Ratio], list[Point]]


def regressions(last: Figures, now: Figures) -> list[str]:
    """Return a line for each ratio and each exponent that is worse by more than the band."""
    before = {ratio.name: ratio.times for ratio in last[0]}
    lines = [
        f"{ratio.name}: {ratio.times:.2g} times ours, was {before[ratio.name]:.2g}"
        for ratio in now[0]
        if ratio.name in before and ratio.times * WORSE < before[ratio.name]
    ]
    steep = _exponents(last[1])
    for curve, value in _exponents(now[1]).items():
        if value - steep.get(curve, value) > STEEPER:
            lines.append(f"{' by '.join(curve)}: exponent {value:.2f}, was {steep[curve]:.2f}")
    return lines


def _exponents(points: list[Point]) -> dict[tuple[str, str], float]:
    curves = defaultdict(list)
    for point in points:
        curves[point.curve, point.axis].append(point)
    return {curve: exponent(found) for curve, found in curves.items()}
