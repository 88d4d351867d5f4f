"""Known motifs in the measurements: planted ones are chosen and measured, others are not."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from seqexpr.data.motifs import Motif
from seqexpr.interpretation.contributions import Explained
from seqexpr.interpretation.known_motifs import choose_known_motifs, find_known_motifs
from seqexpr.interpretation.measured_effects import regress_each
from seqexpr.models.registry import make_model
from seqexpr.sequences import reverse_complement

REB1, ABF1 = "TTACCCGG", "CGTATATAGTGA"
LETTERS = np.frombuffer(b"ACGT", np.uint8)


def draw(rng: np.random.Generator, n: int, length: int = 60) -> list[str]:
    return [row.tobytes().decode() for row in rng.choice(LETTERS, (n, length))]


def library(seed: int, *, effects: dict[str, float], share: float, n: int = 3_000):
    """Random sequences, some with a planted site on either strand, and what each site adds."""
    rng = np.random.default_rng(seed)
    sequences, y = draw(rng, n), rng.normal(size=n)
    for word in effects:
        for row in np.flatnonzero(rng.random(n) < share).tolist():
            start = int(rng.integers(60 - len(word)))
            site = word if rng.random() < 0.5 else reverse_complement(word)
            sequences[row] = sequences[row][:start] + site + sequences[row][start + len(word) :]
    for word, effect in effects.items():  # by chance some have a site that was not planted
        y += effect * np.array(
            [text.count(word) + text.count(reverse_complement(word)) for text in sequences]
        )
    return sequences, y


def explained_of(sequences: list[str], y: np.ndarray) -> Explained:
    cut = len(y) * 2 // 3
    model = make_model("gc", n_jobs=1).fit(sequences[:cut], y[:cut])
    return Explained(
        model, sequences[:100], [str(i) for i in range(100)],
        held_out=(sequences[cut:], y[cut:]), seen=(sequences[:cut], y[:cut]),
    )  # fmt: skip


def motifs(*words: str, others: int = 60) -> list[Motif]:
    rng = np.random.default_rng(99)
    beside = [
        Motif.from_consensus(text[:10], name=f"other {i}")
        for i, text in enumerate(draw(rng, others))
    ]
    return [*beside[: others // 2], *(Motif.from_consensus(w, name=w) for w in words), *beside[30:]]


def test_a_site_in_two_of_a_hundred_is_found_though_the_model_knows_nothing_of_it():
    sequences, y = library(0, effects={REB1: 3.0, ABF1: -2.0}, share=0.02)
    found = find_known_motifs(
        explained_of(sequences, y), motifs(REB1, ABF1), rng=np.random.default_rng(0)
    )
    assert [one.motif.name for one in found] == [REB1, ABF1]
    assert all(one.is_confirmed for one in found)
    for one, truth in zip(found, (3.0, -2.0), strict=True):
        assert one.measured.low < truth < one.measured.high
    assert found[0].q_value == pytest.approx(found[0].measured.p_value, rel=1.1)
    # The model knows GC alone: what it says of a site is what the site's GC says.
    assert not found[1].is_in_model or np.sign(found[1].model.value) == -1


def test_intervals_hold_the_planted_effect():
    # 95% of 40 is 38; 34 and more in 98.6% of cases. Motifs were chosen in other rows, so the
    # effect is not the largest of many.
    inside = 0
    for seed in range(40):
        sequences, y = library(seed, effects={REB1: 1.0}, share=0.1, n=900)
        (one,) = find_known_motifs(
            explained_of(sequences, y), [Motif.from_consensus(REB1)], rng=np.random.default_rng(0)
        )
        inside += one.measured.low < 1.0 < one.measured.high
    assert inside >= 34


def test_of_motifs_that_are_alike_one_is_chosen():
    sequences, y = library(1, effects={REB1: 3.0}, share=0.05)
    alike = [Motif.from_consensus(word, name=word) for word in (REB1[1:], REB1, "TTACCCGN")]
    found = find_known_motifs(
        explained_of(sequences, y), [*motifs(), *alike], rng=np.random.default_rng(0)
    )
    assert len(found) == 1
    assert found[0].motif.name in {one.name for one in alike}


def test_composition_is_no_motif():
    rng = np.random.default_rng(5)
    sequences = draw(rng, 3_000)
    y = np.array([text.count("CG") + text.count("G") for text in sequences]) + rng.normal(size=3000)
    rich = [Motif.from_consensus(word, name=word) for word in ("GCGCGG", "CGCGCG", "GGGGCG")]
    found = find_known_motifs(
        explained_of(sequences, y), [*motifs(), *rich], rng=np.random.default_rng(0)
    )
    assert found == []


def test_without_an_effect_one_is_chosen_in_at_most_one_of_twenty_libraries():
    # 200 libraries of 60 motifs: 10 expected at the most, less than 19 in 99.7% of cases.
    rng = np.random.default_rng(3)
    counts = rng.poisson(0.05, (400, 60)).astype(float)
    chosen = [
        bool(choose_known_motifs(counts, np.zeros((400, 0)), rng.normal(size=400)))
        for _ in range(200)
    ]
    assert sum(chosen) < 19


def test_the_first_is_the_surest_and_the_last_is_sure_beside_the_others():
    rng = np.random.default_rng(7)
    counts = rng.poisson(0.2, (600, 30)).astype(float)
    counts[:, 4] = counts[:, 11] + rng.poisson(0.02, 600)  # nearly a copy
    y = counts[:, 11] - counts[:, 20] + 0.8 * rng.normal(size=600)
    nothing = np.zeros((600, 0))
    chosen = choose_known_motifs(counts, nothing, y)
    alone = [effect.p_value for effect in regress_each(counts, nothing, y)]
    assert chosen[0] == int(np.argmin(alone))
    assert sorted(chosen) == [11, 20]
    beside = regress_each(counts[:, chosen[-1:]], counts[:, chosen[:-1]], y)[0]
    assert beside.p_value * 30 <= 0.05


def test_rare_and_constant_columns_are_not_looked_at():
    rng = np.random.default_rng(8)
    counts = np.zeros((300, 3))
    counts[:7, 0], counts[:, 1] = 1.0, 1.0  # in seven rows; in all of them
    y = 50 * counts[:, 0] + rng.normal(size=300)
    assert choose_known_motifs(counts, np.zeros((300, 0)), y) == []


def test_too_few_rows_or_no_motif_say_nothing():
    sequences, y = library(2, effects={REB1: 5.0}, share=0.2, n=240)
    for case, known in ((explained_of(sequences, y), motifs(REB1)),
                        (explained_of(*library(2, effects={}, share=0.1)), [])):  # fmt: skip
        assert find_known_motifs(case, known, rng=np.random.default_rng(0)) == []


def test_a_motif_wider_than_the_backgrounds_has_no_effect_in_the_model():
    sequences, y = library(0, effects={REB1: 3.0}, share=0.05)
    case = explained_of(sequences, y)
    short = Explained(case.model, [text[:6] for text in case.sequences], case.ids,
                      held_out=case.held_out, seen=case.seen)  # fmt: skip
    (one,) = find_known_motifs(short, motifs(REB1), rng=np.random.default_rng(0))
    assert one.is_confirmed
    assert math.isnan(one.model.value)
    assert not one.is_in_model


@pytest.mark.real_data
def test_yeast_general_regulatory_factors_raise_expression(real_data):
    """Reb1, Abf1 and Rap1 keep promoters free of nucleosomes (de Boer et al. 2020)."""
    from seqexpr.data.jaspar import jaspar_motifs

    table = pd.read_csv(real_data("yeast_deboer2020_random_hq.tsv.gz"), sep="\t")
    rows = table.sample(frac=1, random_state=0).dropna(subset=["expression"])
    case = explained_of(rows["sequence"].tolist(), rows["expression"].to_numpy())
    found = find_known_motifs(case, jaspar_motifs("fungi"), rng=np.random.default_rng(0))
    by_name = {one.motif.name.split()[-1]: one for one in found}
    assert found[0].motif.name.endswith("REB1")
    for factor in ("REB1", "ABF1", "RAP1"):
        assert by_name[factor].is_confirmed
        assert by_name[factor].measured.low > 0.5
