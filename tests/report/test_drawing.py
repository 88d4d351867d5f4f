from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.report.drawing import figure_to_svg, new_axes, plain_label, styled


def _drawn(label: str = "x", *, name: str = "one") -> str:
    with styled():
        figure, axes = new_axes(200, 150)
        axes.plot([1, 2, 3], [3, 1, 2], "o")
        axes.scatter(np.arange(5.0), np.arange(5.0), c=np.arange(5.0))
        axes.set_xlabel(label)
    return str(figure_to_svg(figure, name=name, label="Something"))


def test_svg_is_one_element_without_anything_global():
    root = ET.fromstring(_drawn())
    assert root.tag == "svg"
    names = {element.tag for element in root.iter()}
    assert names <= {"svg", "g", "path", "use", "defs", "text", "clipPath", "rect"}
    assert "http" not in _drawn()


def test_ids_are_used_and_differ_between_figures():
    ids = []
    for name in ("one", "two"):
        text = _drawn(name=name)
        root = ET.fromstring(text)
        own = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
        assert own
        assert all(f"#{identifier}" in text for identifier in own)
        ids += own
    assert len(ids) == len(set(ids))


def test_same_figure_gives_same_svg():
    assert _drawn() == _drawn()


@pytest.mark.parametrize(
    "label",
    [
        "$x$",
        "a_$b_{1}$",
        '<b>&amp;</b> " id="x"',
        "表現 🧬 µg",
        "line\nbreak",
        "\x00\x08 bell\x07",
        "\\alpha",
    ],
)
def test_labels_are_text(label):
    root = ET.fromstring(_drawn(plain_label(label, 40)))
    words = [element.text for element in root.iter("text")]
    assert plain_label(label, 40) in words
    assert not [element for element in root.iter() if element.attrib.get("id") == "x"]


@given(st.text(max_size=60), st.integers(2, 40))
def test_a_plain_label_is_one_line_that_fits(text, length):
    label = plain_label(text, length)
    assert len(label) <= length
    assert all(character.isprintable() for character in label)


def test_style_ignores_and_keeps_the_users_settings():
    reference = _drawn()
    with mpl.rc_context({"axes.facecolor": "red", "font.size": 30, "svg.fonttype": "path"}):
        before = dict(mpl.rcParams)
        assert _drawn() == reference
        assert dict(mpl.rcParams) == before


def test_pyplot_is_not_loaded():
    code = (
        "import sys, seqexpr.report.figures, seqexpr.report.page\n"
        "from seqexpr.report.drawing import new_axes, figure_to_svg, styled\n"
        "with styled(): figure, _ = new_axes()\n"
        "figure_to_svg(figure, name='a', label='b')\n"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
