"""Drawing style, and matplotlib figures as SVG that lies inside an HTML page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import matplotlib.style
from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "BLUE",
    "GREY",
    "INK",
    "ORANGE",
    "PALE",
    "VERMILLION",
    "WIDTH",
    "figure_to_svg",
    "new_axes",
    "plain_label",
    "styled",
]

# Okabe and Ito's palette, which people with any kind of colour vision can tell apart.
BLUE, ORANGE, VERMILLION = "#0072b2", "#e69f00", "#d55e00"
PALE, GREY, INK = "#a9cde6", "#6b7278", "#333333"  # PALE is BLUE, thinned

WIDTH, HEIGHT = 400, 340
"""Points: half a page of the report, or the whole width of a phone."""

_STYLE: dict[str, Any] = {
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.solid_capstyle": "butt",
    # A column may be called "$x$"; it is a name, not a formula.
    "text.parse_math": False,
    "text.color": INK,
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9,
}

_NUMBER = re.compile(r"-?\d+\.\d+")
_REFERENCE = re.compile(r"#([\w-]+)")
_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_NUMERIC = ("d", "x", "y", "width", "height", "transform")
_PAGE_FONT = re.compile(r"font-family:[^;]*;? ?")


@contextmanager
def styled(**settings: Any) -> Iterator[None]:
    """Draw in the report's style, whatever the user's own matplotlib settings are.

    The settings are put back at the end. Can be used as a decorator.
    """
    with warnings.catch_warnings():
        # A column name may hold characters that matplotlib's own font lacks; the
        # browser, which draws the text, has fonts for them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        with matplotlib.style.context(_STYLE | settings, after_reset=True):
            yield


def new_axes(width: float = WIDTH, height: float = HEIGHT) -> tuple[Figure, Axes]:
    """Return a figure of that size, in points, and its axes. Made without pyplot."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72, height / 72), layout="constrained")
    return figure, figure.add_subplot()


def plain_label(text: str, length: int) -> str:
    r"""Return a name as one line that fits a label, without what XML cannot hold.

    Examples
    --------
    >>> plain_label("expression in the third replicate", 17)
    'expression in th…'
    """
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain if len(plain) <= length else f"{plain[: length - 1].rstrip()}…"


def figure_to_svg(figure: Figure, *, name: str, label: str) -> Markup:
    """Return a figure as an ``<svg>`` element for an HTML page.

    Text stays text. The same figure gives the same bytes: there is no date, and
    ids are made of `name`, so that several figures can lie in one page.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What to draw.
    name : str
        Prefix of every id in it, unique in the page; letters, digits and "-".
    label : str
        What the picture shows, for people who cannot see it.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> svg = figure_to_svg(Figure(figsize=(2, 1)), name="empty", label="Nothing")
    >>> str(svg)[:82]
    '<svg viewBox="0 0 144 72" width="144" height="72" role="img" aria-label="Nothing">'
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer = io.StringIO()
    blank = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with styled(**{"svg.fonttype": "none", "svg.hashsalt": name}):
        # savefig would draw once more, only to lay out what drawing lays out anyway.
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(buffer, metadata=blank)
    root = ET.fromstring(buffer.getvalue())  # noqa: S314  matplotlib wrote it a line ago
    _clean(root)
    _shrink(root, name)
    box = root.attrib["viewBox"]
    width, height = box.split()[2:]
    root.attrib.clear()
    root.attrib |= {
        "viewBox": box,
        "width": width,
        "height": height,
        "role": "img",
        "aria-label": label,
    }
    # It is markup that matplotlib and ElementTree escaped, so it is safe as it is.
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704


def _clean(root: ET.Element) -> None:
    """Take out namespaces, metadata and the style sheet that would leak into the page."""
    for parent in root.iter():
        for child in list(parent):
            if child.tag == f"{_SVG}metadata" or child.find(f"{_SVG}style") is not None:
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        if element.tag != "text":
            element.text = None
        element.tail = None
        if _HREF in element.attrib:
            element.attrib["href"] = element.attrib.pop(_HREF)


def _shrink(root: ET.Element, name: str) -> None:
    """Keep only ids that something refers to, made unique; round to a hundredth of a point."""
    used = {
        found
        for element in root.iter()
        for key, value in element.attrib.items()
        if key in {"href", "clip-path"}
        for found in _REFERENCE.findall(value)
    }
    short = {old: f"{name}-{number}" for number, old in enumerate(sorted(used))}
    for element in root.iter():
        attributes = element.attrib
        identifier = attributes.pop("id", None)
        if identifier in short:
            attributes["id"] = short[identifier]
        for key in ("href", "clip-path"):
            if key in attributes:
                attributes[key] = _REFERENCE.sub(lambda m: f"#{short[m[1]]}", attributes[key])
        for key in _NUMERIC:
            if key in attributes:
                attributes[key] = _NUMBER.sub(_rounded, " ".join(attributes[key].split()))
        if "style" in attributes:
            attributes["style"] = _PAGE_FONT.sub("", attributes["style"]).replace(": ", ":")
    _hoist_styles(root)


def _rounded(match: re.Match[str]) -> str:
    text = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _hoist_styles(root: ET.Element) -> None:
    """Write a style that all marks of a group share once, at the group."""
    for group in root.iter("g"):
        marks = group.findall("use")
        styles = {mark.attrib.get("style") for mark in marks}
        if len(marks) > 2 and len(marks) == len(group) and len(styles) == 1 and None not in styles:
            group.attrib["style"] = marks[0].attrib["style"]
            for mark in marks:
                del mark.attrib["style"]
