from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear
from sklearn.pipeline import Pipeline

from seqexpr.errors import InputError
from seqexpr.models.blending import BlendedRegressor, blend_out_of_fold, blending_weights
from seqexpr.models.fitting import fit_model
from seqexpr.models.folds import assign_folds
from seqexpr.models.registry import make_model
from seqexpr.testing import models as suite

SEQUENCES = ["ACGTACGTAA", "TTTTTGTTTT", "ACGTTTGGTA", "GGGTTTCCAC", "GCGCGCATAT", "AATTCCGGAC"] * 3
Y = np.random.default_rng(0).normal(size=18)


def blended(weights, names=("gc", "tutorial"), **given):
    return BlendedRegressor([make_model(name) for name in names], weights, **given)


def pipeline(weights=(0.4, 0.5)):
    regressor = blended(list(weights))
    return Pipeline([("features", "passthrough"), ("regressor", regressor)])


@pytest.mark.parametrize("check", suite.MODEL_CHECKS, ids=lambda check: check.__name__)
def test_a_blend_passes_the_checks_of_models(check):
    check(pipeline())


def test_a_blend_is_the_sum_that_it_says():
    model = blended([0.25, 0.5]).fit(SEQUENCES, Y)
    one, two = (
        make_model(name).fit(SEQUENCES, Y).predict(SEQUENCES) for name in ("gc", "tutorial")
    )
    mean = Y.mean()
    wanted = mean + 0.25 * (one - mean) + 0.5 * (two - mean)
    np.testing.assert_allclose(model.predict(SEQUENCES), wanted, rtol=1e-12)
    np.testing.assert_allclose(model.intercept_, [0.25 * mean])
    assert model.n_targets_ == 0


def test_each_target_has_its_weights_and_the_mean_of_its_measured_rows():
    targets = np.column_stack([Y, 2 * Y + 5])
    targets[::3, 1] = np.nan
    model = blended([[1.0, 0.0], [0.0, 0.5]]).fit(SEQUENCES, targets)
    predicted = model.predict(SEQUENCES)
    np.testing.assert_allclose(
        predicted[:, 0], make_model("gc").fit(SEQUENCES, Y).predict(SEQUENCES), rtol=1e-9
    )
    second = make_model("tutorial").fit(SEQUENCES, targets).predict(SEQUENCES)[:, 1]
    mean = np.nanmean(targets[:, 1])
    np.testing.assert_allclose(predicted[:, 1], mean + 0.5 * (second - mean), rtol=1e-9)
    one_row = blended([0.3, 0.3]).fit(SEQUENCES, targets)
    np.testing.assert_array_equal(one_row.coef_, np.full((2, 2), 0.3))


def test_weights_of_rows_reach_mean_and_members():
    weights = np.where(np.arange(18) < 9, 0.0, 3.0)
    model = fit_model(blended([0.2, 0.3]), SEQUENCES, Y, sample_weight=weights)
    alone = blended([0.2, 0.3]).fit(SEQUENCES[9:], Y[9:])
    np.testing.assert_allclose(model.predict(SEQUENCES), alone.predict(SEQUENCES), rtol=1e-6)


def test_members_fitted_elsewhere_make_the_same_blend():
    model = blended([0.4, 0.4]).fit(SEQUENCES, Y)
    fitted = [make_model(name).fit(SEQUENCES, Y) for name in ("gc", "tutorial")]
    again = blended([0.4, 0.4]).assemble(fitted, Y)
    np.testing.assert_array_equal(model.predict(SEQUENCES), again.predict(SEQUENCES))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([0.5], "one weight of at least 0 for each of 2 members"),
        ([0.5, -0.1], "one weight of at least 0"),
        ([0.5, np.nan], "one weight of at least 0"),
        ([0.5, np.inf], "one weight of at least 0"),
        ([[0.5, 0.5]] * 3, "for each of 2, got 3 rows"),
    ],
)
def test_weights_that_do_not_fit_are_refused(weights, message):
    targets = np.column_stack([Y, Y])
    with pytest.raises(InputError, match=message):
        blended(weights).fit(SEQUENCES, targets)
    with pytest.raises(InputError, match=message):
        blended(weights).assemble([], targets)


def test_a_blend_of_nothing_is_refused():
    with pytest.raises(InputError, match="of 0 members"):
        BlendedRegressor([], []).fit(SEQUENCES, Y)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_members=st.integers(1, 5),
    n_targets=st.integers(1, 2),
    weighted=st.booleans(),
)
def test_weights_are_the_non_negative_least_squares(seed, n_members, n_targets, weighted):
    rng = np.random.default_rng(seed)
    targets = rng.normal(size=(40, n_targets))
    predictions = rng.normal(size=(n_members, 40, n_targets)) + 0.5 * targets
    targets[rng.random(targets.shape) < 0.1] = np.nan
    predictions[:, :3] = np.nan  # rows of no fold
    weight = rng.random(40) if weighted else None
    found = blending_weights(predictions, targets, weight)
    assert found.shape == (n_targets, n_members)
    assert (found >= 0).all()
    for column in range(n_targets):
        known = np.isfinite(targets[:, column])
        known[:3] = False
        share = np.ones(40) if weight is None else weight
        root = np.sqrt(share[known])
        design = np.column_stack([predictions[:, known, column].T, np.ones(known.sum())])
        bounds = ([0.0] * n_members + [-np.inf], np.inf)
        oracle = lsq_linear(
            design * root[:, None], targets[known, column] * root, bounds, tol=1e-12
        )
        np.testing.assert_allclose(found[column], oracle.x[:-1], atol=2e-4)


def test_a_target_that_nobody_measured_gets_no_weights():
    predictions = np.ones((2, 5, 1)) * np.arange(5)[:, None]
    assert blending_weights(predictions, np.full((5, 1), np.nan)).tolist() == [[0.0, 0.0]]
    targets = np.arange(5.0)[:, None]
    assert blending_weights(predictions, targets, np.zeros(5)).tolist() == [[0.0, 0.0]]


def out_of_fold(seed, *, n=60):
    rng = np.random.default_rng(seed)
    targets = rng.normal(size=(n, 2)) + 3
    predictions = targets + rng.normal(size=(3, n, 2)) * np.array([0.5, 1.0, 2.0])[:, None, None]
    targets[rng.random(targets.shape) < 0.1] = np.nan
    groups = rng.integers(0, 20, size=n)
    return predictions, targets, groups


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), part=st.integers(0, 4))
def test_a_part_has_no_say_in_its_own_weights(seed, part):
    """New targets and weights in one part change the blend of the other parts only."""
    predictions, targets, groups = out_of_fold(seed)
    inside = assign_folds(60, n_folds=5, groups=groups, random_state=9) == part
    first = blend_out_of_fold(predictions, targets, groups=groups, random_state=9)
    changed = np.where(inside[:, None], -10 * targets, targets)
    second = blend_out_of_fold(
        predictions, changed, groups=groups, random_state=9,
        sample_weight=np.where(inside, 7.0, 1.0),
    )  # fmt: skip
    np.testing.assert_array_equal(first[inside], second[inside])
    assert not np.isclose(first[~inside], second[~inside]).all()


def test_a_blend_out_of_fold_by_hand():
    """Two groups, each a part: weight and mean for one come from the other."""
    predictions = np.array([[[1.0], [2.0], [3.0], [4.0]]])
    targets = 2 * predictions[0] + 1
    found = blend_out_of_fold(predictions, targets, groups=[0, 0, 1, 1], n_folds=2)
    # Rows 2 and 3 say slope 2 and mean 8, so 8 + 2 (p - 8) for rows 0 and 1; these say mean 4.
    np.testing.assert_allclose(found[:, 0], [-6.0, -4.0, 2.0, 4.0])


def test_rows_of_no_fold_stay_out():
    predictions, targets, groups = out_of_fold(1)
    predictions[1, :10] = np.nan
    found = blend_out_of_fold(predictions, targets, groups=groups)
    assert np.isnan(found[:10]).all()
    assert np.isfinite(found[10:]).all()
    predictions[:] = np.nan
    assert np.isnan(blend_out_of_fold(predictions, targets, groups=groups)).all()


def test_a_single_group_is_no_reason_to_fail():
    predictions, targets, _ = out_of_fold(2)
    found = blend_out_of_fold(predictions, targets, groups=np.zeros(60))
    assert np.isfinite(found).all()


def test_the_blend_is_better_than_its_members_where_their_errors_differ():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(400, 1))
    predictions = y + rng.normal(size=(2, 400, 1))
    found = blend_out_of_fold(predictions, y, groups=np.arange(400))
    errors = [float(np.mean((p - y) ** 2)) for p in (*predictions, found)]
    assert errors[2] < 0.6 * min(errors[:2])
