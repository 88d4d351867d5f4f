import pytest

from benchmarks.accuracy.page import PAGE, RESULTS, render, write_page
from benchmarks.accuracy.results import Results
from benchmarks.accuracy.sets import ROWS


def score(value, ceiling=None):
    return {
        "metric": "r2", "value": value, "low": value - 0.01, "high": value + 0.01, "n": 1234,
        "n_drawn": 1234, "ceiling": ceiling,
    }  # fmt: skip


def fit(scores, **more):
    return {
        "date": "2026-01-02", "cores": 2, "jobs": 2, "machine": "x86_64", "python": "3.12.1",
        "versions": {"numpy": "2.0", "xgboost": None}, "wall_seconds": 1234.5, "peak_mib": 2345.6,
        "n_train": 4321, "left_out": {}, "notes": {"selected": "ridge"}, "scores": scores,
    } | more  # fmt: skip


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path)


def row_of(page, title, *, table=0):
    """Return the cells of a row of the first table, or of a later one."""
    lines = [line for line in page.splitlines() if line.startswith(f"| {title}")]
    return [cell.strip() for cell in lines[table].strip("|").split("|")]


def test_the_page_in_the_repository_is_what_the_results_give():
    assert PAGE.read_text(encoding="utf-8") == render(Results(RESULTS))


def test_what_was_not_run_is_said_so(results):
    page = render(results)
    assert "Nothing was run yet." in page
    for row in ROWS:
        cells = row_of(page, row.title + ",")
        assert cells[4:] == ["not run"] * 5
        assert f"(`{row.name}`)" in page


def test_numbers_stand_where_they_belong(results, tmp_path):
    ceiling = {
        "value": 0.8, "low": 0.79, "high": 0.81, "method": "known", "share": 0.975,
        "share_low": 0.97, "share_high": 0.98,
    }  # fmt: skip
    results.write(results.of_fit("kuo", "seqexpr"), fit({"kuo": score(0.78, ceiling)}))
    results.write(results.of_fit("kuo", "hgb"), fit({"kuo": score(0.75, ceiling)}))
    against = {"hgb": {"kuo": {"value": 0.03, "low": 0.01, "high": 0.05}}}
    results.write(results.of_comparison("kuo"), against)
    page = write_page(results, tmp_path / "page.md").read_text(encoding="utf-8")
    title = next(row.title for row in ROWS if row.name == "kuo")
    assert row_of(page, title)[3:] == [
        "0.760 (95% of the ceiling)", "**0.780 [0.770, 0.790]**", "not run",
        "0.750 [0.740, 0.760]", "0.800 [0.790, 0.810]", "20.6 min",
    ]  # fmt: skip
    assert row_of(page, title, table=1)[1:] == [
        "not run", "**+0.030 [+0.010, +0.050]**", "97.5% [97.0%, 98.0%]",
    ]  # fmt: skip
    assert "| `kuo` | 1,234 s, 2,346 | not run | 1,234 s, 2,346 |" in page
    assert "2026-01-02, 2 cores" in page
    assert "numpy 2.0. 2 of 21 fits" in page  # a package that is not installed is not named
    assert "4,321 rows train, 1,234 test. Noise: known." in page


def test_what_networks_add_stands_beside_what_they_cost(results):
    ceiling = {
        "value": 0.8, "low": 0.79, "high": 0.81, "method": "known", "share": 0.99,
        "share_low": None, "share_high": None,
    }  # fmt: skip
    made = fit({"kuo": score(0.79, ceiling)}, versions={"torch": "2.13.0"})
    results.write(results.of_fit("kuo", "networks"), made)
    assert results.of_fit("kuo", "networks").name == "kuo.networks.30m.seed0.json"
    gain = {"seqexpr": {"kuo": {"value": 0.01, "low": -0.01, "high": 0.03}}}
    results.write(results.of_comparison("kuo", "networks"), gain)
    page = render(results).split("## With networks")[1].split("\n## ")[0]
    title = next(row.title for row in ROWS if row.name == "kuo")
    assert row_of(page, title)[2:] == [
        "0.784 (98% of the ceiling)", "**0.790 [0.780, 0.800]**", "+0.010 [-0.010, +0.030]",
        "20.6 min", "2,346 MiB",
    ]  # fmt: skip
    assert "PyTorch 2.13.0" in page
    assert "1 of 7 fits" in page


def test_a_score_below_the_reach_is_not_bold(results):
    results.write(results.of_fit("lac", "seqexpr"), fit({"lac": score(0.43)}))
    assert "| 0.430 [0.420, 0.440] |" in render(results)


def test_budgets_seeds_and_presets_do_not_mix(tmp_path):
    one = Results(tmp_path)
    one.write(one.of_fit("lac", "seqexpr"), fit({"lac": score(0.43)}))
    for other in (
        Results(tmp_path, budget="5s"), Results(tmp_path, seed=1), Results(tmp_path, preset="fast"),
    ):  # fmt: skip
        assert "Nothing was run yet." in render(other)
