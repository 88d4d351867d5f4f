"""Effects: the difference of two predictions, whatever else is in the batch."""

import dataclasses

import numpy as np
import pytest

from seqexpr.errors import InputError
from seqexpr.evaluation.calibration import Calibration
from seqexpr.variants.scoring import score_pairs


@pytest.fixture(scope="module")
def pairs(loci):
    rows = loci["sequence"].tolist()
    return rows[0:60:3], rows[1:60:3]


def test_the_effect_is_the_difference_of_predictions(bundle, pairs):
    effects = score_pairs(bundle, *pairs)
    first, second = (bundle.predict(list(side)) for side in pairs)
    np.testing.assert_allclose(effects.effect, second - first, atol=1e-12)
    np.testing.assert_allclose(effects.reference, first, atol=1e-12)
    assert (effects.lower <= effects.effect).all()
    assert (effects.effect <= effects.upper).all()


def test_the_way_back_is_the_opposite(bundle, pairs):
    there, back = score_pairs(bundle, *pairs), score_pairs(bundle, *pairs[::-1])
    np.testing.assert_allclose(back.effect, -there.effect, atol=1e-12)
    np.testing.assert_allclose(back.lower, -there.upper, atol=1e-12)
    np.testing.assert_allclose(back.domain_scores, there.domain_scores, atol=1e-12)


def test_one_pair_is_its_row_in_a_batch(bundle, pairs):
    together = score_pairs(bundle, *pairs)
    alone = score_pairs(bundle, pairs[0][3:4], pairs[1][3:4])
    np.testing.assert_allclose(alone.effect[0], together.effect[3], atol=1e-12)
    np.testing.assert_allclose(alone.upper[0], together.upper[3], atol=1e-9)


def test_no_change_has_no_effect_and_no_doubt(bundle, pairs):
    effects = score_pairs(bundle, pairs[0], pairs[0])
    assert (effects.lower == 0).all()
    assert (effects.upper == 0).all()


def test_intervals_of_relatives_are_narrower_than_two_intervals_together(bundle, pairs):
    assert bundle.calibration.differences.pairing == "related"
    effects = score_pairs(bundle, *pairs)
    table = [bundle.predict_table(list(side)) for side in pairs]
    apart = sum((t["upper"] - t["lower"]).to_numpy() for t in table)
    assert (effects.upper - effects.lower)[:, 0].max() < 0.7 * apart.min()


def test_a_stranger_on_either_side_is_outside(bundle, pairs):
    effects = score_pairs(bundle, [pairs[0][0], "A" * 30], ["C" * 30, pairs[0][0]])
    assert effects.in_domain.tolist() == [False, False]
    columns = effects.columns(bundle.target_names)
    assert list(columns) == [
        "effect", "effect_lower", "effect_upper", "reference", "alternative", "in_domain",
        "domain_score",
    ]  # fmt: skip


def test_a_model_without_intervals_says_nothing_of_them(bundle, pairs):
    bare = dataclasses.replace(bundle, calibration=Calibration(None, None))
    effects = score_pairs(bare, *pairs)
    assert np.isnan(effects.lower).all()
    assert np.isfinite(effects.effect).all()
    assert set(effects.in_domain.tolist()) == {None}


def test_each_reference_needs_an_alternative(bundle):
    with pytest.raises(InputError, match="2 references for 1 alternatives"):
        score_pairs(bundle, ["ACGT", "ACGT"], ["ACGT"])


def test_nothing_gives_nothing(bundle):
    assert score_pairs(bundle, [], []).effect.shape == (0, 1)
