from __future__ import annotations

import pytest

from seqexpr.evaluation.diagnosis import diagnose

STEEP = {"points": [{"r2": 0.5, "n_fit": 800}], "gain": 0.1, "low": 0.05, "high": 0.15}
FLAT = STEEP | {"gain": 0.005, "low": -0.01, "high": 0.02}
UNSURE = STEEP | {"gain": 0.05, "low": -0.1, "high": 0.2}
R2 = {"value": 0.5, "low": 0.45, "high": 0.55}
NONE = {"value": -0.01, "low": -0.05, "high": 0.03}


def ceiling(value):
    return {"r2": {"value": value, "low": value - 0.02, "high": value + 0.02}}


def controls(model, shuffled):
    return {
        "rows": [
            {
                "name": name,
                "metric": "r2",
                "value": value,
                "low": value - 0.05,
                "high": value + 0.05,
            }
            for name, value in (("model", model), ("shuffled", shuffled))
        ]
    }


def floor(auroc, active):
    return {
        "scores": [
            {"metric": "auroc", "value": auroc, "low": auroc - 0.02, "high": auroc + 0.02},
            {"metric": "spearman_active", "value": active, "low": active - 0.1, "high": active},
        ]
    }


def shift(difference, spread=1.0, reach=0.1):
    low, high = difference - reach, difference + reach
    return {"difference": difference, "low": low, "high": high, "spread": spread}


def codes(r2, **parts):
    return [finding.code for finding in diagnose(r2, **parts)]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"ceiling": ceiling(0.55), "learning_curve": FLAT}, ["noise-limited"]),
        ({"ceiling": ceiling(0.55), "learning_curve": UNSURE}, ["noise-limited"]),
        ({"ceiling": ceiling(0.95), "learning_curve": FLAT}, ["feature-limited"]),
        ({"ceiling": ceiling(0.95), "learning_curve": STEEP}, ["data-limited"]),
        ({"learning_curve": STEEP}, ["data-limited"]),
        ({"learning_curve": FLAT}, ["undecided"]),
        ({"ceiling": ceiling(0.62), "learning_curve": FLAT}, ["undecided"]),  # .55 > .85 · .62
        ({"ceiling": ceiling(0.95), "learning_curve": UNSURE}, ["undecided"]),
        ({}, ["undecided"]),
        ({"controls": controls(0.5, 0.45)}, ["composition-only"]),
        ({"controls": controls(0.5, 0.3)}, ["undecided"]),
        ({"controls": controls(0.04, 0.04)}, ["undecided"]),
        ({"floor": floor(0.8, 0.1), "learning_curve": FLAT}, ["floor-inflated"]),
        ({"floor": floor(0.8, 0.4)}, ["undecided"]),
        ({"floor": floor(0.61, 0.1)}, ["undecided"]),
        ({"shift": shift(0.4), "ceiling": ceiling(0.95)}, ["split-shift"]),
        ({"shift": shift(-0.4)}, ["split-shift"]),
        ({"shift": shift(0.4, reach=0.5)}, ["undecided"]),
        ({"shift": shift(0.0, spread=0.5)}, ["split-shift"]),
        ({"shift": shift(0.1), "ceiling": ceiling(0.55)}, ["noise-limited"]),
    ],
)
def test_rules(parts, expected):
    assert codes(R2, **parts) == expected


def test_a_model_that_learnt_nothing():
    assert codes(NONE) == ["no-signal"]
    assert codes(NONE, controls=controls(0.5, 0.45)) == ["no-signal"]
    assert codes(NONE, ceiling=ceiling(0.9), learning_curve=FLAT) == ["feature-limited"]


def test_an_undefined_score_has_no_diagnosis():
    assert codes({"value": None, "low": None, "high": None}) == []


def test_what_is_good_is_said_only_alone():
    good = {"value": 0.93, "low": 0.9, "high": 0.95}
    assert codes(good, ceiling=ceiling(0.99), learning_curve=FLAT) == ["near-ceiling"]
    both = {"ceiling": ceiling(0.99), "controls": controls(0.9, 0.88)}
    assert codes(good, **both) == ["composition-only"]


def test_the_gain_ends_at_the_ceiling():
    text = diagnose(R2, ceiling=ceiling(0.55), learning_curve=STEEP)[1].text
    assert "0.05 (0.05 to 0.05)" in text
    assert codes(R2, ceiling=ceiling(0.51), learning_curve=STEEP) == ["noise-limited"]


def test_texts_are_sentences():
    for parts in (
        {},
        {"learning_curve": STEEP},
        {"ceiling": ceiling(0.95), "learning_curve": FLAT},
    ):
        for finding in diagnose(R2, **parts):
            assert finding.text.endswith(".")
            assert finding.next_step.endswith(".")
