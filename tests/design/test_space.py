"""What a sequence, and each change of it, violates: against counts with regular expressions."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.design.constraints import Constraints, GcWindow
from seqexpr.design.space import FORBIDDEN, VIOLATIONS, decode, nearest_distances
from seqexpr.sequences import IUPAC, encode, reverse_complement

LETTERS = {
    "A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT",
    "M": "AC", "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
words = st.text(IUPAC, min_size=2, max_size=5).filter(lambda word: word.strip("N"))
flanks = st.text("ACGT", max_size=8)


def count_word(text, word, begin, stop):
    """How often a word stands on either strand and touches what lies from begin to stop."""
    found = set()
    for one in {word, reverse_complement(word)}:
        pattern = "".join(f"[{LETTERS[letter]}]" for letter in one)
        for match in re.finditer(f"(?={pattern})", text):
            if match.start() < stop and match.start() + len(word) > begin:
                found.add((match.start(), one))
    return len(found)


def count_by_hand(rules: Constraints, sequence: str, start: str, train: list[str]):
    text = rules.left_flank + sequence + rules.right_flank
    own = rules.left_flank + start + rules.right_flank
    begin, stop = len(rules.left_flank), len(rules.left_flank) + len(sequence)
    sites = {w for site in rules.sites for w in site.words}
    counts = dict.fromkeys(VIOLATIONS, 0)
    seen: set[tuple[int, str]] = set()
    for word in sites:
        pattern = "".join(f"[{LETTERS[letter]}]" for letter in word)
        for match in re.finditer(f"(?={pattern})", text):
            if match.start() < stop and match.start() + len(word) > begin:
                seen.add((match.start(), word))
    counts["forbidden sites"] = len(seen)
    if rules.max_homopolymer:
        size = rules.max_homopolymer + 1
        counts["runs of one base"] = sum(
            len(set(text[i : i + size])) == 1
            for i in range(len(text) - size + 1)
            if i < stop and i + size > begin
        )
    counts["new start codons"] = sum(
        text[i : i + 3] == codon and own[i : i + 3] != codon
        for codon in rules.start_codons
        for i in range(len(text) - 2)
        if i < stop and i + 3 > begin
    )
    if rules.gc_window:
        width = rules.gc_window.width
        shares = [
            sum(base in "CG" for base in sequence[i : i + width]) / width
            for i in range(len(sequence) - width + 1)
        ]
        counts["GC content of windows"] = sum(
            not rules.gc_window.low - 1e-9 <= share <= rules.gc_window.high + 1e-9
            for share in shares
        )
    strong, n = sum(base in "CG" for base in sequence), len(sequence)
    low = min(k for k in range(n + 1) if k >= rules.gc[0] * n - 1e-9)
    high = max(k for k in range(n + 1) if k <= rules.gc[1] * n + 1e-9)
    counts["GC content"] = max(0, low - strong, strong - high)
    changes = sum(a != b for a, b in zip(sequence, start, strict=True))
    if rules.max_changes:
        counts["number of changes"] = max(0, changes - rules.max_changes)
    if train:
        nearest = min(sum(a != b for a, b in zip(sequence, one, strict=True)) for one in train)
        counts["distance to training"] = max(0, rules.train_distance - nearest)
    return [counts[kind] for kind in VIOLATIONS]


@st.composite
def rules(draw):
    low = draw(st.sampled_from([0.0, 0.2, 0.4]))
    return Constraints(
        forbidden=tuple(draw(st.lists(words, max_size=3))),
        left_flank=draw(flanks), right_flank=draw(flanks),
        gc=(low, draw(st.sampled_from([0.5, 0.7, 1.0]))),
        gc_window=draw(st.none() | st.builds(GcWindow, st.integers(1, 9), st.just(low), st.just(0.7))),
        max_homopolymer=draw(st.none() | st.integers(1, 4)),
        start_codons=tuple(draw(st.lists(st.sampled_from(["ATG", "GTG"]), max_size=2, unique=True))),
        max_changes=draw(st.none() | st.integers(1, 5)),
        train_distance=draw(st.integers(1, 5)),
    )  # fmt: skip


@settings(max_examples=60)
@given(rules=rules(), seed=st.integers(0, 10_000))
def test_violations_and_those_after_each_change_are_counted_right(rules, seed, tools):
    from seqexpr.design.space import Space

    rng = np.random.default_rng(seed)
    length = 14
    starts = rng.integers(0, 4, size=(2, length)).astype(np.uint8)
    train = np.vstack([starts[:1], rng.integers(0, 4, size=(3, length)).astype(np.uint8)])
    space = Space(rules, starts, ("a", "b"), np.full(starts.shape, 15, dtype=np.uint8), train)
    codes = starts.copy()
    codes[:, rng.integers(length, size=4)] = rng.integers(4, size=4)
    origins = np.arange(2)
    texts, own, others = decode(codes), decode(starts), decode(train)
    expected = [count_by_hand(rules, *pair, others) for pair in zip(texts, own, strict=True)]
    assert space.violations(codes, origins).tolist() == expected
    after = space.change_violations(codes, origins)
    for row, text in enumerate(texts):
        for place in range(length):
            for base, letter in enumerate("ACGT"):
                if text[place] == letter:
                    assert after[row, base, place] >= FORBIDDEN
                    continue
                changed = text[:place] + letter + text[place + 1 :]
                assert after[row, base, place] == sum(
                    count_by_hand(rules, changed, own[row], others)
                )


@settings(max_examples=30)
@given(rules=rules(), seed=st.integers(0, 10_000))
def test_repairs_touch_only_what_is_free_and_never_make_it_worse(rules, seed):
    from seqexpr.design.space import Space

    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 4, size=(4, 20)).astype(np.uint8)
    allowed = np.where(rng.random(starts.shape) < 0.3, 1 << starts, 15).astype(np.uint8)
    space = Space(rules, starts, tuple("abcd"), allowed)
    origins = np.arange(4)
    before = space.violations(starts, origins).sum(axis=1)
    repaired = space.repair(starts, origins, rng=rng)
    assert space.is_permitted(repaired, origins).all()
    good = before == 0
    assert (repaired[good] == starts[good]).all()
    left = space.violations(repaired, origins).sum(axis=1)
    assert (left[before > 0] <= before[before > 0] + 1).all()


def test_a_sequence_that_can_be_repaired_is(tools):
    space = tools.space_of(Constraints(forbidden=("EcoRI", "BsaI"), max_homopolymer=3), starts=[
        "ACGTGAATTCAAAAAAGGTCTCACGT"
    ])  # fmt: skip
    origins = np.zeros(1, dtype=np.int64)
    assert space.violations(space.starts, origins)[0, :2].tolist() == [2, 3]
    repaired = space.repair(space.starts, origins, rng=np.random.default_rng(0))
    assert not space.violations(repaired, origins).any()
    assert (repaired != space.starts).sum() <= 6


@pytest.mark.parametrize(
    ("other", "expected"), [("ACGT", 0), ("ACGA", 1), ("ACG", 1), ("TACGT", 5)]
)
def test_distances_of_other_lengths_count_what_one_has_more(other, expected):
    rows = [encode([text]).codes[None] for text in ("ACGT", other)]
    assert nearest_distances(*rows).tolist() == [expected]
    assert nearest_distances(*rows, wanted=1).tolist() == [min(expected, 1)]
