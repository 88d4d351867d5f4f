from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score, train_test_split
from sklearn.preprocessing import MultiLabelBinarizer

from seqexpr.data.simulate import simulate_library
from seqexpr.errors import InputError, UnknownNameError
from seqexpr.models.fitting import fit_model
from seqexpr.models.registry import (
    MODELS,
    have_common_positions,
    make_model,
    preset_models,
)
from seqexpr.sequences import reverse_complement

BASELINES = {"mean", "gc", "nearest_neighbor", "covariates"}
PROMISED = {
    "mean", "gc", "nearest_neighbor", "tutorial", "ridge", "ridge_onehot", "elastic_net", "lasso",
    "huber", "lightgbm", "lightgbm_onehot",
}  # fmt: skip


def test_the_promised_models_are_there():
    assert set(MODELS) >= PROMISED
    for name in PROMISED:
        spec = MODELS[name]
        assert spec.name == name
        assert spec.is_baseline == (name in BASELINES)
        assert spec.needs_equal_length == name.endswith("onehot")
        assert spec.title
        assert spec.description.endswith(".")
        assert spec.description.count(". ") == 0  # one sentence
    orders = [MODELS[name].complexity for name in MODELS]
    assert len(set(orders)) == len(orders)
    assert max(MODELS[name].complexity for name in BASELINES) < MODELS["tutorial"].complexity


def test_an_unknown_name_is_met_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"unknown model 'rigde'; did you mean 'ridge'\?"):
        make_model("rigde")


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_seed_and_threads_reach_every_step(name):
    parameters = make_model(name, random_state=7, n_jobs=2).get_params()
    assert list(dict(make_model(name).steps)) == ["features", "regressor"]
    assert {v for k, v in parameters.items() if k.endswith("random_state")} <= {7}
    assert {v for k, v in parameters.items() if k.endswith("__n_jobs")} <= {2}


def test_presets_are_rungs_simplest_first():
    assert preset_models("tutorial", equal_length=True) == ("mean", "tutorial")
    fast = preset_models("fast", equal_length=True)
    orders = [MODELS[name].complexity for name in fast]
    assert orders == sorted(orders)
    assert set(fast) == PROMISED - {"elastic_net", "lasso", "huber"} | {"ridge_positional"}
    uneven = preset_models("fast", equal_length=False)
    by_position = {"ridge_onehot", "ridge_positional", "lightgbm_onehot"}
    assert set(fast) - set(uneven) == by_position


@given(
    length=st.integers(1, 200),
    changes=st.lists(st.integers(-500, 500), max_size=3),
    n=st.integers(61, 100),
)
def test_a_few_odd_lengths_do_not_spoil_common_positions(length, changes, n):
    sequences = ["A" * length] * n + ["A" * max(0, length + change) for change in changes]
    assert have_common_positions(sequences)


def test_spread_lengths_have_no_common_positions():
    assert not have_common_positions(["A" * length for length in range(20, 200)])
    assert not have_common_positions([])
    assert have_common_positions(["A" * 73] * 60 + ["A" * 79] * 30 + ["A" * 72] * 10)  # lafleur


class TakesNothing(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        self.n_ = len(X)
        return self

    def predict(self, X):
        return np.zeros(len(X))


def test_weights_and_groups_reach_the_last_step(random_dna):
    sequences, y = random_dna(40), np.arange(40.0)
    w = (np.arange(40) < 10).astype(float)
    assert fit_model(make_model("mean"), sequences, y, sample_weight=w).predict(["A"]).tolist() == [
        4.5
    ]
    groups = np.arange(40) // 2
    fitted = fit_model(make_model("ridge"), sequences, y, sample_weight=w, groups=groups)
    alone = make_model("ridge").fit(
        sequences, y, regressor__sample_weight=w, regressor__groups=groups
    )
    assert (fitted.predict(sequences) == alone.predict(sequences)).all()
    blind = make_model("ridge").fit(sequences, y, regressor__sample_weight=w)
    assert not np.array_equal(fitted[-1].cv_r2_[0], blind[-1].cv_r2_[0])


def test_a_model_that_takes_neither_is_told_apart(random_dna):
    sequences, y = random_dna(4), np.arange(4.0)
    assert fit_model(TakesNothing(), sequences, y, groups=np.zeros(4)).n_ == 4
    with pytest.raises(InputError, match="TakesNothing takes no sample weights; leave them out"):
        fit_model(TakesNothing(), sequences, y, sample_weight=np.ones(4))


def test_models_are_plain_scikit_learn(random_dna):
    library = simulate_library(120, rng=np.random.default_rng(0), length=40)
    sequences = library.table["sequence"].to_numpy(dtype=object)
    y, groups = library.table["expression"].to_numpy(), np.arange(120) % 30
    search = GridSearchCV(make_model("ridge"), {"features__k": [2, (1, 4)]}, cv=3).fit(sequences, y)
    assert set(search.cv_results_["param_features__k"]) == {2, (1, 4)}
    scores = cross_val_score(make_model("ridge"), sequences, y, groups=groups, cv=GroupKFold(3))
    assert np.isfinite(scores).all()


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name", ["ecoli_kinney2010_sortseq.tsv.gz", "yeast_corepromoter729.tsv.gz"]
)
def test_the_tutorial_has_its_own_numbers_on_measured_data(name, real_data):
    data = pd.read_csv(real_data(name), sep="\t").head(6_000)
    kmers = [[s[i : i + 3] for i in range(len(s) - 2)] for s in data["sequence"]]
    X, y = MultiLabelBinarizer().fit_transform(kmers), data["expression"]
    a, b, c, d = train_test_split(X, y, test_size=0.2, random_state=42)
    wanted = mean_squared_error(d, LinearRegression().fit(a, c).predict(b))
    a, b, c, d = train_test_split(data["sequence"], y, test_size=0.2, random_state=42)
    found = mean_squared_error(d, make_model("tutorial").fit(a, c).predict(b))
    assert found == pytest.approx(wanted, rel=1e-6)


@pytest.mark.real_data
@pytest.mark.slow
def test_ridge_explains_the_measured_promoters(real_data):
    """Urtecho 2020, the published split: the plain attempt with 1- to 5-mers had r = .480."""
    data = pd.read_csv(real_data("ecoli_urtecho2020_tss.tsv.gz"), sep="\t")
    train, test = data[data["split"] == "train"], data[data["split"] == "test"]
    model = make_model("ridge").fit(train["sequence"], train["expression"])
    assert np.corrcoef(model.predict(test["sequence"]), test["expression"])[0, 1] > 0.49


def test_the_strand_does_not_matter_to_the_canonical_model():
    rng = np.random.default_rng(0)
    table = simulate_library(200, rng=rng, length=40).table
    model = make_model("ridge_canonical").fit(table["sequence"], table["expression"])
    turned = [reverse_complement(sequence) for sequence in table["sequence"]]
    np.testing.assert_allclose(model.predict(turned), model.predict(table["sequence"]))
