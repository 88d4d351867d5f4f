from __future__ import annotations

from seqexpr.data.promoter_elements import ECOLI_MOTIFS


def test_the_elements_are_spelled_as_in_the_literature():
    spelled = {motif.name: motif.consensus for motif in ECOLI_MOTIFS}
    assert len(spelled) == len(ECOLI_MOTIFS) == 14
    assert spelled["sigma70 -35"] == "TTGACA"
    assert spelled["sigma70 -10"] == "TATAAT"
    # Estrem et al. 1998, -59 nnAAA(A/T)(A/T)T(A/T)TTTTnnAAAAnnn -38, without the n at its ends.
    assert spelled["UP element"] == "AAAWWTWTTTTNNAAAA"
    # The 3' end of 16S rRNA is ACCUCCUUA; a site pairs with it.
    assert spelled["Shine-Dalgarno"] == "TAAGGAGGT"


def test_the_spacers_lie_between_the_hexamers():
    for motif in ECOLI_MOTIFS:
        if "spacer" in motif.name:
            spacer = int(motif.name.split()[-1])
            assert motif.consensus == "TTGACA" + "N" * spacer + "TATAAT"
