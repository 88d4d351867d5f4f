"""Planting: what a model with known rules says comes out as the rules."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.interpretation.model_effects import (
    make_backgrounds,
    mean_effect,
    measure_spacing,
    plant_motif,
)

SITE, OTHER = "GGGGG", "CCCCC"
BACKGROUNDS = ["AT" * 30, "TA" * 30, "AATT" * 15]


def rules(sequences):
    """Add 2 for each site left of base 30, half beyond; 3 more for a site 4 bases before another."""
    found = []
    for text in sequences:
        starts = [i for i in range(len(text)) if text.startswith(SITE, i)]
        value = sum(2.0 if start < 30 else 1.0 for start in starts)
        value += 3.0 * sum(text.startswith(OTHER, start + len(SITE) + 4) for start in starts)
        found.append(value)
    return np.array(found)


def test_effects_by_dose_place_and_strand_are_the_rules():
    effects = plant_motif(rules, BACKGROUNDS, [SITE], starts=np.array([3, 9]),
                          rng=np.random.default_rng(0))  # fmt: skip
    assert (effects.effect.value, effects.effect.low, effects.effect.high) == (2.0, 2.0, 2.0)
    assert effects.reverse.value == 0.0
    wanted = [2.0 if at < 30 else 1.0 for at in effects.position.at]
    assert [effect.value for effect in effects.position.effects] == wanted
    assert effects.position.at[[0, -1]].tolist() == [0, 55]
    assert effects.dose.at.tolist() == [1, 2, 3, 4]
    doses = [effect.value for effect in effects.dose.effects]
    assert all(at <= value <= 2 * at for at, value in zip(effects.dose.at, doses, strict=True))


def test_two_motifs_act_together_at_their_gap_only():
    curve = measure_spacing(rules, BACKGROUNDS, [SITE], [OTHER], gaps=(0, 4, 8, 99),
                            rng=np.random.default_rng(0))  # fmt: skip
    assert curve.at.tolist() == [0, 4, 8]  # 99 does not fit
    assert [effect.value for effect in curve.effects] == [0.0, 3.0, 0.0]


def test_mean_effects_by_hand():
    found = mean_effect(np.array([1.0, 2.0, 3.0]))
    assert found.value == 2.0
    assert found.high - found.value == pytest.approx(4.30265 / np.sqrt(3), rel=1e-4)
    assert found.p_value == pytest.approx(0.0742, abs=1e-3)  # t = 3.46 with 2 degrees of freedom
    assert np.isnan(mean_effect(np.array([1.0])).low)
    assert np.isnan(mean_effect(np.zeros(0)).value)
    assert mean_effect(np.zeros(5)).p_value == 1.0


def test_intervals_of_the_mean_cover():
    rng = np.random.default_rng(0)
    found = [mean_effect(rng.normal(1.0, 2.0, size=30)) for _ in range(500)]
    assert 0.92 <= np.mean([item.low <= 1.0 <= item.high for item in found]) <= 0.98


def test_backgrounds_keep_dinucleotides_and_one_length():
    rng = np.random.default_rng(0)
    sequences = ["ACGTACGGTTAC", "TTTTAAAACCCC", "ACG"]
    for made in make_backgrounds(sequences, n=8, rng=rng):
        counts = [sorted(s[i : i + 2] for i in range(11)) for s in (made, *sequences[:2])]
        assert counts[0] in counts[1:]
