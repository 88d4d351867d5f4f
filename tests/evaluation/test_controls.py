from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from seqexpr.data.simulate import PlantedMotif, simulate_library
from seqexpr.errors import SplitError
from seqexpr.evaluation import controls as module
from seqexpr.evaluation.controls import run_controls
from seqexpr.models.fitting import fit_model
from seqexpr.models.registry import make_model


def fit_ridge(sequences, targets, units):
    return fit_model(make_model("ridge"), list(sequences), targets, groups=units)


def controlled(sequences, targets, *, fit=fit_ridge, units=None, seed=0, **options):
    text = np.array(sequences, dtype=object)
    own = np.arange(len(text)) if units is None else units
    return run_controls(
        fit, text, np.asarray(targets, float), units=own, rng=np.random.default_rng(seed), **options
    )


@pytest.fixture(scope="module")
def motifs():
    """A world where only the order of bases matters."""
    planted = (PlantedMotif("TGACTCA", 2.0), PlantedMotif("CACGTG", -2.0))
    rng = np.random.default_rng(1)
    table = simulate_library(600, rng=rng, length=60, noise=0.3, motifs=planted).table
    return table["sequence"].to_list(), table["expression"].to_numpy()


@pytest.fixture(scope="module")
def composition():
    """A world where only the share of G and C matters."""
    rng = np.random.default_rng(2)
    share = rng.uniform(0.2, 0.8, size=500)
    rows = [
        "".join(rng.choice(list("ACGT"), size=60, p=[(1 - s) / 2, s / 2, s / 2, (1 - s) / 2]))
        for s in share
    ]
    gc = np.array([(r.count("G") + r.count("C")) / 60 for r in rows])
    return rows, 5 * gc + rng.normal(scale=0.2, size=500)


def test_a_world_of_motifs_is_beyond_composition(motifs):
    found = controlled(*motifs)
    assert found.status == "ok"
    assert found.beyond_composition.low > 0.2
    difference = found.score("model") - found.score("shuffled")
    assert found.beyond_composition.difference == pytest.approx(difference)
    assert "needs the order of the bases" in found.sentence
    assert found.score("shuffled") < 0.3 * found.score("model")
    assert found.score("composition") < 0.1
    assert abs(found.score("permuted", "pearson")) < 0.15


def test_a_world_of_composition_is_named_so(composition):
    found = controlled(*composition)
    assert found.status == "ok"
    assert "what it knows is composition" in found.sentence
    assert found.score("composition") > 0.8
    assert found.score("shuffled") == pytest.approx(found.score("model"), abs=0.05)
    assert found.score("reversed") == pytest.approx(found.score("model"), abs=0.1)


def test_where_there_is_nothing_to_learn(composition):
    rows, _ = composition
    targets = np.random.default_rng(3).normal(size=len(rows))
    found = controlled(rows, targets, fit=lambda s, y, u: make_model("mean").fit(list(s), y))
    assert found.status == "ok"
    assert "no better than the mean" in found.sentence


def test_a_procedure_that_sees_the_held_out_targets_is_caught(motifs, monkeypatch):
    def leaking(fit, sequences, y, units, *, folds):
        del folds
        return 0.5 * y + np.asarray(fit(sequences, y, units).predict(list(sequences)))

    monkeypatch.setattr(module, "_out_of_fold", leaking)
    found = controlled(*motifs)
    assert found.status == "leak"
    assert "none of the scores can be trusted" in found.sentence


class Line:
    """Least squares on the share of each base: quick enough for many runs."""

    def fit(self, sequences, targets):
        self.weights = np.linalg.lstsq(self.features(sequences), targets, rcond=None)[0]
        return self

    def predict(self, sequences):
        return self.features(sequences) @ self.weights

    @staticmethod
    def features(sequences):
        return np.array([[1, *(s.count(base) / len(s) for base in "ACG")] for s in sequences])


def test_no_false_alarm_in_two_hundred_runs(composition, monkeypatch):
    rows, targets = composition
    monkeypatch.setattr(module, "_of_baseline", lambda name, s, y, folds: np.zeros(len(y)))
    monkeypatch.setattr(module, "Bootstrap", partial(module.Bootstrap, n_resamples=5))
    z = []
    for seed in range(200):
        found = controlled(
            rows[:120], targets[:120], fit=lambda s, y, u: Line().fit(s, y), seed=seed, n_folds=2
        )
        assert found.status == "ok"
        z.append(found.score("permuted", "pearson") * np.sqrt(119))
    assert np.mean(z) < 0.2  # out of fold the mean of chance is 0 or below
    assert 0.7 < np.std(z) < 1.3


def test_rows_without_a_value_and_rows_beyond_the_limit_are_left_out(composition):
    rows, targets = composition
    targets = targets.copy()
    targets[:10] = np.nan
    found = controlled(rows, targets, fit=lambda s, y, u: Line().fit(s, y), max_rows=100)
    assert {row.n for row in found.rows} == {100}


def test_it_is_json_ready_and_repeats(composition):
    import json

    first, second = (
        controlled(*composition, fit=lambda s, y, u: Line().fit(s, y)).to_dict() for _ in range(2)
    )
    assert json.dumps(first, allow_nan=False) == json.dumps(second, allow_nan=False)
    names = [row["name"] for row in first["rows"] if row["metric"] == "r2"]
    assert names == ["model", "shuffled", "reversed", "nearest", "composition", "permuted"]


def test_one_family_cannot_be_divided(composition):
    rows, targets = composition
    with pytest.raises(SplitError, match="fewer than 3 folds"):
        controlled(rows, targets, units=np.zeros(len(rows), dtype=np.int64))
