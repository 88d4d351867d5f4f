from __future__ import annotations

import numpy as np
import pytest

from seqexpr.data.simulate import PlantedMotif, simulate_library
from seqexpr.errors import InputError
from seqexpr.models.fitting import fit_model
from seqexpr.models.registry import make_model
from seqexpr.models.stacking import StackedRegressor, stacking_weights


@pytest.fixture(scope="module")
def library():
    motifs = (PlantedMotif("TGACTCA", 2.0, start=5), PlantedMotif("CACGTG", -2.0))
    rng = np.random.default_rng(0)
    table = simulate_library(500, rng=rng, length=40, noise=0.3, motifs=motifs).table
    return table["sequence"].to_list(), table["expression"].to_numpy()


def test_weights_by_hand():
    # y - 2 = 1.5 (p - 2) for the first; the second points the other way and gets nothing.
    y = np.array([0.5, 2.0, 3.5])
    first = np.array([1.0, 2.0, 3.0])
    found = stacking_weights(np.column_stack([first, 5 - y]), y)
    np.testing.assert_allclose(found, [1.5, 0.0])


def test_weights_of_rows_count():
    y = np.array([0.0, 1.0, 0.0, 2.0])
    p = np.array([[0.0], [1.0], [0.0], [1.0]])
    assert stacking_weights(p, y, [1, 1, 0, 0])[0] == pytest.approx(1)
    assert stacking_weights(p, y, [0, 0, 1, 1])[0] == pytest.approx(2)


def test_where_nothing_follows_the_mean_is_predicted():
    y = np.array([0.0, 1.0, 2.0])
    assert not stacking_weights(np.column_stack([-y, -2 * y]), y).any()
    assert not stacking_weights(np.ones((3, 2)), y).any()
    model = StackedRegressor([make_model("mean")]).fit(["ACGT", "ACCC", "TTTT"], y)
    assert model.predict(["GGGG"]).tolist() == [1.0]


def test_a_member_that_knows_its_own_rows_by_heart_gets_no_weight(library):
    """One nearest neighbour is perfect in training; its weight comes from other rows."""
    sequences, y = library
    rng = np.random.default_rng(1)
    noise = rng.normal(size=len(y))
    heart = make_model("nearest_neighbor").set_params(regressor__n_neighbors=1)
    assert np.corrcoef(heart.fit(sequences, noise).predict(sequences), noise)[0, 1] > 0.99
    model = StackedRegressor([heart, make_model("mean")]).fit(sequences, noise)
    assert model.weights_[0, 0] < 0.15


def test_it_does_no_worse_than_its_best_member(library):
    sequences, y = library
    fit, test = slice(0, 350), slice(350, None)
    members = [make_model("gc"), make_model("ridge_onehot"), make_model("ridge")]

    def error(model):
        return np.mean((model.fit(sequences[fit], y[fit]).predict(sequences[test]) - y[test]) ** 2)

    best = min(error(make_model(name)) for name in ("gc", "ridge_onehot", "ridge"))
    assert error(StackedRegressor(members)) < 1.02 * best


def test_groups_lie_in_one_fold(library):
    """Copies of a row in two folds would make the nearest neighbour look perfect."""
    sequences, _ = library
    rng = np.random.default_rng(2)
    names = np.repeat(np.arange(100), 3)
    noise = np.repeat(rng.normal(size=100), 3)
    rows = [sequences[i] for i in names]
    heart = make_model("nearest_neighbor").set_params(regressor__n_neighbors=1)
    stack = StackedRegressor([heart, make_model("mean")])
    torn = fit_model(stack, rows, noise).weights_[0, 0]
    whole = fit_model(stack, rows, noise, groups=names).weights_[0, 0]
    assert torn > 0.7
    assert whole < 0.3


def test_members_without_weight_are_not_kept(library):
    sequences, y = library
    model = StackedRegressor([make_model("mean"), make_model("ridge")]).fit(sequences, y)
    assert len(model.models_[0]) == 1
    assert model.weights_[0, 0] == 0


@pytest.mark.parametrize(("given", "message"), [({"members": []}, "at least one"),
                                                ({"n_folds": 1}, "at least 2")])  # fmt: skip
def test_parameters_out_of_range(given, message):
    stack = StackedRegressor([make_model("mean")]).set_params(**given)
    with pytest.raises(InputError, match=message):
        stack.fit(["ACGT"] * 4, [1.0, 2.0, 3.0, 4.0])
