"""What was changed, and what each change is worth by the model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seqexpr.design.objective import Judge
from seqexpr.sequences import BASES

__all__ = ["changes_in_words", "name_changes", "worth_of_changes"]

Codes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

MOST_NAMED = 5


def name_changes(start: Codes, design: Codes) -> list[str]:
    """Return the bases that differ, as A12T, counted from 1.

    Examples
    --------
    >>> name_changes(np.array([0, 1, 2]), np.array([0, 3, 0]))
    ['C2T', 'G3A']
    """
    return [
        f"{BASES[start[place]]}{place + 1}{BASES[design[place]]}"
        for place in np.flatnonzero(start != design).tolist()
    ]


def worth_of_changes(judge: Judge, sequences: list[str], starts: Codes, designs: Codes) -> Floats:
    """Return what each design would lose if one base were put back to that of its start.

    Parameters
    ----------
    judge : Judge
        Model and objective; to separate, the difference of the two is meant.
    sequences : list of str, length n
        The designs.
    starts, designs : ndarray of uint8, shape (n, length)
        Base codes.

    Returns
    -------
    ndarray of float64, shape (n, length)
        In units of the prediction; 0 where nothing changed. Changes that work
        together each count what they do beside the others, so these need not add
        up to the whole difference.
    """
    if not sequences:
        return np.zeros(designs.shape)
    n, length = designs.shape
    effects = judge.effects(sequences)
    rows, places = np.arange(n)[:, None], np.arange(length)
    back = effects[rows, starts, places]  # n, length, views
    return -judge.objective.reach(back.reshape(n * length, -1)).reshape(n, length)


def changes_in_words(names: Sequence[str], worth: Floats) -> str:
    """Name the changes that matter most, with what they are worth.

    Examples
    --------
    >>> changes_in_words(["C2T", "G3A"], np.array([0.1, -0.42]))
    'G3A -0.42; C2T +0.10'
    """
    order = np.argsort(-np.abs(worth), kind="stable")[:MOST_NAMED]
    return "; ".join(f"{names[i]} {worth[i]:+.2f}" for i in order.tolist())
