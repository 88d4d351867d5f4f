from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from seqexpr.search.blocks import BLOCKS, NONE, Library
from seqexpr.search.learners import LEARNERS, SETS

CHOICES = sorted(
    {
        (block, "ecoli" if choice == SETS else choice)
        for learner in LEARNERS.values()
        for block, choices in learner.blocks.items()
        for choice in choices
        if choice != NONE
    }
)


def dense(X):
    return X.toarray() if sparse.issparse(X) else np.asarray(X)


@pytest.mark.parametrize(("name", "choice"), CHOICES)
def test_every_choice_of_every_block_builds_a_featurizer(name, choice, simulated):
    sequences, targets = simulated[0][:30], simulated[1][:30]
    block, library = BLOCKS[name], Library.of(sequences)
    title = block.title(choice)
    assert title
    assert title[0] == title[0].strip().lower() or title[0].isdigit()
    for both in (False, True):
        featurizer = block.build(choice, library, both, 1)
        given = targets[:20, 0] if block.learns else None
        X = dense(featurizer.fit(sequences[:20], given).transform(sequences))
        assert X.shape[0] == 30
        assert X.shape[1] >= 1
        assert X.dtype == np.float32
        assert np.isfinite(X).all()
        if not block.learns:  # then folds may share what was fitted on all train rows
            again = dense(block.build(choice, library, both, 1).fit(sequences).transform(sequences))
            np.testing.assert_array_equal(X, again)


def test_every_block_is_a_choice_of_some_learner():
    assert {name for name, _ in CHOICES} <= set(BLOCKS)
    assert all(name == block.name for name, block in BLOCKS.items())


def test_blocks_by_position_are_those_that_move_with_the_sequence(simulated):
    """A shift of all bases changes only the features that say where a base is."""
    sequences = [s + "ACGTACGTTGCA" for s in simulated[0][:15]]
    moved = [s[7:] + s[:7] for s in sequences]
    library = Library.of(sequences)
    for name in ("onehot", "positional"):
        assert BLOCKS[name].by_position
        choice = next(c for n, c in CHOICES if n == name)
        featurizer = BLOCKS[name].build(choice, library, False, 1).fit(sequences)
        assert not np.array_equal(
            dense(featurizer.transform(sequences)), dense(featurizer.transform(moved))
        )


@pytest.mark.parametrize(
    ("sequences", "expected"),
    [
        (["ACGT"] * 5, Library(5, 4, aligned=True)),
        (["ACGT", "AC"], Library(2, 4, aligned=False)),
        ([], Library(0, 1, aligned=False)),
        ([""], Library(1, 1, aligned=True)),
    ],
)
def test_a_library_is_described_by_its_sequences(sequences, expected):
    found = Library.of(sequences)
    assert (found.n_rows, found.length) == (expected.n_rows, expected.length)
    if len(sequences) > 1:
        assert found.aligned == expected.aligned
