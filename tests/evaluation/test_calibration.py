"""One call calibrates a model; where rows are too few it says so and goes on."""

import numpy as np

from seqexpr.evaluation.calibration import calibrate


def _case(n, seed=0):
    rng = np.random.default_rng(seed)
    bases = rng.choice(list("ACGT"), size=(n, 30))
    p = (bases == "G").mean(axis=1)[:, None]
    return ["".join(row) for row in bases], p, p + 0.1 * rng.normal(size=(n, 1))


def test_train_and_new_rows_are_covered():
    sequences, p, y = _case(400)
    found = calibrate(
        y, p, sequences=np.array(sequences, object), folds=np.arange(400) % 4,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert found.warnings == ()
    assert abs(np.mean((found.train.lower <= y) & (y <= found.train.upper)) - 0.9) < 0.05
    assert np.mean(found.train.in_domain.astype(bool)) >= 0.93
    new, predicted, observed = _case(400, seed=1)
    trust = found.judge(new, predicted)
    assert abs(np.mean((trust.lower <= observed) & (observed <= trust.upper)) - 0.9) < 0.06
    assert trust.in_domain.shape == (400,)


def test_a_published_validation_set_calibrates_alone():
    sequences, p, y = _case(300)
    p[:200] = np.nan
    folds = np.where(np.arange(300) < 200, -1, 0)
    found = calibrate(
        y, p, sequences=np.array(sequences, object), folds=folds, rng=np.random.default_rng(0)
    )
    assert np.isnan(found.train.lower[:200]).all()
    assert np.isfinite(found.train.lower[200:]).all()
    assert all(value is None for value in found.train.in_domain[:200])


def test_a_model_that_predicted_one_fold_only_is_calibrated_on_it():
    sequences, p, y = _case(1000)
    folds = np.arange(1000) % 5
    p[folds != 0] = np.nan
    found = calibrate(
        y, p, sequences=np.array(sequences, object), folds=folds, rng=np.random.default_rng(0)
    )
    lower, upper = found.train.lower[folds == 0], found.train.upper[folds == 0]
    assert abs(np.mean((lower <= y[folds == 0]) & (y[folds == 0] <= upper)) - 0.9) < 0.06
    assert np.isnan(found.train.lower[folds != 0]).all()


def test_too_few_rows_give_a_warning_and_no_intervals():
    sequences, p, y = _case(8)
    found = calibrate(
        y, p, sequences=np.array(sequences, object), folds=np.arange(8) % 2,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert found.intervals is None
    assert found.domain is None
    assert [text.partition(":")[0] for text in found.warnings] == [
        "no training domain", "no prediction intervals",
    ]  # fmt: skip
    trust = found.judge(sequences, p)
    assert np.isnan(trust.lower).all()
    assert trust.in_domain.tolist() == [None] * 8
