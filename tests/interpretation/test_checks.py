"""Checks pass what is right and fail what is not."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.interpretation import checks
from seqexpr.interpretation.mutagenesis import mutagenesis
from seqexpr.interpretation.weights import lay_back_model


def test_a_model_must_predict():
    assert checks.check_signal(0.4, 0.5, what="on test").is_passed
    failed = checks.check_signal(-0.1, 0.02, what="on 90 test rows")
    assert failed.is_passed is False
    assert "on 90 test rows: 0.02, at least -0.10" in failed.text
    assert checks.check_signal(None, None, what="").is_passed is None
    assert checks.check_signal(float("nan"), 0.1, what="").is_passed is None


def test_contributions_must_add_up(ridge, library):
    found = lay_back_model(ridge, library.sequences[:30])
    assert checks.check_sum(found).is_passed
    object.__setattr__(found, "rest", found.rest + 1.0)
    assert checks.check_sum(found).is_passed is False
    assert checks.check_sum(mutagenesis(ridge, library.sequences[:5])).is_passed is None


def test_contributions_must_agree_with_mutagenesis(ridge, library):
    some = library.sequences[:30]
    laid, mutated = lay_back_model(ridge, some), mutagenesis(ridge, some)
    right = checks.check_agreement(laid, mutated)
    assert right.is_passed
    assert right.value > 0.9
    turned = laid.take(range(30))
    object.__setattr__(turned, "values", -turned.values)
    assert checks.check_agreement(turned, mutated).is_passed is False
    assert checks.check_agreement(mutated, mutated).is_passed is None
    assert checks.check_agreement(mutated, None).is_passed is None


def test_correlations_are_those_of_numpy_where_there_are_bases():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(3, 20)), rng.normal(size=(3, 20))
    present = np.ones((3, 20), dtype=bool)
    present[1, 12:] = False
    wanted = [np.corrcoef(a[p], b[p])[0, 1] for a, b, p in zip(one, other, present, strict=True)]
    found = checks.correlate_contributions(one, other, present)
    assert found == pytest.approx(np.median(wanted))
    assert np.isnan(checks.correlate_contributions(np.ones((2, 5)), np.ones((2, 5)),
                                                   np.ones((2, 5), dtype=bool)))  # fmt: skip


def test_members_must_agree():
    rng = np.random.default_rng(0)
    signal, present = rng.normal(size=(5, 40)), np.ones((5, 40), dtype=bool)
    alike = [signal + rng.normal(0, 0.3, size=signal.shape) for _ in range(3)]
    assert checks.check_members(alike, present, what="members").is_passed
    apart = [rng.normal(size=signal.shape) for _ in range(3)]
    assert checks.check_members(apart, present, what="members").is_passed is False
    assert checks.check_members(alike[:1], present, what="members").is_passed is None


def test_planted_motifs_and_measurements():
    assert checks.check_twin(3, 5, n_rows=100).is_passed
    assert checks.check_twin(2, 5, n_rows=100).is_passed is False
    assert checks.check_evidence(1, 9, n_rows=100).is_passed
    assert checks.check_evidence(0, 9, n_rows=100).is_passed is False
    assert checks.check_evidence(0, 9, n_rows=0).is_passed is None
