from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, kstest

from seqexpr.errors import InputError, SequenceError
from seqexpr.features import pairs as module
from seqexpr.features.onehot import OneHot
from seqexpr.features.pairs import PairedOneHot, screen_pairs
from seqexpr.testing.featurizers import check_featurizer


def random_codes(n, length, *, seed=0):
    return np.random.default_rng(seed).integers(0, 4, size=(n, length)).astype(np.uint8)


def spelled(codes):
    return ["".join(row) for row in np.array(list("ACGTN"))[codes]]


def one_hot(codes):
    bases = (codes[:, :, None] == np.arange(4)).reshape(len(codes), -1)
    return np.hstack([bases, np.ones((len(codes), 1))])


def screened_by_hand(codes, y):
    """Group means of the residuals of numpy's least squares, pair by pair."""
    design = one_hot(codes)
    residuals = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    found = []
    for i in range(codes.shape[1]):
        for j in range(i + 1, codes.shape[1]):
            between = 0.0
            for a in range(4):
                for b in range(4):
                    group = residuals[(codes[:, i] == a) & (codes[:, j] == b)]
                    between += len(group) * group.mean() ** 2 if len(group) else 0.0
            found.append(between / np.mean(residuals**2))
    return np.array(found)


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_the_statistic_is_the_variance_between_groups_of_residuals(seed):
    codes = random_codes(300, 4, seed=seed)
    y = np.random.default_rng(seed).normal(size=300)
    found = screen_pairs(codes, y, min_count=1)
    np.testing.assert_allclose(found.statistics, screened_by_hand(codes, y), rtol=1e-8)
    np.testing.assert_allclose(found.p_values, chi2.sf(found.statistics, 9), rtol=1e-8)


def test_with_two_positions_it_is_the_score_statistic_of_the_full_model():
    """n times the R² of the residuals on all columns of the larger model, an old equality."""
    codes = random_codes(400, 2, seed=3)
    codes[:150, 0] = 0  # not balanced
    y = np.random.default_rng(3).normal(size=400) + (codes[:, 0] == codes[:, 1])
    design = one_hot(codes)
    residuals = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    both = (codes[:, :1] * 4 + codes[:, 1:]) == np.arange(16)
    full = np.hstack([design, both])
    explained = full @ np.linalg.lstsq(full, residuals, rcond=None)[0]
    wanted = 400 * np.sum(explained**2) / np.sum(residuals**2)
    assert screen_pairs(codes, y).statistics[0] == pytest.approx(wanted)


def test_a_table_worked_out_by_hand():
    """Sixteen combinations ten times each, y = 1 where both are A, so 1/16 on average.

    The additive fit is row mean + column mean - mean: 7/16 at AA, 3/16 for one A, -1/16 for
    none. Residuals 9/16, -3/16, 1/16 in 1, 6 and 9 cells: 10 (81 + 54 + 9) / 256 = 5.625 in
    all, a mean square of 5.625 / 160. All of it lies between the groups: 160.
    """
    codes = np.array([[a, b] for a in range(4) for b in range(4)] * 10, dtype=np.uint8)
    found = screen_pairs(codes, (codes == 0).all(axis=1).astype(float))
    assert found.statistics[0] == pytest.approx(160)
    assert found.p_values[0] == pytest.approx(chi2.sf(160, 9))
    some = (codes == 0).all(axis=1) * 1.0
    some[::2] += 5.0  # what is left now is noise as well, so it explains a part only
    assert 0 < screen_pairs(codes, some).statistics[0] < 160


def test_without_interactions_p_values_are_uniform():
    """Additive truth and normal noise: the share below .05 is .05, of 20 x 190 pairs."""
    p_values = []
    for seed in range(20):
        codes = random_codes(2_000, 20, seed=seed)
        rng = np.random.default_rng(seed)
        y = one_hot(codes) @ rng.normal(size=81) + rng.normal(size=2_000)
        p_values.append(screen_pairs(codes, y).p_values)
    found = np.concatenate(p_values)
    assert abs(np.mean(found < 0.05) - 0.05) < 0.012
    assert kstest(found, "uniform").pvalue > 0.001


def test_without_interactions_few_libraries_get_a_pair():
    """Under the null, Benjamini-Hochberg at .05 errs in one library in twenty."""
    wrong = 0
    for seed in range(40):
        codes = random_codes(500, 10, seed=seed)
        y = np.random.default_rng(seed).normal(size=500) + (codes[:, 2] == 1)
        wrong += len(PairedOneHot().fit(spelled(codes), y).pairs_) > 0
    assert wrong <= 6


def test_planted_pairs_are_found_among_others():
    codes = random_codes(4_000, 30)
    rng = np.random.default_rng(1)
    additive = one_hot(codes) @ rng.normal(size=121)
    first = 2.0 * ((codes[:, 3] == 0) & (codes[:, 21] == 2))
    second = 1.5 * ((codes[:, 10] == 3) & (codes[:, 11] == 3))
    y = additive + first + second + rng.normal(size=4_000)
    for anchor in ("left", "right"):
        paired = PairedOneHot(2, anchor=anchor).fit(spelled(codes), y)
        assert paired.pairs_.tolist() == [[3, 21], [10, 11]]
        assert (paired.p_values_ < 1e-10).all()
    names = paired.get_feature_names_out()
    assert {"pos-27=A & pos-9=G", "pos-20=T & pos-19=T"} <= set(names)


def test_several_targets_with_holes_share_the_pairs():
    codes = random_codes(1_000, 6)
    rng = np.random.default_rng(0)
    targets = rng.normal(size=(1_000, 3))
    targets[:, 1] += 2.0 * ((codes[:, 0] == 1) & (codes[:, 4] == 1))
    targets[::3, 1] = np.nan
    targets[:, 2] = np.nan
    paired = PairedOneHot().fit(spelled(codes), targets)
    assert paired.pairs_.tolist() == [[0, 4]]
    measured = ~np.isnan(targets[:, 1])
    alone = screen_pairs(codes[measured], targets[measured, 1]).p_values[3]  # (0, 4) is the fourth
    assert paired.p_values_[0] == pytest.approx(2 * alone)


def test_rare_combinations_and_bases_tied_to_one_another_are_left_out():
    codes = random_codes(400, 3)
    codes[:, 1] = codes[:, 0]  # no combination of the two varies on its own
    codes[0] = (0, 0, 3)
    y = np.random.default_rng(0).normal(size=400)
    y[0] = 1e4
    found = screen_pairs(codes, y)
    assert found.p_values[0] == 1
    assert found.statistics[0] == 0
    rare = np.vstack([codes[1:] % 3, [[0, 3, 3]]]).astype(np.uint8)
    assert screen_pairs(rare, np.append(y[1:], 1e4)).p_values.min() > 1e-6


def test_too_few_rows_say_nothing():
    codes = random_codes(40, 10)
    y = np.random.default_rng(0).normal(size=40)
    assert screen_pairs(codes, y).p_values.tolist() == [1.0] * 45
    assert PairedOneHot(fdr=1.0).fit(spelled(codes), y * np.nan).pairs_.shape == (0, 2)
    assert screen_pairs(random_codes(200, 3), np.full(200, 7.0)).p_values.tolist() == [1.0] * 3


def test_without_targets_neighbours_are_paired():
    paired = PairedOneHot(3).fit(["ACGTAC"])
    assert paired.pairs_.tolist() == [[0, 1], [1, 2], [2, 3]]
    assert np.isnan(paired.p_values_).all()
    assert PairedOneHot().fit(["A"]).pairs_.shape == (0, 2)


def test_columns_are_one_hot_and_its_products(library):
    for anchor in ("left", "right"):
        paired = PairedOneHot(4, anchor=anchor, length=60).fit(library)
        found = paired.transform(library).toarray()
        single = OneHot(60, anchor=anchor).fit(library)
        bases = single.transform(library).toarray()
        np.testing.assert_array_equal(found[:, :240], bases)
        column = dict(zip(single.get_feature_names_out(), bases.T, strict=True))
        for name, values in zip(
            paired.get_feature_names_out()[240:], found[:, 240:].T, strict=True
        ):
            one, _, other = name.partition(" & ")
            np.testing.assert_array_equal(values, column[one] * column[other])


def test_it_passes_the_suite_with_pairs():
    codes = random_codes(150, 6)
    check_featurizer(PairedOneHot(4, fdr=1.0), sequences=spelled(codes))


def test_batches_change_nothing(monkeypatch, library):
    paired = PairedOneHot().fit(library)
    whole = paired.transform(library)
    monkeypatch.setattr(module, "BATCH", 7)
    again = PairedOneHot().fit(library)
    assert (again.transform(library) != whole).nnz == 0
    assert paired.transform([]).shape == (0, whole.shape[1])
    codes = random_codes(300, 5)
    y = np.random.default_rng(0).normal(size=300)
    np.testing.assert_allclose(
        screen_pairs(codes, y, min_count=1).statistics, screened_by_hand(codes, y)
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_pairs": -1}, "n_pairs must be an int >= 0, got -1"),
        ({"fdr": 0.0}, r"fdr must be in \(0, 1\], got 0.0"),
        ({"length": 0}, "length must be None or an int >= 1, got 0"),
        ({"length": 2_000}, "2,000 positions, at most 1,000 can be paired; pass length="),
        ({"anchor": "rigth"}, "got 'rigth'; did you mean 'right'"),
    ],
)
def test_parameters_are_checked_by_fit(parameters, message):
    with pytest.raises(InputError, match=message):
        PairedOneHot(**parameters).fit(["ACGT"])


def test_odd_input_is_refused():
    with pytest.raises(SequenceError, match="pass length="):
        PairedOneHot().fit(["", ""])
    with pytest.raises(InputError, match=r"X has 2 rows, y has shape \(3,\)"):
        PairedOneHot().fit(["A", "C"], [1, 2, 3])
    with pytest.raises(InputError, match="a target is infinite"):
        PairedOneHot().fit(["A", "C"], [1, np.inf])
