from __future__ import annotations

import math

import numpy as np
import pytest
from Bio.SeqUtils import MeltingTemp
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.errors import InputError
from seqexpr.features.energy import DuplexEnergy
from seqexpr.sequences import reverse_complement

DNA = st.text(alphabet="ACGT", min_size=2, max_size=40)
# ΔG37 of each step in kcal/mol as published (Allawi & SantaLucia 1997), to two decimals.
PUBLISHED = {
    "AA": -1.00, "AT": -0.88, "TA": -0.58, "CA": -1.45, "GT": -1.44, "CT": -1.28, "GA": -1.30,
    "CG": -2.17, "GC": -2.24, "GG": -1.84,
}  # fmt: skip


def named(features, sequence):
    row = features.transform([sequence])[0].astype(float).tolist()
    return dict(zip(features.get_feature_names_out(), row, strict=True))


def energy_by_hand(text):
    """Mean ΔG37 of the steps of a stretch, from the published table."""
    table = PUBLISHED | {reverse_complement(step): value for step, value in PUBLISHED.items()}
    steps = [table[text[i : i + 2]] for i in range(len(text) - 1) if text[i : i + 2] in table]
    return sum(steps) / len(steps) if steps else 0.0


@given(DNA)
def test_the_whole_melts_where_biopython_says(sequence):
    """Biopython gives a temperature only: dH / (dS + R ln(c)), no salt correction, c in mol/l."""
    found = named(DuplexEnergy(None).fit([sequence]), sequence)
    wanted = MeltingTemp.Tm_NN(
        sequence, nn_table=MeltingTemp.DNA_NN3, dnac1=25, dnac2=0, saltcorr=0, strict=True
    )
    melting = 1000 * found["dH"] / (found["dS"] + 1.987 * math.log(25e-9)) - 273.15
    assert melting == pytest.approx(wanted, abs=0.01)
    assert found["dG37"] == pytest.approx(found["dH"] - 0.31015 * found["dS"], abs=1e-3)


@given(st.text("ACGTN", min_size=1, max_size=30), st.integers(2, 8), st.booleans())
def test_means_over_steps_are_those_of_the_published_table(sequence, width, is_right):
    features = DuplexEnergy(width, anchor="right" if is_right else "left").fit([sequence])
    found = named(features, sequence)
    assert found["step"] == pytest.approx(energy_by_hand(sequence), abs=0.02)
    for name, value in found.items():
        if "@" in name:
            start, end = (int(part) for part in name.partition("@")[2].split(".."))
            zero = len(sequence) if is_right else 0
            wanted = energy_by_hand(sequence[start + zero : end + zero])
            assert value == pytest.approx(wanted, abs=0.02)
    stretches = [sequence[i : i + width] for i in range(len(sequence) - width + 1)]
    energies = [energy_by_hand(s) for s in stretches if energy_by_hand(s)]
    energies = energies or [energy_by_hand(sequence)]
    assert found["weakest"] == pytest.approx(max(energies), abs=0.02)
    assert found["strongest"] == pytest.approx(min(energies), abs=0.02)


@given(st.text("ACGTN", max_size=30))
def test_both_strands_have_the_same_energy(sequence):
    features = DuplexEnergy(None).fit(["ACGT"])
    found = features.transform([sequence, reverse_complement(sequence)])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)
    assert features.is_strand_symmetric
    assert not DuplexEnergy(10).is_strand_symmetric


def test_a_sequence_worked_out_by_hand():
    """CGTTGA: CG -10.6, GT -8.4, TT -7.9, TG -8.5, GA -8.2; ends C 0.1 and A 2.3.

    dH = -43.6 + 2.4 = -41.2; dS = -27.2 - 22.4 - 22.2 - 22.7 - 22.2 - 2.8 + 4.1 = -115.4;
    dG37 = -41.2 + 0.31015 * 115.4 = -5.409.
    """
    found = named(DuplexEnergy(None).fit(["CGTTGA"]), "CGTTGA")
    assert found["dH"] == pytest.approx(-41.2, abs=1e-4)
    assert found["dS"] == pytest.approx(-115.4, abs=1e-4)
    assert found["dG37"] == pytest.approx(-5.409, abs=1e-3)


def test_nothing_has_no_energy():
    found = DuplexEnergy(4, length=8).fit([""]).transform(["", "N", "NNNNNNNNNN"])
    assert found.shape == (3, 8)
    assert not found.any()


def test_parameters_are_checked_by_fit():
    with pytest.raises(InputError, match="DuplexEnergy: width must be None or an int >= 2, got 0"):
        DuplexEnergy(0).fit(["ACGT"])
