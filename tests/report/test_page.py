from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from seqexpr.errors import OutputError
from seqexpr.report import drawing
from seqexpr.report.page import MAX_DRAWN, render_report, write_report

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """The elements of a page, and what is wrong with how they nest."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.headings: list[int] = []
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self.open]
        self.text = re.sub(r"\s+", " ", " ".join(self.words))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.faults.append(f"<{tag}> has an attribute twice")
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in {"td", "th"}:
            self.tables[-1][-1].append("")
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            return
        self.words.append(data)
        if "td" in self.open or "th" in self.open:
            self.tables[-1][-1][-1] += data

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in tags]


@cache
def parse(text: str) -> Page:
    return Page(text)


def score_cell(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "not defined"
    size = max(abs(value), abs(low or 0), abs(high or 0))
    places = 3 if size < 100 else 1
    text = f"{value:,.{places}f}" + (
        f"[{low:,.{places}f}, {high:,.{places}f}]" if low is not None else ""
    )
    return re.sub(r"−(0\.0+\b)", r"\1", text.replace("-", "−"))


def test_elements_nest_and_ids_are_unique(any_html):
    page = parse(any_html)
    assert page.faults == []
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert page.open == []


def test_every_reference_leads_somewhere(any_html):
    page = parse(any_html)
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    for _, attributes in page.tags:
        for name in ("href", "clip-path", "aria-labelledby"):
            if name in attributes:
                value = str(attributes[name])
                target = value if name == "aria-labelledby" else value.removeprefix("url(")
                assert target.strip("#)") in ids, value


def test_nothing_is_loaded(any_html):
    page = parse(any_html)
    assert not page.all("script", "link", "img", "image", "iframe", "object", "embed", "base")
    for tag, attributes in page.tags:
        assert not {"src", "srcset", "xlink:href", "action", "background"} & set(attributes), tag
        assert str(attributes.get("href", "#")).startswith("#"), tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert re.search(r"url\((?!#)|@import", str(attributes.get("style", ""))) is None
    policies = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_style_sheet_loads_nothing(html):
    text = html("plain")
    sheet = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in sheet
    assert "@import" not in sheet


def test_headings_are_in_order(any_html):
    headings = parse(any_html).headings
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))


def test_figures_tables_and_regions_have_names(any_html):
    page = parse(any_html)
    assert page.tags[0] == ("html", {"lang": "en"})
    for picture in page.all("svg"):
        assert picture["role"] == "img"
        assert str(picture["aria-label"]).strip()
    for attributes in page.all("th"):
        assert attributes["scope"] in {"col", "row"}
    assert len(page.all("caption")) == len(page.all("table"))
    for region in page.all("div"):
        if region.get("role") == "region":
            assert str(region["aria-label"]).strip()


def test_size_is_bounded(any_html):
    assert len(any_html.encode()) < 2_000_000


def test_same_run_gives_same_bytes(shown, html, tmp_path: Path):
    for name in ("plain", "large"):
        write_report(tmp_path / "a.html", **shown(name).as_arguments())
        assert (tmp_path / "a.html").read_text(encoding="utf-8") == html(name)


def test_refused_write_leaves_nothing(shown, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        write_report(tmp_path / "file" / "report.html", **shown("plain").as_arguments())


def test_names_are_escaped(shown, html):
    case, text = shown("nasty"), html("nasty")
    assert "<script" not in text
    assert "<b>" not in text
    page = parse(text)
    name = str(case.evaluation.dataset["source"])
    # Shown as it is, the tag and the entity included, in all these places.
    assert page.text.count("<script>alert('x')</script> \"&amp;") > 12
    assert " ".join(name.split()) in page.text


def test_lone_surrogates_do_not_stop_the_report(evaluate, present, tmp_path: Path):
    write_report(
        tmp_path / "a.html", **present(evaluate(60, warnings=("odd \ud800 name",))).as_arguments()
    )
    assert "Odd &#55296; name." in (tmp_path / "a.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["plain", "two-targets", "twenty-rows", "constant", "large"])
def test_leaderboard_shows_the_scores_of_the_evaluation(shown, html, name):
    case, page = shown(name), parse(html(name))
    tables = [table for table in page.tables if table[0][0] == "Model" and "Time" in table[0]]
    targets = [target["name"] for target in case.evaluation.dataset["targets"]]
    assert len(tables) == len(targets)
    for table, target in zip(tables, targets, strict=True):
        header, *rows = table
        assert header[1:5] == ["R² test", "R² out-of-fold", "Pearson r test", "Spearman ρ test"]
        assert len(rows) == len(case.evaluation.models)
        for model in case.evaluation.models:
            row = next(row for row in rows if row[0].startswith(model.title))
            wanted = [
                ("r2", "test"),
                ("r2", "validation"),
                ("pearson", "test"),
                ("spearman", "test"),
            ]
            for cell, (metric, set_name) in zip(row[1:5], wanted, strict=True):
                score = next(
                    s for s in case.evaluation.rows
                    if (s.model, s.target, s.metric, s.set) == (model.name, target, metric, set_name)
                )  # fmt: skip
                assert cell == score_cell(score.value, score.low, score.high)
            assert ("selected" in row[0]) == (model.name == case.evaluation.selected)
            assert ("baseline" in row[0]) == model.is_baseline


def test_all_scores_are_there(shown, html):
    case, page = shown("plain"), parse(html("plain"))
    tables = [table for table in page.tables if "RMSE" in table[0]]
    assert [len(table) for table in tables] == [6, 6]
    by_title = {model.title: model.name for model in case.evaluation.models}
    metrics = ["r2", "pearson", "spearman", "rmse", "mae", "mse"]
    for table, set_name in zip(tables, ("validation", "test"), strict=True):
        for row in table[1:]:
            for cell, metric in zip(row[1:], metrics, strict=True):
                score = case.evaluation.score(metric, model=by_title[row[0]], set=set_name)
                shown_value = cell.partition("[")[0].replace("−", "-")
                if score.value is None:
                    assert shown_value == "not defined"
                else:
                    size = max(abs(score.value), abs(score.high or 0))
                    assert float(shown_value) == pytest.approx(score.value, abs=0.006 * size + 6e-4)


def test_counts_digests_and_choices_are_there(html):
    text = parse(html("plain")).text
    for words in (
        "411 rows", "kept as they were 392", "repaired 8", "dropped 11", "ab" * 32, "cd" * 32,
        "train: 320 rows (80%)", "test: 80 rows (20%)", "sequence: column 'seq'",
        "seqexpr train library.csv --target expression --seed 7 -o RUN",
        "seqexpr train --recipe recipe.toml", 'target = [ "expression", ]', "numpy " + np.__version__,
        "80 to 150 bases, median 102",
    ):  # fmt: skip
        assert words in text


def test_findings_stand_gravest_first(html):
    tables = [table for table in parse(html("plain")).tables if table[0][0] == "Finding"]
    (table,) = tables
    assert [row[0].split("column")[0] for row in table[1:]] == [
        "warning duplicate-conflicting",
        "info mixed-lengths",
    ]
    assert table[1][1].startswith("12")
    assert "Rows 1, 2, 3, 4, 5, …" in table[1][2]
    assert "<b>TTGACA</b>" in table[1][2]
    assert table[1][3] == "Average them, if they are replicates."


def test_undefined_scores_say_why(html):
    text = parse(html("constant")).text
    assert "R² not defined: all measured values of these rows are equal" in text
    assert "not defined: a correlation needs values that vary" in text
    assert parse(html("plain")).text.count("R² not defined") == 0


def test_each_target_has_its_section_and_the_first_get_figures(evaluate, present, monkeypatch):
    monkeypatch.setattr("seqexpr.report.page.MAX_DRAWN", 1)
    targets = tuple((f"tissue {k}", "log2 TPM") for k in range(4))
    page = parse(render_report(**present(evaluate(200, targets=targets)).as_arguments()))
    anchors = {attributes.get("id") for attributes in page.all("section")}
    assert {f"target-{k}" for k in range(1, 5)} <= anchors
    # Five figures, one of them in two layouts, and the ladder.
    assert len(page.all("svg")) == 7
    assert "the last 3 targets have tables but no figures" in page.text
    summary = page.tables[0]
    assert [row[0].split(" (")[0] for row in summary[1:]] == [f"tissue {k}" for k in range(4)]


def test_size_is_bounded_for_many_large_targets(html):
    # No page has more than six targets with figures.
    assert MAX_DRAWN * len(html("large").encode()) < 2_000_000


def test_one_validation_set_is_not_called_out_of_fold(shown):
    case = shown("plain")
    split = dict(case.evaluation.split) | {"n_folds": 1}
    evaluation = replace(case.evaluation, split=split)
    page = parse(render_report(evaluation, check=case.check, recipe=case.recipe))
    leaderboard = next(table for table in page.tables if "Time" in table[0])
    assert leaderboard[0][1:3] == ["R² test", "R² validation"]
    assert "Validation, 320 rows" in page.text
    assert "validation (inside train)" in page.text
    assert "in validation," in page.text
    results = page.text[page.text.index("Results: ") : page.text.rindex("What the numbers mean")]
    assert "out-of-fold" not in results.lower()


def test_unscored_run_is_still_a_page(html):
    page = parse(html("unscored"))
    assert "expression was not measured in any test row" in page.text
    assert page.all("svg") == []


def _luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    full = colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])
    parts = np.array([int(full[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _contrast(one: str, other: str) -> float:
    low, high = sorted([_luminance(one), _luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_contrast_by_hand():
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#fff", "#767676") == pytest.approx(4.54, abs=0.01)  # the known edge of AA


def test_text_stands_out_from_what_is_behind_it(html):
    sheet = html("plain").partition("</style>")[0]
    colours = dict(re.findall(r"--([\w-]+): (#\w+)", sheet))
    badges = re.findall(
        r"\.badge\.\w+ \{ background: (?:var\(--([\w-]+)\)|(#\w+)); "
        r"color: (?:var\(--([\w-]+)\)|(#\w+));",
        sheet,
    )
    pairs = [(colours.get(a, b), colours.get(c, d)) for a, b, c, d in badges]
    assert len(pairs) == 5
    for ground in ("#ffffff", colours["tint"], colours["warn-tint"], colours["accent-tint"]):
        pairs += [(ground, colours["ink"]), (ground, colours["soft"])]
    pairs += [("#ffffff", colours["accent"]), ("#ffffff", drawing.GREY), ("#ffffff", drawing.INK)]
    pairs += [("#ffffff", drawing.BLUE)]
    assert [pair for pair in pairs if _contrast(*pair) < 4.5] == []
