"""Windows of a genome with variants in them, beside an oracle that edits the whole genome."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.errors import InputError
from seqexpr.sequences import reverse_complement
from seqexpr.variants.windows import Allele, Window, centred_window, cut_out, trimmed

PAD = 40  # what lies beyond the ends of the chromosome, as N


def reader(genome):
    padded = "N" * PAD + genome + "N" * PAD
    return lambda _, start, end: padded[start + PAD : end + PAD]


def by_brute_force(genome, window, alleles, keep):
    """Edit the chromosome as a whole, following where the window's ends come to lie."""
    padded = "N" * PAD + genome + "N" * PAD
    start, end = window.start + PAD, window.end + PAD
    for allele in sorted(alleles, key=lambda a: -a.start):
        low, high = allele.start + PAD, allele.end + PAD
        padded = padded[:low] + allele.alternative + padded[high:]
        end += len(allele.alternative) - (high - low)
    excess = (end - start) - len(window)
    at_start = {"centre": excess // 2, "start": 0, "end": excess}[keep]
    if window.strand == "-" and keep != "centre":
        at_start = excess - at_start
    found = padded[start + at_start : end - (excess - at_start)]
    return reverse_complement(found) if window.strand == "-" else found


@st.composite
def _cases(draw):
    genome = draw(st.text("ACGT", min_size=1, max_size=40))
    start = draw(st.integers(-6, len(genome) - 1))
    end = draw(st.integers(max(start, 0) + 1, len(genome) + 6))
    window = Window("1", start, end, draw(st.sampled_from("+-")))
    low, high = max(start, 0), min(end, len(genome))
    cuts = sorted(draw(st.sets(st.integers(low, high), max_size=6)))
    alleles = []
    for s, e in zip(cuts[::2], cuts[1::2], strict=False):
        # Two that touch would not be in the order that the oracle needs if one were an insertion.
        alternative = draw(st.text("ACGT", max_size=min(5, len(window))))
        alleles.append(Allele("1", s, e, alternative))
    return genome, window, alleles, draw(st.sampled_from(["centre", "start", "end"]))


@given(_cases())
def test_a_window_with_variants_is_that_of_the_edited_genome(case):
    genome, window, alleles, keep = case
    found = cut_out(window, alleles, fetch=reader(genome), keep=keep)
    assert len(found) == len(window)
    assert found == by_brute_force(genome, window, alleles, keep)


@given(st.text("ACGT", min_size=5, max_size=30), st.data())
def test_insertions_too(genome, data):
    place = data.draw(st.integers(1, len(genome) - 1))
    allele = Allele("1", place, place, data.draw(st.text("ACGT", min_size=1, max_size=5)))
    window = Window("1", 0, len(genome), data.draw(st.sampled_from("+-")))
    for keep in ("centre", "start", "end"):
        found = cut_out(window, [allele], fetch=reader(genome), keep=keep)
        assert found == by_brute_force(genome, window, [allele], keep)


@given(st.integers(1, 12), st.integers(0, 6), st.integers(0, 6), st.integers(0, 30))
def test_both_alleles_stand_in_the_middle(length, n_gone, n_new, start):
    # Letters of their own tell where the allele comes to lie.
    genome = "A" * 60
    allele = Allele("1", start + 10, start + 10 + n_gone, "C" * n_new)
    window = centred_window(allele, length)
    assert len(window) == length
    if not window.holds(allele) or n_new > length:
        return
    before = allele.start - window.start
    after = window.end - allele.end
    assert abs(before - after) <= 1
    found = cut_out(window, [allele], fetch=reader(genome))
    if n_new:
        left, right = found.index("C"), len(found) - found.rindex("C") - 1
        assert abs(left - right) <= 2


@given(
    st.text("ACGT", max_size=6), st.text("ACGT", max_size=5), st.text("ACGT", max_size=5),
    st.text("ACGT", max_size=6),
)  # fmt: skip
def test_trimming_leaves_the_change_as_it_is_and_nothing_in_common(before, ref, alt, after):
    genome = "GATTACA" + before + ref + after + "TTAGC"
    start, end, new = trimmed(7, before + ref + after, before + alt + after)
    assert genome[:start] + new + genome[end:] == "GATTACA" + before + alt + after + "TTAGC"
    old = genome[start:end]
    assert not (old and new) or (old[0] != new[0] and old[-1] != new[-1])


def test_chromosome_ends_are_filled_with_unknown_bases():
    assert cut_out(centred_window(Allele("1", 0, 1, "T"), 5), fetch=reader("ACGT")) == "NNACG"
    window = centred_window(Allele("1", 3, 4, "A"), 5)
    assert cut_out(window, [Allele("1", 3, 4, "A")], fetch=reader("ACGT")) == "CGANN"


@pytest.mark.parametrize(
    ("allele", "message"),
    [
        (Allele("1", 1, 3, ""), "crosses the edge"),
        (Allele("1", 9, 11, ""), "crosses the edge"),
        (Allele("1", 2, 2, "A"), "crosses the edge"),
        (Allele("1", 10, 10, "A"), "crosses the edge"),
        (Allele("1", 4, 4, "A" * 9), "an insertion of 9 bases is longer than the window"),
    ],
)
def test_what_cannot_be_shown_is_told(allele, message):
    with pytest.raises(InputError, match=message):
        cut_out(Window("1", 2, 10), [allele], fetch=reader("ACGT" * 5))


def test_variants_that_overlap_are_told():
    pair = [Allele("1", 3, 6, ""), Allele("1", 5, 6, "A")]
    with pytest.raises(InputError, match="change the same place"):
        cut_out(Window("1", 0, 20), pair, fetch=reader("ACGT" * 5))


def test_windows_have_names_to_show():
    assert str(Window("chr1", 9, 20, "-")) == "chr1:10-20(-)"
    assert str(Window("chr1", 9, 20, name="lacZ")) == "lacZ"
