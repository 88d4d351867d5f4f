from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.check_distribution import distribution_findings
from seqexpr.data.findings import FindingCollector


def findings(*columns, names=None):
    found = FindingCollector()
    values = np.column_stack([np.asarray(column, dtype=float) for column in columns])
    distribution_findings(found, values, names or tuple("abcdef"[: values.shape[1]]))
    return {finding.code: finding for finding in found.findings}


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("n", [20, 60, 300, 3_000])
def test_nothing_stands_out_in_a_normal_distribution(seed, n):
    assert findings(np.random.default_rng(seed).standard_normal(n)) == {}


@pytest.mark.parametrize("draw", ["uniform", "exponential", "logistic"])
def test_nothing_stands_out_in_other_plain_distributions(draw):
    assert findings(getattr(rng(), draw)(size=5_000)) == {}


@pytest.mark.parametrize("share", [0.02, 0.1, 0.52, 0.9])
@pytest.mark.parametrize("lowest", [True, False])
def test_a_share_on_the_lowest_or_highest_value_is_a_limit(share, lowest):
    y = rng().standard_normal(2_000) + 10
    n = round(share * 2_000)
    y[:n] = -5.0
    finding = findings(y if lowest else -y)["target-floor" if lowest else "target-ceiling"]
    word, value = ("lowest", "-5") if lowest else ("highest", "5")
    assert finding.meaning.startswith(f"{share:.0%} of the rows share the {word} value, {value}, ")
    assert finding.rows.tolist() == list(range(1, n + 1))
    assert finding.severity == ("warning" if share >= 0.05 else "info")


def test_a_share_is_of_the_measured_rows():
    y = rng().standard_normal(1_000) + 10
    y[:200], y[200:600] = 0.0, np.nan
    assert findings(y)["target-floor"].meaning.startswith("33% of the rows")


def test_a_value_inside_that_many_rows_share_is_a_pile():
    y = rng().standard_normal(1_000)
    y[100:200] = 0.25
    found = findings(y)
    assert set(found) == {"target-pile"}
    assert "10% of the rows share the same value, 0.25," in found["target-pile"].meaning


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
def test_levels_of_a_scale_are_no_limit(share):
    bins = rng().integers(0, 10, 5_000).astype(float)
    bins[: round(share * 5_000)] = 0.0
    assert "target-floor" not in findings(bins)
    # A few rows between the levels, as averages of bins are, change nothing.
    bins[-40:] += rng().random(40)
    assert "target-floor" not in findings(bins)


def test_the_lowest_of_many_levels_stands_out_only_if_it_towers_over_them():
    levels = np.repeat(np.arange(61.0) / 4, 20)
    assert findings(np.concatenate([levels, np.zeros(30)])) == {}  # 50 rows against 20
    assert set(findings(np.concatenate([levels, np.zeros(50)]))) == {"target-floor"}


def test_a_handful_of_rows_is_no_pile():
    y = np.sort(rng().standard_normal(60))
    y[:5] = y[0]
    assert findings(y) == {}


def test_equal_values_teach_nothing():
    finding = findings([2.5] * 20)["target-constant"]
    assert finding.severity == "error"
    assert "all 20 values are 2.5" in finding.meaning
    assert "target-constant" not in findings([2.5] * 20 + [2.6])
    assert findings([2.5]) == {}  # too few rows to be called constant: that is said elsewhere


def test_a_target_without_values_among_others():
    found = findings([1.0, 2.0, 3.0], [np.nan] * 3)
    assert set(found) == {"target-empty"}
    assert found["target-empty"].severity == "error"
    assert found["target-empty"].column == "b"


def test_classes_are_no_amounts():
    assert "only 0 and 1" in findings([0.0, 1.0] * 30)["target-two-values"].meaning
    assert "target-two-values" not in findings([0.0, 1.0])


@pytest.mark.parametrize("mean", [5, 50, 5_000])
def test_read_counts_are_recognised(mean):
    counts = rng().negative_binomial(1.0, 1 / (1 + mean), size=2_000)
    finding = findings(counts)["target-counts"]
    assert finding.severity == "warning"
    # A zero has no logarithm.
    assert finding.remedy.endswith("--transform rank")
    assert findings(counts + 1)["target-counts"].remedy.endswith("--transform log2")


@pytest.mark.parametrize(
    "y",
    [
        np.random.default_rng(0).poisson(50, 2_000),  # no more variance than counting gives
        np.random.default_rng(0).integers(0, 10, 2_000),  # bins
        np.random.default_rng(0).integers(-50, 50, 2_000),  # negative
        np.random.default_rng(0).integers(0, 500, 2_000) + 0.5,  # not whole
    ],
)
def test_what_is_no_count(y):
    assert "target-counts" not in findings(y)


def test_a_heavy_tail_is_measured_by_its_share_of_the_variance():
    y = rng().lognormal(sigma=1.5, size=2_000)
    finding = findings(y)["target-heavy-tail"]
    squares = np.sort((y - y.mean()) ** 2)[::-1]
    assert f"20 rows hold {squares[:20].sum() / squares.sum():.0%} of the var" in finding.meaning
    assert sorted(finding.rows - 1) == sorted(np.argsort(-((y - y.mean()) ** 2))[:20])
    assert finding.remedy.endswith("--transform log2")
    assert findings(y - 5)["target-heavy-tail"].remedy.endswith("--transform rank")
    assert findings(np.log(y)) == {}


def test_one_wild_value_is_a_heavy_tail():
    y = rng().standard_normal(80)
    y[7] = 1e6
    finding = findings(y)["target-heavy-tail"]
    # One value far from n - 1 others holds (n - 1)/n of the variance.
    assert "1 row holds 99% of the variance" in finding.meaning
    assert finding.rows.tolist() == [8]
    assert finding.examples == ("1000000.0",)


def test_the_same_column_twice():
    y = rng().standard_normal(50)
    y[3] = np.nan
    found = findings(y, y, names=("leaf", "root"))
    assert found["target-repeated"].column == "root"
    assert "column 'leaf'" in found["target-repeated"].meaning
    assert "target-repeated" not in findings(y, y + 1e-9)


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=False), min_size=1, max_size=80),
    st.integers(1, 30),
)
def test_no_distribution_raises(values, times):
    with np.errstate(all="ignore"):
        for finding in findings(values * times).values():
            assert finding.remedy


@given(st.integers(0, 5), st.floats(-3, 3), st.floats(0.1, 1e3))
def test_shift_and_scale_change_no_finding_of_limits(seed, shift, scale):
    generator = np.random.default_rng(seed)
    y = generator.standard_normal(400)
    y[generator.random(400) < 0.2] = -4.0
    limits = {"target-floor", "target-ceiling", "target-pile", "target-heavy-tail"}
    assert set(findings(y)) & limits == set(findings(shift + scale * y)) & limits
