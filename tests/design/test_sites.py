"""Sites by name: against Biopython's own search."""

from __future__ import annotations

import numpy as np
import pytest
from Bio import Restriction
from Bio.Seq import Seq

from seqexpr.design.constraints import Constraints
from seqexpr.design.sites import read_site
from seqexpr.errors import UnknownNameError

ENZYMES = (
    "EcoRI",
    "BsaI",
    "BsmBI",
    "SapI",
    "XcmI",
    "BcgI",
    "TspRI",
    "HaeII",
    "MmeI",
    "DrdV",
    "NotI",
    "MluCI",
)


@pytest.mark.parametrize("name", ENZYMES)
def test_sites_are_found_where_biopython_cuts(name, tools):
    enzyme = getattr(Restriction, name)
    rng = np.random.default_rng(4)
    size, pad = enzyme.size, "N" * 60  # Biopython counts a site only if its cut lies inside
    for _ in range(40):
        text = "".join(rng.choice(list("ACGT"), size=30))
        if rng.random() < 0.6:
            word = "".join(
                rng.choice(list(one)) for one in _expand(rng.choice(read_site(name).words))
            )
            at = int(rng.integers(30 - size + 1))
            text = text[:at] + word + text[at + size :]
        space = tools.space_of(Constraints(forbidden=(name,)), starts=[text])
        found = space.violations(space.starts, np.zeros(1, dtype=np.int64))[0, 0]
        assert (found > 0) == bool(enzyme.search(Seq(pad + text + pad))), text


def _expand(word):
    from Bio.Data.IUPACData import ambiguous_dna_values

    return [ambiguous_dna_values[letter] for letter in word]


def test_every_enzyme_can_be_named_or_is_refused_with_a_reason():
    for enzyme in Restriction.AllEnzymes:
        if min(map(len, enzyme.site.split("|"))) < 4:
            with pytest.raises(UnknownNameError, match="which no sequence can do without"):
                read_site(str(enzyme))
        else:
            assert read_site(str(enzyme)).name == str(enzyme)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("HindIIII", "no restriction enzyme 'HindIIII'; did you mean 'HindIII'"),
        ("EcoR1", "did you mean 'EcoRI'"),
        ("NN", "at least two bases, and not only N"),
        ("FspEI", "cuts at CC, which no sequence can do without"),
        ("", "no restriction enzyme ''"),
    ],
)
def test_what_is_no_site_is_told(text, message):
    with pytest.raises(UnknownNameError, match=message):
        read_site(text)
