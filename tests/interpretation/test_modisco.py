"""TF-MoDISco's patterns become motifs like those found from words (in 120 bases it loses one)."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from seqexpr.errors import InputError, MissingExtraError
from seqexpr.interpretation.attributions import Attributions, Method
from seqexpr.interpretation.modisco import find_patterns
from seqexpr.interpretation.twin import is_motif_of
from seqexpr.sequences import BASES

UP, DOWN = "TGACTCAT", "CCACGTGG"

needs_modisco = pytest.mark.skipif(
    find_spec("modiscolite") is None, reason="modisco-lite is not installed"
)


def planted(n: int = 500, length: int = 120, method: Method = "mutagenesis") -> Attributions:
    """Random sequences; each base of a planted site contributes, and others would not."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (n, length))
    values = rng.normal(0, 0.02, (n, 4, length))
    for word, effect, share in ((UP, 1.0, 0.6), (DOWN, -1.0, 0.5)):
        bases = np.array([BASES.index(base) for base in word])
        for row in np.flatnonzero(rng.random(n) < share).tolist():
            half = length // 2 - len(word)
            start = int(rng.integers(half)) + (0 if effect > 0 else length // 2)
            codes[row, start : start + len(word)] = bases
            window = values[row, :, start : start + len(word)]
            window[...] = -effect / 3
            window[bases, np.arange(len(word))] = effect
    letters = np.frombuffer(b"ACGT", np.uint8)[codes]
    sequences = tuple(text.tobytes().decode() for text in letters)
    return Attributions(
        values, sequences, tuple(map(str, range(n))), "y", method, np.zeros(n),
    )  # fmt: skip


@needs_modisco
@pytest.mark.filterwarnings("ignore")  # of packages that TF-MoDISco stands on
def test_planted_sites_of_both_signs_are_found_and_trimmed():
    attributions = planted(length=300)
    found = find_patterns(attributions)
    assert len(found) == 2
    for item, word in zip(
        sorted(found, key=lambda one: -one.contribution), (UP, DOWN), strict=True
    ):
        assert is_motif_of(item.motif, word)
        assert 7 <= len(item.motif) <= 10
        assert np.sign(item.contribution) == (1 if word == UP else -1)
        words = [attributions.sequences[row][start : start + len(item.motif)]
                 for row, start in zip(item.rows, item.starts, strict=True)]  # fmt: skip
        assert np.mean([word[1:-1] in text for text in words]) > 0.9
        assert len(item.rows) > 190
    assert [item.motif.name for item in found] == ["1", "2"]


@needs_modisco
@pytest.mark.filterwarnings("ignore")
def test_where_nothing_contributes_there_is_no_pattern():
    noise = planted()
    values = np.random.default_rng(1).normal(0, 0.02, noise.values.shape)
    nothing = Attributions(values, noise.sequences, noise.ids, "y", "mutagenesis", np.zeros(500))
    assert find_patterns(nothing) == []


def test_what_it_cannot_read_is_refused():
    with pytest.raises(InputError, match=r"absent bases.*--method mutagenesis"):
        find_patterns(planted(method="trees"))
    with pytest.raises(InputError, match="at least 41 bases, the longest has 40"):
        find_patterns(planted(length=40))


@pytest.mark.skipif(find_spec("modiscolite") is not None, reason="modisco-lite is installed")
def test_without_modisco_the_error_is_the_line_that_installs_it():
    with pytest.raises(MissingExtraError, match=r'pip install "seqexpr\[modisco\]"'):
        find_patterns(planted())
