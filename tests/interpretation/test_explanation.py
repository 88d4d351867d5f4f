"""The whole explanation: planted motifs are confirmed; shuffled labels are not trusted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from seqexpr.errors import InputError
from seqexpr.interpretation.checks import check_signal, check_twin
from seqexpr.interpretation.contributions import Explained, contributions_of
from seqexpr.interpretation.explanation import _renumber, explain_target, site_words
from seqexpr.interpretation.measured_effects import MeasuredEffect
from seqexpr.interpretation.motif_evidence import PairEvidence
from seqexpr.interpretation.twin import is_motif_of
from seqexpr.models.registry import MODELS
from seqexpr.models.with_covariates import build_model


def explain(library, model, *, y=None, signal=0.6, **choices):
    held, measured = library.held_out
    measured = measured if y is None else y[library.n_train :]
    some = library.sequences[:500]
    explained = Explained(model, some, [f"s{i}" for i in range(500)], held_out=(held, measured))
    return explain_target(
        explained, signal=check_signal(signal, signal + 0.1, what="on test"), **choices
    )


@pytest.fixture(scope="module")
def explanation(library, ridge):
    steps = []
    found = explain(library, ridge, on_step=steps.append, twin=check_twin(5, 5, n_rows=9))
    assert steps == ["What each base contributes", "Motifs", "What motifs do"]
    return found


def test_planted_motifs_are_confirmed_with_their_effects(library, explanation):
    confirmed = [motif for motif in explanation.motifs if motif.is_confirmed]
    assert len(confirmed) == 3
    for site, effect in (("TGACTCA", 1.5), ("CACGTGAC", -1.0), ("GGGCGGAA", 1.0)):
        (motif,) = [item for item in confirmed if is_motif_of(item.found.motif, site)]
        assert motif.measured.low - 0.1 <= effect <= motif.measured.high + 0.1
        assert np.sign(motif.model.effect.value) == np.sign(effect)
        words = site_words(explanation.attributions.sequences, motif.found)
        assert np.mean([site[1:-1] in word for word in words]) > 0.8
    assert explanation.is_trusted
    assert not explanation.is_aligned
    assert not explanation.both_strands
    assert explanation.attributions.method == "mutagenesis"
    assert len(explanation.pairs) == 6


def test_a_model_of_shuffled_labels_is_not_trusted(library):
    for seed in range(3):
        y = np.random.default_rng(seed).permutation(library.y)
        found = explain(library, library.fit("tutorial", y), y=y, signal=-0.05)
        assert not found.is_trusted
        failed = {check.name for check in found.checks if check.is_passed is False}
        assert "signal" in failed


def test_trees_and_mutagenesis_see_the_same_motifs(library):
    trees = library.fit("lightgbm")
    for method, wanted in (("auto", "trees"), ("mutagenesis", "mutagenesis")):
        found = explain(library, trees, method=method)
        assert found.attributions.method == wanted
        sites = [m.found.motif for m in found.motifs if m.is_confirmed]
        assert any(is_motif_of(motif, "TGACTCA") for motif in sites)


def test_a_method_that_fails_its_check_is_given_up(library, ridge, monkeypatch):
    from seqexpr.interpretation import contributions as room

    def wrong(explained, method):
        found = contributions_of(explained, method)
        object.__setattr__(found, "values", -found.values[:, :, ::-1])
        return found

    monkeypatch.setattr(room, "contributions_of", wrong)
    found = explain(library, ridge, method="weights")
    assert found.attributions.method == "mutagenesis"
    assert "given up" in found.notes[0]
    assert not found.is_trusted


def test_methods_that_a_model_does_not_have_are_refused(library, ridge):
    with pytest.raises(InputError, match="'deeplift' is for a network"):
        explain(library, ridge, method="deeplift")
    with pytest.raises(InputError, match="'weights' is for lines and trees"):
        explain(library, library.fit("gc"), method="weights")


def test_covariates_are_held_equal(library):
    frame = pd.DataFrame({"sequence": library.sequences, "dose": np.arange(1500) % 4 * 1.0})
    model = build_model(MODELS["tutorial"], frame[["dose"]], random_state=0, n_jobs=1)
    model.fit(frame, library.y + frame["dose"])
    beside = frame[["dose"]][:60]
    explained = Explained(model, library.sequences[:60], list("ab" * 30), covariates=beside)
    found = explain_target(explained, signal=check_signal(None, None, what=""))
    assert found.attributions.method == "mutagenesis"
    assert found.checks[-1].is_passed is None  # nothing was measured


def test_without_held_out_measurements_nothing_is_confirmed(library, ridge):
    explained = Explained(ridge, library.sequences[:300], [str(i) for i in range(300)])
    found = explain_target(explained, signal=check_signal(0.5, 0.6, what="on test"))
    assert not any(motif.is_confirmed for motif in found.motifs)
    assert found.motifs
    assert found.pairs == ()
    assert found.is_trusted


def test_pairs_follow_their_motifs_when_weaker_versions_are_left_out():
    effect = MeasuredEffect(1.0, 0.5, 1.5, 0.001, 20)
    pairs = [PairEvidence(0, 3, 0, 9, effect, 0.01), PairEvidence(2, 3, 0, 9, effect, 0.01)]
    (kept,) = _renumber(pairs, [0, 1, 3])  # motif 2 is a weaker version of another
    assert (kept.first, kept.second, kept.effect) == (0, 2, effect)
