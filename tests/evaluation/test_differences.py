"""Intervals of differences: the rank by hand, coverage over many seeds, and who is paired."""

import json

import numpy as np
import pytest

from seqexpr.errors import InputError
from seqexpr.evaluation.conformal import PredictionIntervals
from seqexpr.evaluation.differences import DifferenceIntervals, _any_rows, _within_groups

LEVEL = 0.9


def _labels(codes):
    return codes.astype(str).astype(object)


def _loci(rng, n=60, shared=2.0, own=0.5):
    """Loci of 2 to 6 rows that share an error; rows have one of their own too."""
    loci = np.repeat(np.arange(n), rng.integers(2, 7, size=n))
    p = rng.normal(size=len(loci))
    y = p + shared * rng.normal(size=n)[loci] + own * rng.normal(size=len(loci))
    return y, p, loci


def _fitted(y, p, rng, groups=None, folds=None):
    folds = np.arange(len(y)) % 5 if folds is None else folds
    intervals = PredictionIntervals.fit(y, p, rng=rng, level=LEVEL, groups=groups)
    return intervals, DifferenceIntervals.fit(
        y, p, intervals=intervals, folds=folds, rng=rng, groups=groups
    )


def _pair_coverage(simulate, *, grouped, seeds):
    """Coverage of one pair of relatives of each new locus, and its standard error."""
    covered, pairings = [], set()
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        y, p, loci = simulate(rng)
        intervals, differences = _fitted(
            y, p, rng, groups=_labels(loci) if grouped else None, folds=loci % 5
        )
        pairings.add(differences.pairing)
        y, p, loci = simulate(rng)
        first = np.unique(loci, return_index=True)[1]
        sigma = intervals.sigma(p)
        half = differences.half_widths(sigma[first], sigma[first + 1])
        error = (y[first + 1] - y[first]) - (p[first + 1] - p[first])
        covered.append(np.mean(np.abs(error) <= half))
    return np.mean(covered), np.std(covered, ddof=1) / np.sqrt(seeds), pairings


def test_a_pair_of_a_new_locus_is_covered_and_not_by_far_too_much():
    value, error, pairings = _pair_coverage(_loci, grouped=True, seeds=150)
    assert pairings == {"related"}
    assert LEVEL - 3 * error < value < LEVEL + 1 / 61 + 3 * error + 0.01


def test_pairs_of_unrelated_rows_cover_too_much_where_relatives_share_their_error():
    # The control for the test above: without groups, q is that of strangers.
    value, _, pairings = _pair_coverage(_loci, grouped=False, seeds=40)
    assert pairings == {"unrelated"}
    assert value > 0.97


def test_pairs_of_unrelated_rows_are_nominal_for_unrelated_rows():
    covered = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        p, noise = rng.normal(size=200), rng.standard_t(4, size=200)
        intervals, differences = _fitted(p + noise, p, rng)
        p, noise = rng.normal(size=200), rng.standard_t(4, size=200)
        sigma = intervals.sigma(p)
        half = differences.half_widths(sigma[::2], sigma[1::2])
        covered.append(np.mean(np.abs(noise[1::2] - noise[::2]) <= half))
    error = np.std(covered, ddof=1) / np.sqrt(len(covered))
    # 40 rows a fold are 20 pairs, 100 in all: level to level + 1/101.
    assert LEVEL - 3 * error - 0.005 < np.mean(covered) < LEVEL + 1 / 101 + 3 * error + 0.01


def test_the_rank_by_hand():
    # Nine loci of two rows, residuals 0 and k: differences 1 to 9. All rows have one sigma, the mean
    # absolute residual 45 / 18 = 2.5 (18 rows: a single bin), so alpha = k / (2.5 sqrt 2), and
    # level .9 of 9 pairs asks for rank 9: a half width of 9 for two rows of the same sigma.
    loci = np.repeat(np.arange(9), 2)
    y = np.where(np.arange(18) % 2, loci + 1.0, 0.0)
    rng = np.random.default_rng(0)
    intervals, differences = _fitted(y, np.zeros(18), rng, groups=_labels(loci), folds=loci % 3)
    np.testing.assert_allclose(intervals.sigma(np.zeros(2)), 2.5)
    np.testing.assert_allclose(differences.scores[0], np.arange(1, 10) / (2.5 * np.sqrt(2)))
    np.testing.assert_allclose(differences.half_widths(np.full(3, 2.5)), 9.0)
    # A reference that is certain leaves the other's difficulty alone: 9 / sqrt 2.
    np.testing.assert_allclose(
        differences.half_widths(np.zeros(1), np.full(1, 2.5)), 9 / np.sqrt(2)
    )


def test_relatives_are_paired_within_group_and_fold_and_a_group_counts_once():
    rng = np.random.default_rng(1)
    groups = np.array(["a"] * 30 + ["b"] * 2 + ["c"] + [""] * 4, dtype=object)
    folds = np.zeros(37, dtype=int)
    folds[31] = 1  # the second b: another model predicts it
    known = np.ones(37, dtype=bool)
    known[:3] = False
    first, second, weights = _within_groups(known, folds, groups=groups, rng=rng)
    assert set(groups[first]) == set(groups[second]) == {"a"}
    assert len(first) == 45
    assert weights.sum() == pytest.approx(1)
    assert min(first.min(), second.min()) >= 3
    assert (first != second).all()


def test_strangers_are_paired_once_within_a_fold_and_one_row_of_a_group():
    rng = np.random.default_rng(2)
    groups = np.array(["a"] * 10 + [""] * 21, dtype=object)
    folds = np.arange(31) % 3
    first, second, _ = _any_rows(np.ones(31, dtype=bool), folds, groups=groups, rng=rng)
    assert (folds[first] == folds[second]).all()
    both = np.concatenate([first, second])
    assert len(np.unique(both)) == len(both)
    assert (both < 10).sum() <= 1
    assert len(first) >= 9  # 22 rows in three folds, at most one left over in each


def test_missing_targets_and_rows_outside_the_folds_are_left_out():
    rng = np.random.default_rng(3)
    y, p, loci = _loci(rng)
    two = np.column_stack([y, y])
    two[::7, 1] = np.nan
    folds = loci % 5
    folds[:20] = -1
    both = np.column_stack([p, p])
    intervals = PredictionIntervals.fit(two, both, rng=rng, groups=_labels(loci))
    differences = DifferenceIntervals.fit(
        two, both, intervals=intervals, folds=folds, rng=rng, groups=_labels(loci)
    )
    assert len(differences.scores) == 2
    assert differences.half_widths(intervals.sigma(both)).shape == both.shape


def test_there_and_back_bit_for_bit():
    rng = np.random.default_rng(4)
    y, p, loci = _loci(rng)
    _, differences = _fitted(y, p, rng, groups=_labels(loci), folds=loci % 5)
    again = DifferenceIntervals.from_dict(json.loads(json.dumps(differences.to_dict())))
    assert again.pairing == differences.pairing
    np.testing.assert_array_equal(again.scores[0], differences.scores[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format_version": 2}, "of format 2"),
        ({"scores": None}, "not intervals of differences"),
        ({"scores": []}, "too few scores"),
        ({"scores": [[1.0, 2.0]]}, "too few scores"),
        ({"pairing": "twins"}, "too few scores"),
    ],
)
def test_damage_is_told(change, message):
    document = {
        "format_version": 1, "level": 0.9, "pairing": "related",
        "scores": [list(range(1, 10))],
    }  # fmt: skip
    assert DifferenceIntervals.from_dict(document).level == LEVEL
    with pytest.raises(InputError, match=message):
        DifferenceIntervals.from_dict(document | change)


def test_too_few_pairs_are_told():
    rng = np.random.default_rng(5)
    y = rng.normal(size=12)
    with pytest.raises(InputError, match="at least 9 pairs of rows, found 6"):
        _fitted(y, np.zeros(12), rng, folds=np.zeros(12, dtype=int))
