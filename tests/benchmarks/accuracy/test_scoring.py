import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.accuracy.problems import HeldOut
from benchmarks.accuracy.scoring import auroc, difference, score
from seqexpr.evaluation.noise import MeasurementNoise


@pytest.fixture
def planted():
    """Truth of variance 1 and noise of variance 0.25: ceiling R² 0.8."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=800)
    variances = np.full(800, 0.25)
    noise = MeasurementNoise("standard errors", "known", variances, variances)
    sequences = np.full(800, "ACGT", dtype=object)
    return truth, HeldOut(sequences, truth + rng.normal(0, 0.5, size=800), noise=noise)


def test_the_truth_reaches_the_ceiling(planted):
    truth, test = planted
    found = score(test, truth, metric="r2")
    assert found["low"] < found["value"] < found["high"]
    assert found["value"] == pytest.approx(0.8, abs=0.05)
    assert found["ceiling"]["value"] == pytest.approx(0.8, abs=0.05)
    assert found["ceiling"]["share_low"] < 1 < found["ceiling"]["share_high"]


def test_auroc_by_hand():
    # Of the four pairs of a one and a zero, three are in order: 3 / 4.
    test = HeldOut(np.full(4, "A", dtype=object), np.array([1.0, 1.0, 0.0, 0.0]))
    found = score(test, np.array([3.0, 1.0, 2.0, 0.0]), metric="auroc")
    assert found["value"] == 0.75
    assert found["ceiling"] is None


def test_auroc_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    y, p = rng.integers(2, size=200).astype(np.float64), rng.integers(20, size=200) / 20
    counts = rng.integers(4, size=200)
    assert auroc(y, p, counts) == pytest.approx(roc_auc_score(y, p, sample_weight=counts))
    assert np.isnan(auroc(np.ones(200), p, counts))


def test_resamples_draw_groups_whole(planted):
    truth, test = planted
    loci = np.repeat(np.arange(80).astype(str), 10).astype(object)
    grouped = HeldOut(test.sequences, test.observed, loci)
    assert score(grouped, truth, metric="r2")["n_drawn"] == 80


@pytest.mark.parametrize("metric", ["r2", "pearson", "auroc"])
def test_the_better_predictions_are_found_better(planted, metric):
    truth, test = planted
    if metric == "auroc":
        test = HeldOut(test.sequences, (truth > 0).astype(np.float64))
    worse = truth + np.random.default_rng(1).normal(size=len(truth))
    found = difference(test, truth, worse, metric=metric)
    assert 0 < found["low"] < found["value"] < found["high"]
    same = difference(test, truth, truth, metric=metric)
    assert same["low"] == same["value"] == same["high"] == 0


def test_predictions_that_are_no_numbers_are_refused(planted):
    truth, test = planted
    with pytest.raises(ValueError, match="expected 800 finite predictions"):
        score(test, np.where(truth > 0, np.nan, truth), metric="r2")
