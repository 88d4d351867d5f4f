from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.models.nets.encoding import PADDING, code_matrix
from seqexpr.models.training.augment import (
    augment,
    delete,
    insert,
    invert,
    mutate,
    reverse_complement_codes,
)
from seqexpr.models.training.settings import Augmentation
from seqexpr.sequences import BASES, reverse_complement

DNA = st.lists(st.text("ACGTN", max_size=24), min_size=1, max_size=5)
LETTERS = np.array([*BASES, "N", ""])


def encoded(sequences):
    return torch.from_numpy(code_matrix(sequences))


def decoded(codes):
    return ["".join(row) for row in LETTERS[codes.numpy()]]


def generator(seed):
    return torch.Generator().manual_seed(seed)


@given(DNA)
def test_the_other_strand_is_the_reverse_complement(sequences):
    found = decoded(reverse_complement_codes(encoded(sequences)))
    assert found == [reverse_complement(s) for s in sequences]
    some = torch.arange(len(sequences)) % 2 == 0
    found = decoded(reverse_complement_codes(encoded(sequences), some))
    assert found == [reverse_complement(s) if k % 2 == 0 else s for k, s in enumerate(sequences)]


@given(DNA, st.integers(1, 8), st.integers(0, 99))
def test_nothing_changes_a_length(sequences, longest, seed):
    codes = encoded(sequences)
    for change in (delete, insert, invert):
        changed = change(codes, longest, generator=generator(seed))
        assert changed.dtype == codes.dtype
        assert ((changed == PADDING) == (codes == PADDING)).all()
    changed = mutate(codes, 0.5, generator=generator(seed))
    assert ((changed == PADDING) == (codes == PADDING)).all()


@given(st.text("ACGT", min_size=1, max_size=24), st.integers(1, 8), st.integers(0, 99))
def test_a_deletion_joins_what_is_left(sequence, longest, seed):
    found = decoded(delete(encoded([sequence]), longest, generator=generator(seed)))[0]
    n = len(sequence)
    ways = {
        sequence[:start] + sequence[start + size :]
        for size in range(min(longest, n) + 1)
        for start in range(n - size + 1)
    }
    assert any(found.startswith(way) for way in ways)


@given(st.text("ACGT", min_size=1, max_size=24), st.integers(1, 8), st.integers(0, 99))
def test_an_insertion_moves_what_follows(sequence, longest, seed):
    found = decoded(insert(encoded([sequence]), longest, generator=generator(seed)))[0]
    n = len(sequence)
    assert any(
        found[:start] == sequence[:start] and found[start + size :] == sequence[start : n - size]
        for size in range(min(longest, n) + 1)
        for start in range(n - size + 1)
    )


@given(st.text("ACGTN", min_size=1, max_size=24), st.integers(1, 8), st.integers(0, 99))
def test_an_inversion_turns_a_stretch(sequence, longest, seed):
    found = decoded(invert(encoded([sequence]), longest, generator=generator(seed)))[0]
    n = len(sequence)
    ways = {
        sequence[:start]
        + reverse_complement(sequence[start : start + size])
        + sequence[start + size :]
        for size in range(min(longest, n) + 1)
        for start in range(n - size + 1)
    }
    assert found in ways


def test_as_many_bases_change_as_was_asked_and_all_become_others():
    codes = torch.randint(0, 4, (200, 100), dtype=torch.uint8, generator=generator(0))
    changed = mutate(codes, 0.1, generator=generator(1))
    hit = changed != codes
    assert float(hit.float().mean()) == pytest.approx(0.1, abs=0.005)
    step = ((changed.int() - codes.int()) % 4)[hit]
    shares = torch.bincount(step, minlength=4)[1:] / len(step)
    assert float((shares - 1 / 3).abs().max()) < 0.03
    assert (mutate(codes, 0.0, generator=generator(1)) == codes).all()


def test_a_shift_moves_the_window_over_the_construct():
    construct = "AC" + "GGGTTTCCC" + "GT"
    found = {
        decoded(augment(encoded([construct]), Augmentation(shift=2), generator=generator(k)))[0]
        for k in range(60)
    }
    assert found == {construct[k : k + 9] for k in range(5)}


def test_shifted_windows_of_shorter_constructs_are_shorter():
    rows = ["AC" + "GGGTTTCCC" + "GT", "AC" + "TTT" + "GT"]
    found = decoded(augment(encoded(rows), Augmentation(shift=2), generator=generator(3)))
    assert [len(row) for row in found] == [9, 3]
    assert found[1] in {rows[1][k : k + 3] for k in range(5)}


def test_the_second_stage_leaves_all_but_strands_and_shift():
    settings = Augmentation(mutations=1.0, insertion=3, deletion=3, inversion=3, strands="augment")
    rows = ["ACGTTGCATG"] * 40
    found = decoded(augment(encoded(rows), settings, generator=generator(0), finetune=True))
    assert set(found) == {rows[0], reverse_complement(rows[0])}
    first = decoded(augment(encoded(rows), settings, generator=generator(0)))
    assert len(set(first)) > 30
