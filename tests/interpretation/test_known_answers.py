"""Libraries whose answers are known: the lac promoter, sigma-70 promoters, yeast."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seqexpr.data.jaspar import jaspar_motifs
from seqexpr.data.promoter_elements import ECOLI_MOTIFS
from seqexpr.data.table import read_table
from seqexpr.interpretation.checks import check_signal
from seqexpr.interpretation.contributions import Explained
from seqexpr.interpretation.explanation import Explanation, explain_target
from seqexpr.interpretation.matching import match_motifs
from seqexpr.models.registry import make_model

DATA = Path(__file__).parents[3] / "shared" / "data"
BOXES = [motif for motif in ECOLI_MOTIFS if "spacer" not in motif.name]


def explain(sequences, y, *, known, model="ridge", n_train, n) -> Explanation:
    order = np.random.default_rng(0).permutation(len(sequences))
    rows = [sequences[i] for i in order]
    y = np.asarray(y)[order]
    fitted = make_model(model).fit(rows[:n_train], y[:n_train])
    explained = Explained(fitted, rows[:n], [str(i) for i in order[:n]],
                          held_out=(rows[n_train:], y[n_train:]))  # fmt: skip
    return explain_target(explained, signal=check_signal(0.5, 0.6, what="on test"),
                          match=lambda motifs: match_motifs(motifs, known))  # fmt: skip


def test_the_lac_promoter_shows_crp_and_both_boxes_of_the_polymerase():
    table = read_table("dataset:lac")
    sequences = table.frame[table.roles.sequence].astype(str).tolist()
    y = table.frame[table.roles.targets[0]].to_numpy(dtype=float)
    found = explain(sequences, y, known=BOXES, model="ridge_onehot", n_train=15_000, n=1_000)
    assert found.is_aligned
    first = found.motifs[0]
    assert first.matches[0].name == "CRP"
    assert first.matches[0].q_value < 0.001
    # Kinney et al. 2010: CRP at -72 to -50, -35 at -36 to -31, -10 at -13 to -7 of the
    # transcription start, which is base 75 here (counted from 0).
    sites = {"CRP": (3, 25), "sigma70 -35": (39, 45), "sigma70 -10": (62, 69)}
    for motif in found.motifs:
        start = int(motif.found.starts[0])
        low, high = sites.pop(motif.name)
        assert start < high
        assert start + len(motif.found.motif) > low
        assert motif.is_confirmed
    assert not sites
    strength = np.abs(found.attributions.contributions).mean(axis=0)
    top = np.argsort(-strength)[:20]
    inside = [3 <= i < 25 or 38 <= i < 46 or 61 <= i < 70 for i in top]
    assert np.mean(inside) > 0.8


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.is_dir(), reason="the measured data are not beside the checkout")
def test_sigma70_promoters_show_their_boxes():
    frame = pd.read_csv(DATA / "ecoli_lafleur2022.tsv.gz", sep="\t")
    frame = frame[frame["high_quality"] == "Yes"].dropna(subset=["expression"])
    found = explain(frame["sequence"].tolist(), frame["expression"].to_numpy(), known=BOXES,
                    n_train=int(0.8 * len(frame)), n=4_000)  # fmt: skip
    confirmed = [motif for motif in found.motifs if motif.is_confirmed]
    spelled = [motif.found.motif.consensus for motif in confirmed]
    for box in ("TATAAT", "TTGACA"):
        assert any(box in consensus for consensus in spelled[:4]), spelled
    assert all(motif.found.contribution > 0 for motif in confirmed[:2])


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.is_dir(), reason="the measured data are not beside the checkout")
def test_yeast_promoters_show_reb1_and_runs_of_t():
    with gzip.open(DATA / "yeast_deboer2020_random_hq.tsv.gz", "rt") as file:
        frame = pd.read_csv(file, sep="\t").dropna()
    found = explain(frame["sequence"].tolist(), frame["expression"].to_numpy(),
                    known=jaspar_motifs("fungi"), n_train=int(0.8 * len(frame)), n=10_000)  # fmt: skip
    confirmed = {motif.name: motif for motif in found.motifs if motif.is_confirmed}
    reb1 = [m for m in confirmed.values() if "TTACCC" in m.found.motif.consensus]
    assert reb1
    assert "REB1" in reb1[0].matches[0].name
    assert reb1[0].measured.low > 0
    assert any("TTTT" in motif.found.motif.consensus or "AAAA" in motif.found.motif.consensus
               for motif in confirmed.values())  # fmt: skip
