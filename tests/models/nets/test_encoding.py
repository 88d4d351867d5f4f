from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.models.nets.encoding import PADDING, code_matrix, mask_of, one_hot

DNA = st.text("ACGTNacgtuRY", max_size=20)


@given(st.lists(DNA, min_size=1, max_size=6))
def test_the_code_is_that_of_each_base_and_nothing_beyond_the_end(sequences):
    codes = torch.from_numpy(code_matrix(sequences))
    hot, mask = one_hot(codes), mask_of(codes)
    assert hot.shape == (len(sequences), 4, max(1, *map(len, sequences)))
    for row, sequence in enumerate(sequences):
        for place in range(hot.shape[2]):
            letter = sequence[place].upper().replace("U", "T") if place < len(sequence) else ""
            wanted = [float(letter == base) for base in "ACGT"]
            assert hot[row, :, place].tolist() == wanted
            seen = 1.0 if mask is None else float(mask[row, 0, place])
            assert seen == float(place < len(sequence))


def test_a_wider_matrix_is_padded():
    assert code_matrix(["AC"], length=4).tolist() == [[0, 1, PADDING, PADDING]]
    assert code_matrix([]).shape == (0, 1)
    assert code_matrix(["", ""]).tolist() == [[PADDING], [PADDING]]


def test_equal_lengths_need_no_mask():
    assert mask_of(torch.tensor([[0, 4]], dtype=torch.uint8)) is None
