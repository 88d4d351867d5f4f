"""Prediction intervals: the rank by hand, crepes as oracle, and coverage over many seeds."""

import json

import numpy as np
import pytest

from seqexpr.errors import InputError
from seqexpr.evaluation.conformal import PredictionIntervals
from seqexpr.evaluation.exchangeable import group_weights

LEVEL = 0.9


def _coverage(simulate, *, seeds, grouped=False, domain=False, level=LEVEL):
    """Return mean coverage of new rows over seeds, its standard error, and all widths."""
    covered, widths = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        train, new = simulate(rng), simulate(rng)
        intervals = PredictionIntervals.fit(
            train["y"],
            train["p"],
            rng=rng,
            level=level,
            groups=train["groups"] if grouped else None,
            domain_scores=train["d"] if domain else None,
        )
        lower, upper = intervals.predict(new["p"], new["d"] if domain else None)
        inside = (lower <= new["y"]) & (new["y"] <= upper)
        _, weights = group_weights(new["groups"] if grouped else None, len(inside))
        covered.append(np.average(inside, weights=weights))
        widths.append(upper - lower)
    return np.mean(covered), np.std(covered, ddof=1) / np.sqrt(seeds), np.concatenate(widths)


def _plain(n):
    def simulate(rng):
        p = rng.normal(size=n)
        return {"p": p, "y": p + rng.standard_t(4, size=n), "d": rng.random(n), "groups": None}

    return simulate


@pytest.mark.parametrize("n", [9, 50, 300])
def test_coverage_is_nominal_on_exchangeable_rows(n):
    value, error, widths = _coverage(_plain(n), seeds=300)
    # Split conformal prediction covers level to level + 1/(n + 1) on average.
    assert LEVEL - 3 * error < value < LEVEL + 1 / (n + 1) + 3 * error + 0.01
    assert np.isfinite(widths).all()


def test_coverage_holds_where_noise_grows_and_the_noisy_rows_get_the_wide_intervals():
    def simulate(rng):
        p, d = rng.uniform(0, 3, 1000), rng.random(1000)
        sd = (0.2 + p) * (1 + 2 * d)
        return {"p": p, "y": p + sd * rng.normal(size=1000), "d": d, "groups": None}

    value, error, _ = _coverage(simulate, seeds=40, domain=True)
    assert abs(value - LEVEL) < 3 * error + 0.01
    rng = np.random.default_rng(99)
    train, new = simulate(rng), simulate(rng)
    intervals = PredictionIntervals.fit(train["y"], train["p"], rng=rng, domain_scores=train["d"])
    lower, upper = intervals.predict(new["p"], new["d"])
    inside = (lower <= new["y"]) & (new["y"] <= upper)
    for x, cut in (("p", 1), ("p", 2), ("d", 0.33), ("d", 0.66)):
        assert abs(inside[new[x] > cut].mean() - LEVEL) < 0.06
        assert abs(inside[new[x] <= cut].mean() - LEVEL) < 0.06
    sd = (0.2 + new["p"]) * (1 + 2 * new["d"])
    assert np.corrcoef(upper - lower, sd)[0, 1] > 0.9


def _families(rng):
    """40 families of 1 to 60 rows, the large ones with large errors, which a family shares."""
    sizes = rng.integers(1, 60, size=40)
    groups = np.repeat(np.arange(40), sizes)
    effect = rng.normal(size=40) * (0.3 + sizes / 20)
    p = rng.normal(size=len(groups))
    y = p + effect[groups] + 0.1 * rng.normal(size=len(groups))
    return {"p": p, "y": y, "d": None, "groups": groups.astype(str).astype(object)}


def test_a_row_of_a_new_group_is_covered():
    value, error, _ = _coverage(_families, seeds=300, grouped=True)
    assert LEVEL - 3 * error < value < LEVEL + 1 / 41 + 3 * error + 0.02


def test_ignoring_few_groups_would_fall_short():
    # The control: 12 families whose rows share nearly all of their error.
    def few(rng):
        groups = np.repeat(np.arange(12), 20)
        p = np.zeros(240)
        y = rng.normal(size=12)[groups] + 0.01 * rng.normal(size=240)
        return {"p": p, "y": y, "d": None, "groups": groups.astype(str).astype(object)}

    apart, error, _ = _coverage(few, seeds=200, grouped=True)
    together, _, _ = _coverage(few, seeds=200)
    assert apart > LEVEL - 3 * error
    assert together < apart - 0.02


def test_a_constant_predictor_gets_one_width_and_keeps_its_coverage():
    def simulate(rng):
        return {"p": np.zeros(200), "y": rng.exponential(size=200), "d": None, "groups": None}

    value, error, _ = _coverage(simulate, seeds=200)
    assert abs(value - LEVEL) < 3 * error + 0.01
    lower, upper = PredictionIntervals.fit(
        np.arange(20.0), np.zeros(20), rng=np.random.default_rng(0)
    ).predict(np.zeros(5))
    assert len(np.unique(upper - lower)) == 1


def test_the_rank_by_hand():
    # 9 rows of constant sigma 5 (the mean of 1..9): level 0.9 asks for rank ceil(0.9 * 10) = 9,
    # so the half width is the largest residual. Level 0.5 asks for rank 5.
    y = np.arange(1.0, 10.0)
    for level, widest in ((0.9, 9.0), (0.5, 5.0)):
        intervals = PredictionIntervals.fit(
            y, np.zeros(9), rng=np.random.default_rng(0), level=level
        )
        alphas = intervals.targets[0].scores
        rank = int(np.ceil(level * 10))
        lower, upper = intervals.predict(np.array([100.0]))
        assert upper[0] - 100 == pytest.approx(alphas[rank - 1] * 5.0)
        assert 100 - lower[0] == pytest.approx(upper[0] - 100)
        assert 0.7 * widest < upper[0] - 100 < 1.4 * widest  # sigma is cross-fitted


def test_too_few_rows_or_groups_are_refused_in_words():
    y, rng = np.arange(8.0), np.random.default_rng(0)
    with pytest.raises(InputError, match="at least 9 rows with an out-of-fold prediction, found 8"):
        PredictionIntervals.fit(y, np.zeros(8), rng=rng)
    groups = np.repeat(np.array(["a", "b"], dtype=object), 50)
    with pytest.raises(InputError, match=r"at least 9 groups .* found 2"):
        PredictionIntervals.fit(np.zeros(100), np.zeros(100), rng=rng, groups=groups)
    with pytest.raises(InputError, match="same rows and targets"):
        PredictionIntervals.fit(y, np.zeros(7), rng=rng)


def test_a_perfect_model_gets_intervals_without_width():
    y = np.arange(40.0)
    lower, upper = PredictionIntervals.fit(y, y, rng=np.random.default_rng(0)).predict(y)
    np.testing.assert_array_equal(lower, y)
    np.testing.assert_array_equal(upper, y)


def test_targets_are_calibrated_each_on_its_own_rows():
    rng = np.random.default_rng(0)
    p = np.zeros((400, 2))
    y = rng.normal(size=(400, 2)) * [1, 10]
    y[::2, 1] = np.nan
    both = PredictionIntervals.fit(y, p, rng=rng)
    _, upper = both.predict(np.array([[0.0, 0.0], [np.nan, 1.0]]))
    assert upper.shape == (2, 2)
    assert upper[0, 1] > 5 * upper[0, 0]
    assert np.isnan(upper[1, 0])
    assert np.isfinite(upper[1, 1])
    assert len(both.targets[1].scores) == 200
    with pytest.raises(InputError, match="calibrated for 2 targets"):
        both.predict(np.zeros(3))


def test_units_do_not_matter():
    rng = np.random.default_rng(0)
    p = rng.normal(size=300)
    y = p + rng.normal(size=300) * np.exp(p)
    fits = [
        PredictionIntervals.fit(c * y, c * p, rng=np.random.default_rng(1)).predict(c * p)[1] / c
        for c in (1.0, 1e-6, 1e6)
    ]
    np.testing.assert_allclose(fits[0], fits[1], rtol=1e-9)
    np.testing.assert_allclose(fits[0], fits[2], rtol=1e-9)


def test_the_round_trip_through_json_is_bit_for_bit():
    rng = np.random.default_rng(0)
    y, p, d = rng.normal(size=(3, 500))
    first = PredictionIntervals.fit(y, p, rng=rng, domain_scores=d)
    document = json.loads(json.dumps(first.to_dict(), allow_nan=False))
    again = PredictionIntervals.from_dict(document)
    assert again.to_dict() == first.to_dict()
    for one, other in zip(first.predict(p, d), again.predict(p, d), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(InputError, match="pass them"):
        again.predict(p)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format_version": 2}, "format 2"),
        ({"level": 1.5}, "between 0 and 1"),
        ({"targets": [{}]}, "not prediction intervals"),
        ({"targets": None}, "not prediction intervals"),
    ],
)
def test_damaged_documents_are_refused(change, message):
    document = PredictionIntervals.fit(
        np.arange(30.0), np.zeros(30), rng=np.random.default_rng(0)
    ).to_dict()
    with pytest.raises(InputError, match=message):
        PredictionIntervals.from_dict(document | change)


def test_scores_that_are_not_numbers_are_refused():
    document = PredictionIntervals.fit(
        np.arange(30.0), np.zeros(30), rng=np.random.default_rng(0)
    ).to_dict()
    document["targets"][0]["scores"][3] = float("nan")
    with pytest.raises(InputError, match="not finite"):
        PredictionIntervals.from_dict(document)
