from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from seqexpr.errors import InputError
from seqexpr.evaluation import comparison as module
from seqexpr.evaluation.comparison import Comparison, compare_on_rows, find_simplest, holm
from seqexpr.evaluation.resampling import Bootstrap


def compared(y, predictions, *, seed=0, groups=None, n_resamples=200):
    bootstrap = Bootstrap(len(y), groups, rng=np.random.default_rng(seed), n_resamples=n_resamples)
    return compare_on_rows(y, predictions, bootstrap=bootstrap, set="test", target="y")


def row(model, other, difference, p, *, target="y", metric="r2", set="validation"):
    return Comparison(set, target, metric, model, other, difference, None, None, p, p, 100)


def test_holm_by_hand():
    # Holm (1979): sorted .005, .01, .03, .04 times 4, 3, 2, 1, then never falling.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.4, 0.9]) == pytest.approx([0.8, 0.9])
    assert holm([0.7, 0.6]) == [1.0, 1.0]
    assert holm([]) == []
    corrected = holm([np.nan, 0.02, 0.03])
    assert np.isnan(corrected[0])
    assert corrected[1:] == pytest.approx([0.04, 0.04])


def test_interval_and_p_value_by_hand():
    # Draws 0, 1, 2 have the standard deviation 1; ten units leave 9 degrees of freedom.
    low, high, p = module._test(2.0, np.array([0.0, 1.0, 2.0]), 10)
    assert (low, high) == pytest.approx((2 - 2.262157, 2 + 2.262157))
    assert p == pytest.approx(0.076552, abs=1e-6)


def test_the_difference_is_that_of_the_scores():
    y = np.array([0.0, 1.0, 2.0, 3.0] * 5)
    a, b = y + 0.5, y - 1.0
    first = compared(y, {"a": a, "b": b})[0]
    assert (first.metric, first.model, first.other, first.n) == ("r2", "a", "b", 20)
    assert first.difference == pytest.approx((1 - 0.25 / 1.25) - (1 - 1 / 1.25))


def test_a_model_does_not_differ_from_itself():
    rng = np.random.default_rng(1)
    y, p = rng.normal(size=(2, 50))
    for found in compared(y, {"a": p, "b": p.copy()}):
        assert (found.difference, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)


def test_undefined_scores_have_no_difference():
    y = np.random.default_rng(2).normal(size=50)
    found = {c.metric: c for c in compared(y, {"a": y + 1, "mean": np.zeros(50)})}
    assert found["pearson"].difference is None
    assert found["pearson"].p_holm is None
    assert found["r2"].difference is not None


def test_every_pair_once():
    rng = np.random.default_rng(3)
    y = rng.normal(size=40)
    found = compared(y, {name: y + rng.normal(size=40) for name in "abcd"})
    pairs = [(c.model, c.other) for c in found if c.metric == "r2"]
    assert len(pairs) == len(set(pairs)) == 6
    corrected = [c.p_holm for c in found if c.metric == "r2"]
    assert corrected == pytest.approx(holm([c.p for c in found if c.metric == "r2"]))


@pytest.mark.parametrize("family_size", [1, 5])
def test_equally_good_models_are_told_apart_in_one_of_twenty(family_size):
    seeds, false_alarms, covered = 300, 0, 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        family = np.repeat(np.arange(60), family_size)
        n = len(family)

        def errors(scale, rng=rng, family=family, n=n):
            shared = rng.normal(size=60)[family]
            own = rng.normal(size=n)
            return scale * (shared + own) / np.sqrt(2) if family_size > 1 else scale * own

        y = rng.normal(size=60)[family] if family_size > 1 else rng.normal(size=n)
        groups = None if family_size == 1 else family.astype(str).astype(object)
        options = {"seed": seed, "groups": groups, "n_resamples": 100}
        same = compared(y, {"a": y + errors(0.7), "b": y + errors(0.7)}, **options)[0]
        false_alarms += same.p < 0.05
        # R² is 1 - s² where the target has variance 1.
        other = compared(y, {"a": y + errors(0.5), "b": y + errors(0.8)}, **options)[0]
        covered += other.low <= 0.8**2 - 0.5**2 <= other.high
    # 95% of 300 within three and a half standard errors.
    assert false_alarms <= stats.binom.ppf(0.9998, seeds, 0.05)
    assert covered >= stats.binom.ppf(0.0002, seeds, 0.93)


def test_pairing_sees_what_two_intervals_do_not():
    rng = np.random.default_rng(5)
    y = rng.normal(size=300)
    shared = rng.normal(size=300)
    a = y + shared
    b = y + 1.04 * shared + 0.1 * rng.normal(size=300)
    assert compared(y, {"a": a, "b": b})[0].p < 0.01
    intervals = [Bootstrap(300, rng=np.random.default_rng(0)).intervals(y, p)["r2"] for p in (a, b)]
    assert intervals[0].low < intervals[1].high


def test_the_simplest_that_is_not_worse():
    names = ["tutorial", "ridge", "trees"]
    rows = [row("tutorial", "ridge", -0.1, 0.001), row("tutorial", "trees", -0.12, 0.001),
            row("ridge", "trees", -0.02, 0.2)]  # fmt: skip
    assert find_simplest(rows, best="trees", candidates=names) == "ridge"
    assert find_simplest([*rows[:2], row("ridge", "trees", -0.02, 0.01)], best="trees",
                         candidates=names) == "trees"  # fmt: skip
    assert find_simplest([], best="trees", candidates=names) == "trees"


def test_simplest_looks_at_every_target_and_never_at_the_test_set():
    names = ["ridge", "trees"]
    good = row("ridge", "trees", -0.02, 0.5)
    bad = row("ridge", "trees", -0.2, 0.001, target="other")
    assert find_simplest([good], best="trees", candidates=names) == "ridge"
    assert find_simplest([good, bad], best="trees", candidates=names) == "trees"
    tested = row("ridge", "trees", -0.2, 0.001, set="test")
    assert find_simplest([good, tested], best="trees", candidates=names) == "ridge"


def test_the_best_must_be_a_candidate():
    with pytest.raises(InputError, match="'mean' is not among the candidates"):
        find_simplest([], best="mean", candidates=["ridge"])
