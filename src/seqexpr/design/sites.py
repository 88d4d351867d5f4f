"""Sites that a design must not hold: restriction enzymes by name, words in IUPAC letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.errors import UnknownNameError, did_you_mean
from seqexpr.sequences import BASES, IUPAC, normalize, reverse_complement

__all__ = ["Site", "base_sets", "read_site", "site_table"]

SHORTEST = 4
"""Fewest bases of an enzyme's site: shorter ones stand in every sequence."""


@dataclass(frozen=True)
class Site:
    """A site to avoid, on both strands.

    Attributes
    ----------
    name : str
        What people call it: an enzyme, or the word itself.
    words : tuple of str
        What it looks like, in IUPAC letters; each strand that differs is listed.

    Examples
    --------
    >>> read_site("BsaI").words, read_site("GAATTC").words
    (('GGTCTC', 'GAGACC'), ('GAATTC',))
    """

    name: str
    words: tuple[str, ...]


def read_site(text: str) -> Site:
    """Return the site that a name or a word stands for.

    Parameters
    ----------
    text : str
        A restriction enzyme of REBASE as Biopython knows it (the spelling of capitals is
        forgiven), or a word in IUPAC letters, of at least two bases.

    Raises
    ------
    UnknownNameError
        If it is neither, or is an enzyme whose site is shorter than four bases.

    Examples
    --------
    >>> read_site("ecori").name, read_site("TTTTT").words
    ('EcoRI', ('TTTTT', 'AAAAA'))
    >>> read_site("EcoR1")
    Traceback (most recent call last):
        ...
    seqexpr.errors.UnknownNameError: no restriction enzyme 'EcoR1'; did you mean 'EcoRI'? ...
    """
    asked, word = text.strip(), normalize(text)
    enzymes = _enzymes()
    if asked not in enzymes and word and not set(word) - set(IUPAC):
        if len(word) < 2 or not word.strip("N"):
            raise UnknownNameError(
                f"site {asked!r}: a word to avoid has at least two bases, and not only N"
            )
        return Site(word, _both_strands([word]))
    name = asked if asked in enzymes else _by_lower().get(asked.lower())
    if name is None:
        # The numbers at the end are Roman: an I is often typed as 1.
        hint = did_you_mean(asked.replace("1", "I"), enzymes) or ";"
        raise UnknownNameError(
            f"no restriction enzyme {asked!r}{hint} names are those of REBASE, such as EcoRI; a "
            "word is written in IUPAC letters, such as GAATTC"
        )
    words = enzymes[name]
    if min(map(len, words)) < SHORTEST:
        raise UnknownNameError(
            f"restriction enzyme {name} cuts at {'|'.join(words)}, which no sequence can do "
            "without; leave it out"
        )
    return Site(name, _both_strands(words))


def _both_strands(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(w for word in words for w in (word, reverse_complement(word))))


@cache
def _enzymes() -> dict[str, tuple[str, ...]]:
    from Bio import Restriction

    known: Any = Restriction  # its enzymes are made when it is imported
    return {str(enzyme): tuple(enzyme.site.split("|")) for enzyme in known.AllEnzymes}


@cache
def _by_lower() -> dict[str, str]:
    return {name.lower(): name for name in _enzymes()}


@cache
def _meanings() -> dict[str, int]:
    from Bio.Data.IUPACData import ambiguous_dna_values

    return {
        letter: sum(1 << BASES.index(base) for base in ambiguous_dna_values[letter])
        for letter in IUPAC
    }


def base_sets(word: str) -> npt.NDArray[np.uint8]:
    """Return the bases that each IUPAC letter allows: 1 for A, 2 for C, 4 for G, 8 for T, added.

    Parameters
    ----------
    word : str
        Upper-case IUPAC letters.

    Returns
    -------
    ndarray of uint8, shape (len(word),)

    Examples
    --------
    >>> base_sets("AYN").tolist()
    [1, 10, 15]
    """
    meanings = _meanings()
    return np.array([meanings[letter] for letter in word], dtype=np.uint8)


def site_table(
    sites: Sequence[Site],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return the words of some sites as sets of bases, each word once.

    Returns
    -------
    words : ndarray of uint8, shape (w, longest)
        As :func:`base_sets` gives them, 0 after the end of a word.
    sizes : ndarray of int64, shape (w,)
        Bases of each word.
    """
    distinct = list(dict.fromkeys(word for site in sites for word in site.words))
    sizes = np.array([len(word) for word in distinct], dtype=np.int64)
    words = np.zeros((len(distinct), int(sizes.max(initial=0))), dtype=np.uint8)
    for row, word in enumerate(distinct):
        words[row, : len(word)] = base_sets(word)
    return words, sizes
