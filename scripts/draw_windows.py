"""Draw docs/images/windows.png: which bases each --region takes, on both strands.

python scripts/draw_windows.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt

from seqexpr.report.drawing import BLUE, GREY, INK, ORANGE, PALE

OUTPUT = Path(__file__).parents[1] / "docs" / "images" / "windows.png"
GENES = ((18, 38, "+"), (68, 88, "-"))  # start, end, strand
UPSTREAM, DOWNSTREAM, AROUND_END = 14, 12, 12


def draw_gene(axes: plt.Axes, *, start: int, end: int, strand: str) -> None:
    """Draw a gene as an arrow along its strand, and its start of transcription as a bent one."""
    first, last = (start, end) if strand == "+" else (end, start)
    step = 1 if strand == "+" else -1
    axes.add_patch(
        plt.Polygon(
            [(first, -0.32), (last - 2 * step, -0.32), (last, 0), (last - 2 * step, 0.32),
             (first, 0.32)],
            closed=True, facecolor=PALE, edgecolor=BLUE, linewidth=1.2,
        )
    )  # fmt: skip
    axes.plot([first, first], [0.32, 0.95], color=INK, linewidth=1.4)
    axes.annotate(
        "", (first + 4.5 * step, 0.95), (first, 0.95),
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.4},
    )  # fmt: skip
    axes.text(first + 5 * step, 0.95, "TSS", va="center", ha="left" if step > 0 else "right")
    middle = (start + end) / 2
    axes.text(middle, 0, f"gene on {strand}", ha="center", va="center", color=INK, fontsize=9)


def draw_window(axes: plt.Axes, *, at: float, step: int, row: float, parts: tuple) -> None:
    """Draw a window around `at`: parts are (from, to, colour, words) along the strand."""
    for low, high, colour, words in parts:
        left, right = sorted((at + step * low, at + step * high))
        axes.add_patch(
            plt.Rectangle((left, row - 0.2), right - left, 0.4, facecolor=colour, linewidth=0)
        )
        ink = "white" if colour == BLUE else INK
        axes.text((left + right) / 2, row, words, ha="center", va="center", fontsize=7, color=ink)


def main() -> None:
    """Write the picture."""
    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 9.5, "text.color": INK})
    figure, axes = plt.subplots(figsize=(9.2, 3.6), dpi=150)
    axes.plot([2, 104], [0, 0], color=GREY, linewidth=1, zorder=0)
    rows = {"tss": -1.1, "tes": -1.9, "interval": -2.7}
    for start, end, strand in GENES:
        draw_gene(axes, start=start, end=end, strand=strand)
        step = 1 if strand == "+" else -1
        first, last = (start, end) if strand == "+" else (end, start)
        both = (
            (-UPSTREAM, 0, BLUE, "upstream"),
            (0, DOWNSTREAM, ORANGE, "downstream"),
        )
        draw_window(axes, at=first, step=step, row=rows["tss"], parts=both)
        around = ((-AROUND_END, 0, BLUE, "upstream"), (0, AROUND_END, ORANGE, "downstream"))
        draw_window(axes, at=last, step=step, row=rows["tes"], parts=around)
        whole = ((0, end - start, BLUE, "as it is"),)
        draw_window(axes, at=first, step=step, row=rows["interval"], parts=whole)
        arrow = {"arrowstyle": "->", "color": GREY}
        low, high = (start - 2, end + 2) if strand == "+" else (end + 2, start - 2)
        axes.annotate("", (high, -3.35), (low, -3.35), arrowprops=arrow)
        axes.text((start + end) / 2, -3.62, "read this way", ha="center", color=GREY, fontsize=8.5)
    for name, row in rows.items():
        axes.text(-1, row, f"--region {name}", ha="right", va="center", family="DejaVu Sans Mono")
    axes.text(-1, 0, "genome", ha="right", va="center")
    axes.set_xlim(-20, 104)
    axes.set_ylim(-3.9, 1.4)
    axes.axis("off")
    figure.savefig(OUTPUT, bbox_inches="tight", pad_inches=0.08)


if __name__ == "__main__":
    main()
