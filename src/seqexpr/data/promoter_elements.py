"""Elements of E. coli promoters, as the literature spells them."""

from __future__ import annotations

from seqexpr.data.motifs import Motif

__all__ = ["ECOLI_MOTIFS"]

_ELEMENTS = {
    "sigma70 -35": "TTGACA",
    "sigma70 -10": "TATAAT",
    "sigma70 extended -10": "TGNTATAAT",
    "sigma70 spacer 16": "TTGACA" + "N" * 16 + "TATAAT",
    "sigma70 spacer 17": "TTGACA" + "N" * 17 + "TATAAT",
    "sigma70 spacer 18": "TTGACA" + "N" * 18 + "TATAAT",
    "sigma54 -24 -12": "TGGCACGNNNNTTGCW",
    "UP element": "AAAWWTWTTTTNNAAAA",
    "CRP": "TGTGANNNNNNTCACA",
    "LacI O1": "AATTGTGAGCGGATAACAATT",
    "FNR": "TTGATNNNNATCAA",
    "LexA": "CTGTNNNNNNNNACAG",
    "IHF": "WATCAANNNNTTR",
    "Shine-Dalgarno": "TAAGGAGGT",
}

ECOLI_MOTIFS: tuple[Motif, ...] = tuple(
    Motif.from_consensus(consensus, name=name) for name, consensus in _ELEMENTS.items()
)
"""Fourteen elements of *E. coli* promoters and 5' UTRs, from their consensus.

The hexamers of sigma 70 stand alone and with each spacer from 16 to 18 bases.

References
----------
-35, -10 and their spacer: Harley & Reynolds, Nucleic Acids Research 15 (1987)
2343-2361. Extended -10: Keilty & Rosenberg, Journal of Biological Chemistry 262
(1987) 6389-6395. Sigma 54: Barrios et al., Nucleic Acids Research 27 (1999)
4305-4313. UP element: Estrem et al., PNAS 95 (1998) 9761-9766. CRP: Berg & von
Hippel, Journal of Molecular Biology 200 (1988) 709-723. LacI: Gilbert & Maxam,
PNAS 70 (1973) 3581-3584. FNR: Eiglmeier et al., Molecular Microbiology 3 (1989)
869-878. LexA: Walker, Microbiological Reviews 48 (1984) 60-93. IHF: Craig &
Nash, Cell 39 (1984) 707-716. Shine-Dalgarno: Shine & Dalgarno, PNAS 71 (1974)
1342-1346.

Examples
--------
>>> ECOLI_MOTIFS[1]
Motif('sigma70 -10', w=6, 'TATAAT')
"""
