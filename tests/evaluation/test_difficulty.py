"""Difficulty: planted noise is found, sigma has a floor and never falls with distance."""

import numpy as np
import pytest

from seqexpr.errors import InputError
from seqexpr.evaluation.difficulty import Difficulty


def test_by_hand_one_bin_is_the_mean_absolute_error():
    # Fewer than 100 rows: one bin, whose shrunken mean is the mean itself: (1 + 2 + 6) / 3 = 3.
    fitted = Difficulty.fit(np.array([1.0, 2.0, 6.0]), np.array([0.0, 5.0, 9.0]))
    assert fitted.sigma(np.array([-100.0, 7.0])).tolist() == [3.0, 3.0]
    assert fitted.floor == pytest.approx(0.6)


def test_weights_count_groups_once():
    fitted = Difficulty.fit(
        np.array([1.0, 1.0, 4.0]), np.zeros(3), weights=np.array([0.5, 0.5, 1.0])
    )
    assert fitted.sigma(np.zeros(1))[0] == pytest.approx(2.5)


def test_planted_noise_is_found_on_both_axes():
    rng = np.random.default_rng(0)
    p, d = rng.uniform(0, 2, 20_000), rng.random(20_000)
    sd = (1 + p) * (1 + d)
    absolute = np.abs(sd * rng.normal(size=20_000))
    fitted = Difficulty.fit(absolute, p, domain_scores=d)
    inner = (p > 0.2) & (p < 1.8) & (d > 0.1) & (d < 0.9)
    ratio = fitted.sigma(p, d)[inner] / (sd[inner] * np.sqrt(2 / np.pi))  # E|N(0, sd)|
    assert np.abs(ratio - 1).max() < 0.15


def test_sigma_never_falls_with_distance_and_never_below_its_floor():
    rng = np.random.default_rng(0)
    p, d = rng.normal(size=2000), rng.random(2000)
    absolute = (
        np.abs(rng.normal(size=2000)) * (2 - d) * (p > 0)
    )  # easier when far; no error below 0
    fitted = Difficulty.fit(absolute, p, domain_scores=d)
    grid = fitted.sigma(np.ones(50), np.linspace(-1, 2, 50))
    assert (np.diff(grid) >= 0).all()
    assert fitted.sigma(np.array([-3.0]), np.zeros(1))[0] == pytest.approx(0.2 * absolute.mean())


def test_documents():
    rng = np.random.default_rng(0)
    fitted = Difficulty.fit(rng.random(500), rng.random(500), domain_scores=rng.random(500))
    assert Difficulty.from_dict(fitted.to_dict()) == fitted
    for change in ({"level": []}, {"floor": 0}, {"level": [float("nan")] * len(fitted.level)}):
        with pytest.raises(InputError, match="not a difficulty"):
            Difficulty.from_dict(fitted.to_dict() | change)
    with pytest.raises(InputError, match="not a difficulty"):
        Difficulty.from_dict({})
