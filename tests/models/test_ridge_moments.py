"""Ridge from moments is ridge from rows."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.errors import InputError
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.word_products import WordProducts
from seqexpr.models.folds import assign_folds
from seqexpr.models.moments import Moments
from seqexpr.models.ridge import RidgePathRegressor
from seqexpr.models.ridge_moments import fit_ridge_moments


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(5)
    X = rng.poisson(0.7, size=(400, 30)) * rng.lognormal(size=30)
    X[:, 3] = 2.0  # a constant column
    y = X @ (rng.normal(size=30) / X.std(axis=0).clip(0.1)) + rng.normal(scale=6, size=400)
    return X, y, rng.uniform(0.2, 2, size=400)


def parts_of(X, y, v, folds):
    return [Moments.of(X, y, v, rows=np.flatnonzero(folds == i)) for i in range(folds.max() + 1)]


@pytest.mark.parametrize("column_scale", ["none", "sqrt_std", "std"])
def test_the_same_model_as_from_the_rows(rows, column_scale):
    X, y, v = rows
    folds = assign_folds(len(y), n_folds=5, groups=None, random_state=42)
    wanted = RidgePathRegressor(column_scale=column_scale, tol=1e-9).fit(X, y, sample_weight=v)
    found = fit_ridge_moments(
        RidgePathRegressor(column_scale=column_scale), parts_of(X, y, v, folds)
    )
    assert found.alpha_ == pytest.approx(wanted.alpha_)
    np.testing.assert_allclose(found.alphas_[0], wanted.alphas_[0], rtol=1e-6)
    # The scores may differ where a penalty is so small that rows were stopped early.
    best = int(np.argmax(wanted.cv_r2_[0]))
    assert found.cv_r2_[0][best] == pytest.approx(wanted.cv_r2_[0][best], abs=1e-4)
    np.testing.assert_allclose(found.coef_, wanted.coef_, atol=1e-5)
    np.testing.assert_allclose(found.predict(X), wanted.predict(X), atol=1e-4)


def test_from_words_of_sequences_that_are_gone():
    rng = np.random.default_rng(1)
    rows = ["".join(row) for row in rng.choice(list("ACGT"), size=(600, 40))]
    y = np.array([row.count("GATA") - row.count("TTT") for row in rows]) + rng.normal(size=600)
    counter, parts = KmerCounter(k=(1, 4)), []
    for i in range(2):
        products = WordProducts(4)
        products.add(rows[i::2], y[i::2])
        parts.append(Moments(products.of_columns(counter)))
    found = fit_ridge_moments(RidgePathRegressor(), parts, validated=[1])
    fitted = RidgePathRegressor(alphas=[float(found.alpha_[0])], tol=1e-9).fit(
        counter.transform(rows).astype(float), y
    )
    np.testing.assert_allclose(found.coef_, fitted.coef_, atol=1e-6)
    largest = counter.get_feature_names_out()[np.abs(found.coef_[0]).argsort()[-8:]]
    assert "GATA" in largest


def test_the_path_is_lengthened_where_the_best_lies_at_its_end(rows):
    X, y, v = rows
    noise = np.random.default_rng(0).normal(size=len(y))
    folds = np.arange(len(y)) % 3
    found = fit_ridge_moments(RidgePathRegressor(), parts_of(X, noise, v, folds))
    assert len(found.alphas_[0]) > 10
    fixed = fit_ridge_moments(RidgePathRegressor(alphas=[1.0, 2.0]), parts_of(X, noise, v, folds))
    assert fixed.alphas_[0].tolist() == [1.0, 2.0]


def test_nothing_to_learn(rows):
    X, _, v = rows
    folds = np.arange(len(v)) % 2
    found = fit_ridge_moments(RidgePathRegressor(), parts_of(X, np.full(len(v), 3.0), v, folds))
    assert not found.coef_.any()
    assert found.predict(X[:2]) == pytest.approx([3.0, 3.0])
    with pytest.raises(InputError, match="at least two parts"):
        fit_ridge_moments(RidgePathRegressor(), parts_of(X, v, v, folds)[:1])
    with pytest.raises(InputError, match="column_scale"):
        fit_ridge_moments(RidgePathRegressor(column_scale="x"), parts_of(X, v, v, folds))
